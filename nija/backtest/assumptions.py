"""What a backtest assumes: the costs of a fill, and how much an account buys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nija.backtest.endings import FindEnd, end_by_signals
from nija.backtest.purchases import FindPurchase, purchase_at_next_open
from nija.risk.costs import slippage

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.model import Fees, Market
    from nija.risk.no_trade import NoTradeReason
    from nija.risk.resizing import MarketShare, NextSize
    from nija.risk.sizing import EntrySize, Funds
    from nija.strategy.base import SignalAt
    from nija.trader.plan import TradingPlan


class Sizing(Protocol):
    """How much an entry buys. `at_bid`: whether an account counts its positions at the bid, or at the price itself."""

    @property
    def at_bid(self) -> bool: ...

    def entry(
        self, plan: TradingPlan, market: Market, signal: SignalAt, price: Decimal, fees: Fees, funds: Funds
    ) -> EntrySize | NoTradeReason:
        """How much to buy at `price`, or the rule that forbids it."""
        ...

    def resize(
        self, plan: TradingPlan, signal: SignalAt, share: MarketShare, stop: Decimal | None, funds: Funds
    ) -> NextSize | NoTradeReason:
        """What a strategy with weights does about a market; `stop` is of what is held, or to be bought."""
        ...


@dataclass(frozen=True, slots=True)
class DaemonSizing:
    """The daemon's own: fee gate, risk over stop distance, every cap and minimum of the account's settings."""

    at_bid: bool = True

    def entry(
        self, plan: TradingPlan, market: Market, signal: SignalAt, price: Decimal, fees: Fees, funds: Funds
    ) -> EntrySize | NoTradeReason:
        return plan.entry_size(market, signal, price, fees, funds)

    def resize(
        self, plan: TradingPlan, signal: SignalAt, share: MarketShare, stop: Decimal | None, funds: Funds
    ) -> NextSize | NoTradeReason:
        return plan.next_size(signal, share, stop, funds)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """`slippage` is a fraction of the price for all markets; None is the daemon's own assumption for each market."""

    slippage: Decimal | None = None
    sizing: Sizing = DaemonSizing()
    purchase: FindPurchase = purchase_at_next_open
    end: FindEnd = end_by_signals

    def slippage_of(self, market: Market) -> Decimal:
        return slippage(market) if self.slippage is None else self.slippage
