"""May this account open a position in this market now, and how large? Pure: everything it needs is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.risk.gate import fee_gate, round_trip_cost, slippage
from nija.risk.limits import EntryMoment, may_open
from nija.risk.sizing import Entry, Funds, Sized, size_entry

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from brokers.model import Fees, Market
    from nija.risk.equity import EquityState
    from nija.risk.refusal import Refusal
    from nija.strategy.base import SignalAt
    from nija.trader.plan import TradingPlan


@dataclass(frozen=True, slots=True)
class Standing:
    """The account as it stands: `available` and `exposure` in quote currency; `paused` says by whom, or is empty."""

    equity: EquityState
    available: Decimal
    exposure: Decimal
    open_positions: int
    paused: str
    now: datetime


def forbidden(market: Market, signal: SignalAt, standing: Standing, plan: TradingPlan) -> Refusal | None:
    """The rule that keeps the account from opening anything in this market, whatever the signal says."""
    moment = EntryMoment(
        market=market.symbol,
        quote=market.quote,
        timeframe=signal.timeframe,
        candle_closed=signal.closed,
        max_candle_age=plan.max_candle_age,
        now=standing.now,
        equity=standing.equity,
        open_positions=standing.open_positions,
        paused=standing.paused,
    )
    return may_open(moment, plan.limits)


def sized(
    market: Market, signal: SignalAt, price: Decimal, fees: Fees, standing: Standing, plan: TradingPlan
) -> Sized | Refusal:
    """How much to buy at about `price`, or why nothing."""
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
    entry = Entry(
        market=market, close=signal.close, stop=signal.initial_stop, price=price, fee=fees.taker, slippage=lost
    )
    funds = Funds(equity=standing.equity.current, available=standing.available, exposure=standing.exposure)
    return size_entry(entry, funds, plan.limits)
