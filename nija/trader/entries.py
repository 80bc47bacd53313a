"""May this account open a position in this market now, and how large? Pure: everything it needs is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import ZERO
from nija.risk.gate import fee_gate, round_trip_cost, slippage
from nija.risk.limits import EntryMoment, may_open
from nija.risk.sizing import Entry, Funds, Sized, size_entry

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from brokers.model import Fees, Market
    from nija.risk.equity import EquityState
    from nija.risk.no_trade import NoTradeReason
    from nija.strategy.base import SignalAt
    from nija.trader.plan import TradingPlan


@dataclass(frozen=True, slots=True)
class Standing:
    """The account as it stands, in quote currency; `paused` says by whom, or is empty.

    `pending` is the value of entries that may still fill, or have filled and are not booked: part of `exposure` and
    of `open_positions`, and to be taken off what is `available`. `unknown` says why a limit cannot be judged;
    `equity` is None where that is why, and the money then says nothing.
    """

    equity: EquityState | None
    available: Decimal
    exposure: Decimal
    pending: Decimal
    open_positions: int
    paused: str
    unknown: str
    now: datetime


def forbidden(market: Market, signal: SignalAt, standing: Standing, plan: TradingPlan) -> NoTradeReason | None:
    """The rule that keeps the account from opening anything in this market, whatever the signal says."""
    moment = EntryMoment(
        market=market.symbol,
        quote=market.quote,
        timeframe=signal.timeframe,
        candle_closed=signal.closed,
        max_candle_age=plan.max_candle_age,
        now=standing.now,
        equity=None if standing.equity is None else standing.equity.current,
        open_positions=standing.open_positions,
        paused=standing.paused,
        unknown=standing.unknown,
    )
    return may_open(moment, plan.limits)


def sized(
    market: Market, signal: SignalAt, price: Decimal, fees: Fees, standing: Standing, plan: TradingPlan
) -> Sized | NoTradeReason:
    """How much to buy at about `price`, or why nothing. Only where `forbidden` has nothing against it."""
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
    funds = Funds(
        equity=ZERO if standing.equity is None else standing.equity.current,
        available=standing.available - standing.pending * (1 + fees.taker + lost),
        exposure=standing.exposure,
    )
    return size_entry(entry, funds, plan.limits)
