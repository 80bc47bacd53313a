"""The evidence's own sizing: all of the cash in one trade, or a part by risk, of any amount and without minimums."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import ZERO
from nija.risk.no_trade import NoTradeReason, Rule
from nija.risk.resizing import Increase, next_size
from nija.risk.sizing import EntrySize

if TYPE_CHECKING:
    from brokers.model import Fees, Market
    from nija.risk.resizing import MarketShare, NextSize
    from nija.risk.sizing import Funds
    from nija.strategy.base import SignalAt
    from nija.trader.plan import TradingPlan

_ONE = Decimal(1)
_BELOW_STOP = NoTradeReason(Rule.PRICE_BELOW_STOP, "the price is already at or below the stop")


@dataclass(frozen=True, slots=True)
class FullSize:
    """Point 2 of the fill rules in the strategy evidence.

    `risk` is the fraction of the cash that is lost if the first stop is hit.
    """

    risk: Decimal | None = None
    at_bid: bool = False

    def entry(
        self, plan: TradingPlan, market: Market, signal: SignalAt, price: Decimal, fees: Fees, funds: Funds
    ) -> EntrySize | NoTradeReason:
        if refusal := plan.costs_too_much(market, signal, fees):
            return refusal
        stop = signal.initial_stop
        if stop is not None and price <= stop:
            return _BELOW_STOP
        notional = min(self._weight(signal) * funds.available, funds.available / (1 + fees.taker))
        if notional <= 0:
            return NoTradeReason(Rule.AVAILABLE, "no cash is left")
        amount = notional / price
        return EntrySize(amount, notional, risk=notional if stop is None else amount * (price - stop))

    def resize(
        self, plan: TradingPlan, signal: SignalAt, share: MarketShare, stop: Decimal | None, funds: Funds
    ) -> NextSize | NoTradeReason:
        size = next_size(signal, replace(share, slippage=ZERO), funds, plan.settings)
        if isinstance(size, Increase) and share.held == 0 and stop is not None and share.ask <= stop:
            return _BELOW_STOP
        return size

    def _weight(self, signal: SignalAt) -> Decimal:
        if self.risk is None or signal.initial_stop is None:
            return _ONE
        return min(_ONE, self.risk * signal.close / (signal.close - signal.initial_stop))
