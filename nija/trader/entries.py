"""How much may be bought in this market now, after its fees? Pure: everything it needs is handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.risk.costs import fee_gate, round_trip_cost, slippage
from nija.risk.sizing import Entry, EntrySize, size_entry

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.model import Fees, Market
    from nija.risk.no_trade import NoTradeReason
    from nija.risk.sizing import Funds
    from nija.strategy.base import SignalAt
    from nija.trader.plan import TradingPlan


def sized(
    market: Market, signal: SignalAt, price: Decimal, fees: Fees, funds: Funds, plan: TradingPlan
) -> EntrySize | NoTradeReason:
    """How much to buy at about `price`, or why nothing. Only where no limit has anything against it."""
    lost = slippage(market)
    if signal.initial_stop is not None and signal.initial_stop < signal.close:
        refusal = fee_gate(
            close=signal.close,
            stop=signal.initial_stop,
            round_trip=round_trip_cost(fees.taker, fees.taker, lost),
            gate=plan.strategy.fee_gate,
        )
        if refusal is not None:
            return refusal
    entry = Entry(market, signal.close, signal.initial_stop, price, fee=fees.taker, slippage=lost)
    return size_entry(entry, funds, plan.settings)
