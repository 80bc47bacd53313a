"""The rules that may forbid a new position, checked before a market's signal. Exits are never checked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.figures import duration, exact, money, number
from nija.risk.no_trade import NoTradeReason, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from accounts.setting_tables import AccountSettings
    from brokers.model import Market
    from nija.risk.returns import EquityState
    from nija.risk.sizing import Funds
    from nija.strategy.base import SignalAt


@dataclass(frozen=True, slots=True)
class Appraisal:
    """The account's state in this cycle; `now` is the exchange's time.

    `open_positions` includes pending entries. `paused` says who or what paused the account, empty if nobody did.
    `unknown` says why a limit cannot be checked; `equity` may then be None, and `funds` are meaningless.
    """

    equity: EquityState | None
    funds: Funds
    open_positions: int
    now: datetime
    paused: str = ""
    unknown: str = ""


def may_open(market: Market, signal: SignalAt, appraisal: Appraisal, settings: AccountSettings) -> NoTradeReason | None:
    """The first rule that forbids a new position, or None. Rules that only a person can lift come first.

    Loss limits are not checked here: reaching one pauses the account (nija/trader/halts.py).
    """
    return next(_refusals(market, signal, appraisal, settings), None)


def _refusals(
    market: Market, signal: SignalAt, appraisal: Appraisal, settings: AccountSettings
) -> Iterator[NoTradeReason]:
    for refusal in (
        paused(appraisal.paused),
        _disabled(market, settings.own.disabled_markets),
        _unknown(appraisal),
        _underfunded(market, appraisal, settings.risk.min_balance),
        _positions(appraisal, settings.risk.max_positions),
        _stale(signal, appraisal, settings.trading.max_candle_age),
    ):
        if refusal is not None:
            yield refusal


def paused(why: str) -> NoTradeReason | None:
    """`why` says who or what paused the account; empty if nobody did."""
    if not why:
        return None
    return NoTradeReason(Rule.PAUSED, f"new entries are paused ({why}); nija resume allows them again")


def _disabled(market: Market, disabled: tuple[str, ...]) -> NoTradeReason | None:
    if market.symbol not in disabled:
        return None
    text = f"{market.symbol} is in disabled_markets of this account; remove it in nija.toml to trade it"
    return NoTradeReason(Rule.DISABLED_MARKET, text, market.symbol, ", ".join(sorted(disabled)))


def _unknown(appraisal: Appraisal) -> NoTradeReason | None:
    if not appraisal.unknown and appraisal.equity is not None:
        return None
    return NoTradeReason(Rule.UNKNOWN, appraisal.unknown, value="unknown", limit="known")


def _underfunded(market: Market, appraisal: Appraisal, minimum: Decimal) -> NoTradeReason | None:
    equity = appraisal.funds.equity
    if equity >= minimum:
        return None
    text = (
        f"UNDERFUNDED - needs at least {money(minimum, market.quote)}; equity is {money(equity, market.quote)}:"
        " deposit more, or lower min_balance in [risk]"
    )
    return NoTradeReason(Rule.MIN_BALANCE, text, exact(equity), exact(minimum))


def _positions(appraisal: Appraisal, maximum: int) -> NoTradeReason | None:
    if appraisal.open_positions < maximum:
        return None
    text = f"{appraisal.open_positions} positions are open and max_positions is {maximum}; waiting for an exit"
    return NoTradeReason(Rule.MAX_POSITIONS, text, str(appraisal.open_positions), str(maximum))


def _stale(signal: SignalAt, appraisal: Appraisal, maximum: float) -> NoTradeReason | None:
    """`maximum` is in intervals, 0 = never stale."""
    if maximum == 0:
        return None
    elapsed = Decimal(repr((appraisal.now - signal.closed).total_seconds()))
    age = elapsed / signal.timeframe.seconds
    limit = Decimal(repr(float(maximum)))
    if age <= limit:
        return None
    text = (
        f"the last {signal.timeframe} candle closed {duration(appraisal.now - signal.closed)} ago"
        f" and max_candle_age is {number(limit)} x {signal.timeframe}; waiting for fresh candles from the exchange"
    )
    return NoTradeReason(Rule.STALE_CANDLE, text, exact(age), exact(limit))
