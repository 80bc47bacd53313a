"""`nija explain`: what an account's timeframe, fees and size mean for it, and what it would do now."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from accounts.identity import AccountId
from accounts.setting_faults import SettingsError
from accounts.settings import load_settings
from accounts.suggest import did_you_mean
from brokers.candle_files import CandleError
from brokers.model import Fees
from nija.analysis.expectations import EXPECTATIONS, PLAN_FOR
from nija.backtest.engine import BacktestError
from nija.candles.store import CandleStore, origin
from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.cli.explain_text import explanation_lines
from nija.control.client import ask
from nija.control.values import from_plain, to_plain
from nija.control.wire import ControlError
from nija.explain.account_now import AccountNow
from nija.explain.explanation import Explanation, explanation
from nija.explain.own_past import StoredMarkets, own_past
from nija.status.render import console_for, width_of
from nija.strategy.base import StrategyError
from nija.strategy.registry import STRATEGY_TABLES
from nija.trader.plan import trading_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.environment import ProcessSettings
    from accounts.settings import Settings
    from brokers.model import Exchange
    from nija.cli.context import CliContext
    from nija.explain.past import PastFigures
    from nija.trader.plan import TradingPlan

_PLAIN_WIDTH = 80
# The daemon may have to replay a year of candles for each account, beside its trading.
_PATIENCE = 120.0


def explain(
    account: Annotated[
        str | None, typer.Argument(metavar="ACCOUNT", help="For example kraken:master; default: all.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Explain what an account would have made, how large it should be, and what it would buy now or why not.

    Asks the running NIJA or, if none runs, the exchange. Without credentials it explains the default settings.
    Places no orders. Exit code: 0 explained, 2 it cannot be.
    """
    try:
        context = read_context()
        settings = load_settings(context.settings.config, STRATEGY_TABLES)
        accounts = _chosen(account, _running(context) or _asked(context, settings))
        found = tuple(_explained(one, settings, context.settings) for one in accounts)
    except (SetupFault, SettingsError, StrategyError, ControlError, ValueError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    sys.stdout.write(_json(found) if as_json else _text(found))


def _running(context: CliContext) -> tuple[AccountNow, ...]:
    """What the running daemon answers; nothing if none runs. Raises ControlError."""
    answer = ask(context.settings.data_dir, "explain", timeout=_PATIENCE)
    accounts = () if answer is None else answer.get("accounts")
    try:
        return tuple(from_plain(AccountNow, one) for one in accounts) if isinstance(accounts, list) else ()
    except ValueError as error:
        raise ControlError("the running NIJA has another version: restart it after an update") from error


def _asked(context: CliContext, settings: Settings) -> tuple[AccountNow, ...]:
    # It loads the exchanges' clients, which is slow and unnecessary while a daemon answers.
    ask_exchanges: Callable[..., tuple[AccountNow, ...]] = import_module("nija.cli.explain_direct").ask_exchanges
    return ask_exchanges(context, settings)


def _chosen(name: str | None, accounts: tuple[AccountNow, ...]) -> tuple[AccountNow, ...]:
    """All for None. Raises ValueError that lists the accounts."""
    mine = tuple(one for one in accounts if name in (None, one.id))
    if not mine:
        names = [one.id for one in accounts]
        raise ValueError(f"NIJA has no account {name}; it has: {', '.join(names)}.{did_you_mean(str(name), names)}")
    return mine


def _explained(now: AccountNow, settings: Settings, process: ProcessSettings) -> Explanation:
    account = AccountId.parse(now.id)
    plan = trading_plan(settings.for_account(account))
    return explanation(now, plan, _own_past(now, plan, account.exchange, process))


def _own_past(now: AccountNow, plan: TradingPlan, exchange: Exchange, process: ProcessSettings) -> PastFigures | None:
    path = process.candle_store
    if not path.exists():
        return None
    try:
        with CandleStore(path) as store:
            stored = StoredMarkets(store, origin(exchange, process.addresses[exchange]))
            return own_past(stored, plan, Fees(now.maker, now.taker), now.sized_by)
    except (CandleError, BacktestError) as error:
        sys.stderr.write(f"⚠️  no backtest of {now.id}: {error}\n")
        return None


def _text(found: tuple[Explanation, ...]) -> str:
    width = width_of(console_for(sys.stdout)) or _PLAIN_WIDTH
    return "\n".join(explanation_lines(found, width)) + "\n"


def _json(found: tuple[Explanation, ...]) -> str:
    plain = {
        "accounts": [to_plain(one) for one in found],
        "plan_for": PLAN_FOR,
        "expectations": list(EXPECTATIONS),
    }
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"
