"""The accounts of a backtest: their settings as the daemon reads them, with what the command line changes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.credentials import discover
from accounts.identity import MASTER, AccountId, short_name
from accounts.market_names import EXPECTED, right_spelling
from accounts.settings import load_settings, with_overrides
from brokers.exchanges import described, exchange_named, exchanges
from brokers.figures import money, percent
from brokers.model import Fees
from nija.backtest.records import BacktestAccount
from nija.cli.option_values import OptionError, by_account, read_fraction, read_money, read_settings
from nija.cli.own_journals import read_journals
from nija.journal.errors import JournalError
from nija.performance.equity import equity_series
from nija.strategy.registry import STRATEGY_TABLES
from nija.trader.plan import trading_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.setting_tables import AccountSettings
    from accounts.settings import Settings
    from brokers.model import Exchange
    from nija.cli.context import CliContext
    from nija.journal.journal import Journal
    from nija.journal.records import EquityPoint
    from nija.trader.plan import TradingPlan

DEFAULT_CASH = Decimal(1000)
_SET = "--set"
_TABLES = ("trading.", "risk.")


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """What the command line says of accounts; `markets` in the order given, `cash` and `fee` as they were written."""

    markets: tuple[str, ...] = ()
    exchange: str | None = None
    strategy: str | None = None
    timeframe: str | None = None
    settings: tuple[str, ...] = ()
    cash: tuple[str, ...] = ()
    fee: tuple[str, ...] = ()
    all_accounts: bool = False


@dataclass(frozen=True, slots=True)
class ChosenAccounts:
    """`notes` say what was assumed because nobody said it."""

    accounts: tuple[BacktestAccount, ...]
    notes: tuple[str, ...]


def chosen_accounts(context: CliContext, options: AccountOptions) -> ChosenAccounts:
    """Raises SettingsError, StrategyError and OptionError."""
    settings = load_settings(context.settings.config, STRATEGY_TABLES)
    chosen: tuple[AccountId, ...]
    if not options.all_accounts:
        exchange = exchanges()[0] if options.exchange is None else _exchange(options.exchange)
        chosen = (AccountId(exchange, MASTER),)
        left_out: tuple[str, ...] = ()
    else:
        chosen, left_out = _all_accounts(context, settings, options)
    plans = {account: _plan(settings.for_account(account), options) for account in chosen}
    names = [str(account) for account in chosen]
    cash = by_account("--cash", options.cash, names)
    fees = by_account("--fee", options.fee, names)
    known = _known_equity(context) if options.all_accounts and None not in cash else {}
    notes = list(left_out)
    accounts = []
    for account, plan in plans.items():
        start, cash_note = _cash(account, plan, cash, known)
        fee, fee_note = _fees(account, fees)
        notes += [note for note in (cash_note, fee_note) if note]
        accounts.append(BacktestAccount(str(account), plan, fee, start))
    return ChosenAccounts(tuple(accounts), tuple(dict.fromkeys(notes)))


def _all_accounts(
    context: CliContext, settings: Settings, options: AccountOptions
) -> tuple[tuple[AccountId, ...], tuple[str, ...]]:
    """Those with credentials or a table in nija.toml, and a note for each that is switched off."""
    traded = (found.account for found in discover(context.environment.values).credentials)
    known = sorted({*traded, *settings.accounts})
    if options.exchange is not None:
        exchange = _exchange(options.exchange)
        known = [account for account in known if account.exchange == exchange]
    on = tuple(account for account in known if settings.for_account(account).enabled)
    if not on:
        raise OptionError(
            "--accounts: no account has credentials or a table in nija.toml; without --accounts one account is tested"
        )
    return on, tuple(f"{account} is switched off and left out" for account in known if account not in on)


def _plan(settings: AccountSettings, options: AccountOptions) -> TradingPlan:
    overrides: dict[str, object] = {}
    if options.strategy is not None:
        overrides["strategy"] = options.strategy
    strategy = str(overrides.get("strategy", settings.trading.strategy))
    for key, value in read_settings(_SET, options.settings).items():
        overrides[_flat(key, strategy)] = value
    if options.timeframe is not None:
        overrides["timeframe"] = options.timeframe
    if options.markets:
        overrides["markets"] = tuple(_market(name) for name in options.markets)
    if overrides:
        settings = with_overrides(settings, overrides, STRATEGY_TABLES, "options")
    plan = trading_plan(settings)
    quotes = {market.partition("/")[2] for market in settings.markets}
    if not settings.markets:
        raise OptionError(f"{settings.account} has no market that is not disabled: name one, or correct nija.toml")
    if len(quotes) > 1:
        raise OptionError(
            f"{settings.account} counts in one currency, but {', '.join(settings.markets)} have {len(quotes)}:"
            " name markets of one currency"
        )
    return plan


def _exchange(name: str) -> Exchange:
    try:
        return exchange_named(name)
    except ValueError as error:
        raise OptionError(f"--exchange: {error}") from error


def _market(name: str) -> str:
    found = right_spelling(name)
    if found is None:
        raise OptionError(f"{name}: expected {EXPECTED}")
    return found


def _flat(key: str, strategy: str) -> str:
    """The key as in an account's table: without the name of its own table."""
    for table in (*_TABLES, f"strategy.{strategy}."):
        if key.startswith(table):
            return key.removeprefix(table)
    return key


def _cash(
    account: AccountId, plan: TradingPlan, given: Mapping[str | None, str], known: Mapping[str, EquityPoint]
) -> tuple[Decimal, str]:
    name = str(account)
    text = given.get(name, given.get(None))
    if text is not None:
        return read_money("--cash", text), ""
    last = known.get(name)
    if last is not None and last.currency == plan.quote and last.equity > 0:
        shown = money(last.equity, plan.quote)
        return last.equity, f"{name} starts with {shown}, its equity of {last.time:%Y-%m-%d} in its journal"
    assumed = money(DEFAULT_CASH, plan.quote)
    return DEFAULT_CASH, f"{name} starts with {assumed}: --cash changes that"


def _fees(account: AccountId, given: Mapping[str | None, str]) -> tuple[Fees, str]:
    text = given.get(str(account), given.get(None))
    if text is not None:
        fee = read_fraction("--fee", text)
        return Fees(maker=fee, taker=fee), ""
    fees = described(account.exchange).entry_fees
    return fees, f"{short_name(account.exchange)} fee: {percent(fees.taker)} a side, its highest: --fee changes that"


def _known_equity(context: CliContext) -> dict[str, EquityPoint]:
    """The last equity in each journal that can be read."""
    try:
        found = read_journals(context, None, _last_equity).found
    except (JournalError, OSError, ValueError):
        return {}
    return {name: point for name, point in found if point is not None}


def _last_equity(journal: Journal) -> tuple[str, EquityPoint | None]:
    points = equity_series(journal)
    return str(journal.account), points[-1] if points else None
