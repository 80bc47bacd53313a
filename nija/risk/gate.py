"""The fee gate: a stop so near that fees alone could eat it is not worth a trade."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.figures import exact, number, percent
from nija.risk.no_trade import NoTradeReason, Rule

if TYPE_CHECKING:
    from brokers.model import Market

_DEEP_MARKETS = frozenset({"BTC", "ETH"})
_SLIPPAGE_DEEP = Decimal("0.0005")
_SLIPPAGE_OTHER = Decimal("0.0010")


def slippage(market: Market) -> Decimal:
    """What one market order is assumed to lose against the price seen, as a fraction (strategy evidence, section 1)."""
    return _SLIPPAGE_DEEP if market.base in _DEEP_MARKETS else _SLIPPAGE_OTHER


def round_trip_cost(entry_fee: Decimal, exit_fee: Decimal, slippage_per_side: Decimal) -> Decimal:
    """Entry, exit and two slippages, as a fraction of the notional."""
    return entry_fee + exit_fee + 2 * slippage_per_side


def fee_gate(*, close: Decimal, stop: Decimal, round_trip: Decimal, gate: float) -> NoTradeReason | None:
    """None where the stop distance is worth `gate` round trips; a gate of 0 lets everything pass."""
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
            f" fee_gate = {number(wanted)} asks for {percent(limit)}: fees would eat it;"
            " a slower timeframe has wider stops"
        ),
    )
