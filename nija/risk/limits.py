"""May an account open something now? Asked before a market's signal is even looked at; exits never ask."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.figures import duration, exact, money, number
from nija.risk.no_trade import NoTradeReason, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from brokers.model import Timeframe
    from nija.risk.parameters import RiskLimits


@dataclass(frozen=True, slots=True)
class EntryMoment:
    """What an account knows when it asks. Both times are aware and of the same clock, the exchange's.

    `open_positions` counts entries on their way too. `candle_closed` is the end of the candle to act upon.
    `max_candle_age` is in intervals, 0 = never stale. `paused` says who or what paused the account; empty: nobody.
    `unknown` says why a limit cannot be judged; `equity` (quote currency) is None where that is why.
    The limits on losses are not asked here: what they run into pauses the account (nija/trader/brakes.py).
    """

    market: str
    quote: str
    timeframe: Timeframe
    candle_closed: datetime
    max_candle_age: float
    now: datetime
    equity: Decimal | None
    open_positions: int
    paused: str = ""
    unknown: str = ""


def may_open(moment: EntryMoment, limits: RiskLimits) -> NoTradeReason | None:
    """The first rule that forbids a new position, or None. From what only a person can end to what time ends."""
    return next(_refusals(moment, limits), None)


def _refusals(moment: EntryMoment, limits: RiskLimits) -> Iterator[NoTradeReason]:
    for refusal in (
        _paused(moment),
        _disabled(moment, limits),
        _unknown(moment),
        _underfunded(moment, limits),
        _positions(moment, limits),
        _stale(moment),
    ):
        if refusal is not None:
            yield refusal


def _paused(moment: EntryMoment) -> NoTradeReason | None:
    if not moment.paused:
        return None
    text = f"new entries are paused ({moment.paused}); nija resume lets them begin again"
    return NoTradeReason(Rule.PAUSED, text)


def _disabled(moment: EntryMoment, limits: RiskLimits) -> NoTradeReason | None:
    if moment.market not in limits.disabled_markets:
        return None
    text = f"{moment.market} is in disabled_markets of this account; take it out in nija.toml to trade it"
    return NoTradeReason(Rule.DISABLED_MARKET, text, moment.market, ", ".join(sorted(limits.disabled_markets)))


def _unknown(moment: EntryMoment) -> NoTradeReason | None:
    if not moment.unknown and moment.equity is not None:
        return None
    return NoTradeReason(Rule.UNKNOWN, moment.unknown, value="unknown", limit="known")


def _underfunded(moment: EntryMoment, limits: RiskLimits) -> NoTradeReason | None:
    equity = moment.equity
    if equity is None or equity >= limits.min_balance:
        return None
    needed = money(limits.min_balance, moment.quote)
    text = (
        f"UNDERFUNDED - needs at least {needed}; equity is {money(equity, moment.quote)}:"
        " deposit more, or lower min_balance in [risk]"
    )
    return NoTradeReason(Rule.MIN_BALANCE, text, exact(equity), exact(limits.min_balance))


def _positions(moment: EntryMoment, limits: RiskLimits) -> NoTradeReason | None:
    if moment.open_positions < limits.max_positions:
        return None
    text = f"{moment.open_positions} positions are open and max_positions is {limits.max_positions}; waits for an exit"
    return NoTradeReason(Rule.MAX_POSITIONS, text, str(moment.open_positions), str(limits.max_positions))


def _stale(moment: EntryMoment) -> NoTradeReason | None:
    if moment.max_candle_age == 0:
        return None
    elapsed = Decimal(repr((moment.now - moment.candle_closed).total_seconds()))
    age = elapsed / moment.timeframe.seconds
    limit = Decimal(repr(float(moment.max_candle_age)))
    if age <= limit:
        return None
    text = (
        f"the last {moment.timeframe} candle closed {duration(moment.now - moment.candle_closed)} ago"
        f" and max_candle_age is {number(limit)} x {moment.timeframe}; waits for fresh candles from the exchange"
    )
    return NoTradeReason(Rule.STALE_CANDLE, text, exact(age), exact(limit))
