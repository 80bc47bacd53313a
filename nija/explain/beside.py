"""An account's own settings replayed from its start on, beside what its journal says really happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.backtest.engine import BacktestError, backtest
from nija.backtest.records import BacktestAccount, MarketHistory
from nija.explain.account_past import account_past
from nija.explain.comparison import compare
from nija.explain.live_trades import live_trades
from nija.explain.times import written
from nija.performance.equity import equity_series, returns
from nija.strategy.base import StrategyError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from brokers.model import Candles, Fees, Market
    from nija.explain.account_past import AccountPast
    from nija.explain.comparison import ComparedTrade
    from nija.explain.live_trades import MarketClock
    from nija.journal.journal import Journal
    from nija.trader.plan import TradingPlan


@dataclass(frozen=True, slots=True)
class TradedAccount:
    """How an account trades now. `has_own_fees`: they are its own, not those of the exchange's lowest tier."""

    plan: TradingPlan
    fees: Fees
    has_own_fees: bool
    markets: Mapping[str, Market]


@dataclass(frozen=True, slots=True)
class Beside:
    """The comparison from `start` to `end` (Unix seconds of the market's time), the end of the last candle.

    Returns are fractions: of the account by its journal (None if unknown), and of the backtest. `notes` say what limits
    the comparison.
    """

    start: float
    end: float
    trades: tuple[ComparedTrade, ...]
    live_return: Decimal | None
    tested_return: Decimal
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotCompared:
    """There is nothing to compare; `reason` is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Replay:
    account: TradedAccount
    histories: Mapping[str, MarketHistory]
    past: AccountPast
    since: int


def beside(
    journal: Journal,
    account: TradedAccount,
    candles: Mapping[str, Candles],
    market_clock: MarketClock,
    *,
    is_replay: bool = False,
) -> Beside | NotCompared:
    """`candles` are by market. `is_replay`: market time runs faster than the clock. Raises JournalError."""
    plan = account.plan
    past = account_past(journal, plan.timeframe, market_clock, is_replay=is_replay)
    if past.started is None:
        return NotCompared("The comparison begins once NIJA has valued this account for the first time.")
    histories = {
        symbol: MarketHistory(account.markets[symbol], known)
        for symbol, known in candles.items()
        if symbol in account.markets and len(known)
    }
    missing = [symbol for symbol in plan.settings.markets if symbol not in histories]
    if missing:
        return NotCompared(f"There are no candles of {', '.join(missing)} yet.")
    step = plan.timeframe.seconds
    first = max(int(one.candles.time[0]) for one in histories.values())
    # The candle whose signal the account could act on when it began: its order fills in the next one.
    since = max(first, int(past.started // step) * step - step)
    end = min(int(one.candles.time[-1]) for one in histories.values()) + step
    if end <= since + step:
        return NotCompared(f"No {plan.timeframe} candle has closed since this account began.")
    replay = _Replay(account, histories, past, since)
    try:
        return _compared(replay, journal, market_clock, end)
    except (BacktestError, StrategyError) as error:
        return NotCompared(f"The backtest cannot run: {error}.")
    except Exception as error:  # noqa: BLE001 - a strategy may be a user's own
        return NotCompared(
            f"The strategy {plan.strategy_name} fails on these candles: {type(error).__name__}: {error}."
        )


def _compared(replay: _Replay, journal: Journal, market_clock: MarketClock, end: float) -> Beside:
    account, past = replay.account, replay.past
    tested = BacktestAccount(str(journal.account), account.plan, account.fees, past.equity[0][1])
    (result,) = backtest([tested], replay.histories, start=replay.since)
    measured = returns(equity_series(journal))
    return Beside(
        start=max(past.started or 0.0, float(replay.since)),
        end=end,
        trades=compare(result, live_trades(journal, market_clock), past),
        live_return=None if measured is None or _is_cut(replay) else measured.rate,
        tested_return=result.total_return,
        notes=tuple(_notes(replay)),
    )


def _is_cut(replay: _Replay) -> bool:
    """Whether the candles begin after the account."""
    step = replay.account.plan.timeframe.seconds
    return replay.past.started is not None and replay.since > replay.past.started // step * step - step


def _notes(replay: _Replay) -> list[str]:
    account, notes = replay.account, []
    plan = account.plan
    if not account.has_own_fees:
        notes.append("The backtest pays the highest fees of this exchange: this account's own are not read yet.")
    if _is_cut(replay):
        notes.append(f"The candles that are held begin {written(replay.since)} UTC: what was before is not compared.")
    for symbol, history in replay.histories.items():
        before = int((history.candles.time < replay.since).sum())
        if before < plan.strategy.warmup:
            notes.append(
                f"{symbol}: the strategy needs {plan.strategy.warmup} candles before its first signal, and {before}"
                " are held from before the start."
            )
    return notes
