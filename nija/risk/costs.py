"""The costs of a trade, and the fee gate: a stop so close that fees alone could consume it is not worth a trade."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.figures import exact, number, percent
from brokers.model import Market, Timeframe
from nija.risk.no_trade import NoTradeReason, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping


_DEEP_MARKETS = frozenset({"BTC", "ETH"})
_SLIPPAGE_DEEP = Decimal("0.0005")
_SLIPPAGE_OTHER = Decimal("0.0010")
# Mean net loss per trade at Kraken's taker fee: breakouts 20/10 on 1h and 55/20 on 15m, the rules designed for 5m.
_LOST: Mapping[Timeframe, str] = MappingProxyType(
    {
        Timeframe.M1: "about 0.9 % a trade on 5m, and faster was never better",
        Timeframe.M5: "about 0.9 % a trade",
        Timeframe.M15: "0.8 to 1.0 % a trade",
        Timeframe.M30: "0.5 % a trade on 1h and 0.8 to 1.0 % on 15m",
        Timeframe.H1: "about 0.5 % a trade",
    }
)


def slippage(market: Market) -> Decimal:
    """The assumed slippage of one market order, as a fraction of the price (strategy evidence, section 1)."""
    return slippage_of(market.base)


def slippage_of(base: str) -> Decimal:
    """`slippage` of the markets of a coin."""
    return _SLIPPAGE_DEEP if base in _DEEP_MARKETS else _SLIPPAGE_OTHER


def round_trip_cost(entry_fee: Decimal, exit_fee: Decimal, slippage_per_side: Decimal) -> Decimal:
    """Entry, exit and two slippages, as a fraction of the notional."""
    return entry_fee + exit_fee + 2 * slippage_per_side


def fee_gate(*, close: Decimal, stop: Decimal, round_trip: Decimal, gate: float) -> NoTradeReason | None:
    """None if the stop distance is at least `gate` round trips; a gate of 0 passes everything."""
    if gate == 0:
        return None
    distance = (close - stop) / close
    wanted = Decimal(repr(float(gate)))
    limit = wanted * round_trip
    if distance >= limit:
        return None
    return NoTradeReason(
        rule=Rule.FEE_GATE,
        value=exact(distance),
        limit=exact(limit),
        text=(
            f"the stop is {percent(distance)} away, but a round trip costs {percent(round_trip)} and"
            f" fee_gate = {number(wanted)} requires {percent(limit)}: fees would eat it;"
            " a slower timeframe has wider stops"
        ),
    )


def cost_of(timeframe: Timeframe, fee: Decimal, round_trip: Decimal) -> str | None:
    """A warning for a timeframe below 4h, otherwise None. `fee` is for one side, `round_trip` includes slippage."""
    lost = _LOST.get(timeframe)
    if lost is None:
        return None
    return (
        f"timeframe {timeframe} costs more than it can earn: your fee is {percent(fee)}, a round trip"
        f" {percent(round_trip)}; in tests on real candles such rules lost {lost}. 1d is the default for a reason"
    )
