"""What `nija backtest` runs: accounts and candles by the options, the backtests, and what they show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nija.analysis.analysis import analyse
from nija.analysis.cautions import day
from nija.analysis.lateness import one_candle_late
from nija.analysis.looked_at import looked_at_until, variants_looked_at
from nija.backtest.engine import backtest, evaluate
from nija.candles.store import CandleStore
from nija.cli.backtest_accounts import chosen_accounts
from nija.cli.backtest_candles import FileSource, Minimums, StoreSource, read_histories
from nija.cli.context import read_context
from nija.cli.option_values import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from decimal import Decimal
    from pathlib import Path

    from nija.analysis.analysis import Analysis, Questions
    from nija.backtest.assumptions import Assumptions
    from nija.backtest.records import BacktestAccount, MarketHistory
    from nija.cli.backtest_accounts import AccountOptions
    from nija.cli.backtest_candles import CandleSource


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says of the run itself. Times are Unix seconds."""

    candles: tuple[Path, ...]
    min_order: Decimal | None
    since: int | None
    until: int | None
    assumptions: Assumptions
    split: int | None
    variants: int | None
    questions: Questions


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts of one exchange and one timeframe, which have the same candles."""

    accounts: tuple[BacktestAccount, ...]
    histories: dict[str, MarketHistory]


@dataclass(frozen=True, slots=True)
class Prepared:
    """`notes` say what was assumed, `order` are the names of the accounts as they are shown."""

    groups: tuple[Group, ...]
    notes: tuple[str, ...]
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    analyses: tuple[Analysis, ...]
    notes: tuple[str, ...]


def prepared_run(account_options: AccountOptions, options: RunOptions, tell: Callable[[str], None]) -> Prepared:
    """Raises every error that options, settings and candles can cause."""

    def reading(market: str) -> None:
        tell(f"Reading candles of {market}")

    context = read_context()
    told: tuple[str, ...] = ()
    with CandleStore(context.settings.candle_store) as store:
        source: CandleSource = StoreSource(store, context.settings.addresses, reading)
        if options.candles:
            files = FileSource.of(options.candles, reading)
            source = files
            if not account_options.markets and all(path.is_file() for path in options.candles):
                account_options = replace(account_options, markets=files.markets)
                told = (f"Markets: {', '.join(files.markets)}, those of the files: name markets to trade others",)
        chosen = chosen_accounts(context, account_options)
        groups, notes = _groups(chosen.accounts, source, Minimums(store, options.min_order))
    return Prepared(tuple(groups), (*chosen.notes, *told, *notes), tuple(account.name for account in chosen.accounts))


def outcome_of(prepared: Prepared, options: RunOptions, tell: Callable[[str], None]) -> Outcome:
    analyses = [analysis for group in prepared.groups for analysis in _analyses(group, options, tell)]
    analyses.sort(key=lambda one: prepared.order.index(one.result.account.name))
    return Outcome(tuple(analyses), prepared.notes)


def _groups(
    accounts: Sequence[BacktestAccount], source: CandleSource, minimums: Minimums
) -> tuple[list[Group], list[str]]:
    together: dict[tuple[object, object], list[BacktestAccount]] = {}
    for account in accounts:
        key = (account.plan.settings.account.exchange, account.plan.timeframe)
        together.setdefault(key, []).append(account)
    groups: list[Group] = []
    notes: list[str] = []
    for members in together.values():
        plan = members[0].plan
        markets = dict.fromkeys(market for account in members for market in account.plan.settings.markets)
        histories, found = read_histories(source, minimums, plan.settings.account.exchange, plan.timeframe, markets)
        groups.append(Group(tuple(members), histories))
        notes += found
    return groups, notes


def _analyses(group: Group, options: RunOptions, tell: Callable[[str], None]) -> Iterator[Analysis]:
    tell(f"Trading {', '.join(group.histories)}")
    _check_span(group.histories, options)
    table = evaluate(group.accounts, group.histories)
    results, late = (
        backtest(
            group.accounts,
            group.histories,
            start=options.since,
            end=options.until,
            assumptions=options.assumptions,
            signals=signals,
        )
        for signals in (table, one_candle_late(table))
    )
    tell("Comparing with random entries")
    for result, delayed in zip(results, late, strict=True):
        name = result.account.plan.strategy_name
        split = options.split or looked_at_until(name)
        # A choice cannot have been lucky on candles that nobody looked at when it was made.
        untouched = split is not None and result.start >= split
        variants = options.variants or (None if untouched else variants_looked_at(name)) or 1
        yield analyse(result, table, replace(options.questions, split=split, variants=variants), delayed)


def _check_span(histories: Mapping[str, MarketHistory], options: RunOptions) -> None:
    """Raises OptionError if --from and --to are in the wrong order, or outside of the candles."""
    first = min(int(history.candles.time[0]) for history in histories.values())
    last = max(int(history.candles.time[-1]) for history in histories.values())
    if options.since is not None and options.until is not None and options.since > options.until:
        raise OptionError(f"--from {day(options.since)} must not lie after --to {day(options.until)}")
    since = first if options.since is None else options.since
    until = last if options.until is None else options.until
    if since > last or until < first:
        raise OptionError(f"--from, --to: the candles are from {day(first)} to {day(last)}")
