"""Resizes the positions of a strategy with weights: what one market needs on its last candle, and sales in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.figures import percent
from brokers.model import ZERO, Fees
from nija.orders.state import ExitStatus
from nija.risk.resizing import Reduce, SellAll

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.model import Market, Ticker
    from nija.journal.positions import Position
    from nija.market_data.snapshot import FeedSnapshot
    from nija.orders.tracking import ErrorCollector
    from nija.risk.limits import Appraisal
    from nija.risk.no_trade import NoTradeReason
    from nija.risk.resizing import NextSize
    from nija.strategy.base import SignalAt
    from nija.trader.context import TraderContext

# A sale is sized without them.
_NO_FEES = Fees(ZERO, ZERO)


class Resizer:
    """Used by one trader alone."""

    def __init__(self, context: TraderContext) -> None:
        self._context = context

    def change(self, context: TraderContext) -> None:
        """Resize by the plan of another context of the same account."""
        self._context = context

    def sell_parts(self, snapshot: FeedSnapshot, appraisal: Appraisal, attempts: ErrorCollector) -> bool:
        """Sell down what is held above its weight; returns whether anything was decided.

        As for exits, neither a halt nor an old candle keeps it from selling: it makes the risk smaller. While the
        account's value is unknown, nothing can be compared with it.
        """
        if appraisal.equity is None:
            return False
        decided = False
        for symbol, position in self._context.desk.positions().items():
            with attempts:
                decided |= self._sell_part(symbol, position, snapshot, appraisal)
        return decided

    def next_size(
        self, market: Market, signal: SignalAt, ticker: Ticker, fees: Fees, snapshot: FeedSnapshot, appraisal: Appraisal
    ) -> NextSize | NoTradeReason:
        """What to do about this market on its last candle, or why nothing."""
        plan, position = self._context.plan, self._context.desk.positions().get(market.symbol)
        held, stop = (ZERO, signal.initial_stop) if position is None else (position.amount, position.stop_price)
        at_close = self._equity_at(signal, snapshot, appraisal)
        share = plan.market_share(market, held, at_close, ticker.bid, ticker.ask, fees)
        return plan.next_size(signal, share, stop, appraisal.funds)

    def _sell_part(self, symbol: str, position: Position, snapshot: FeedSnapshot, appraisal: Appraisal) -> bool:
        plan, desk = self._context.plan, self._context.desk
        signal = snapshot.signals.get(plan.subscription(symbol))
        ticker = snapshot.prices(self._context.clock.monotonic()).get(symbol)
        market = self._context.broker.markets().get(symbol)
        if signal is None or signal.weight is None or ticker is None or market is None or market.quote != plan.quote:
            return False
        if position.exit_reason is not None or desk.blocked(symbol) or desk.acted_on(symbol, signal.closed):
            return False
        size = self.next_size(market, signal, ticker, _NO_FEES, snapshot, appraisal)
        wish = f"{plan.strategy_name} wants {percent(signal.weight)}"
        candle = f"on the candle closed {signal.closed:%Y-%m-%d %H:%M}"
        if isinstance(size, SellAll):
            desk.exit(symbol, f"{wish} ({size.why}) {candle}" if size.why else f"{wish} {candle}")
            return True
        if isinstance(size, Reduce):
            return desk.reduce(symbol, size.keep, signal.closed, f"{wish} {candle}").status is not ExitStatus.REFUSED
        return False

    def _equity_at(self, signal: SignalAt, snapshot: FeedSnapshot, appraisal: Appraisal) -> Decimal:
        """The account's equity with each position at the close of the same candle: see MarketShare."""
        plan, equity = self._context.plan, appraisal.funds.equity
        for symbol, position in self._context.desk.positions().items():
            other, ticker = snapshot.signals.get(plan.subscription(symbol)), snapshot.tickers.get(symbol)
            is_counted = symbol.partition("/")[2] == plan.quote
            if is_counted and ticker is not None and other is not None and other.closed == signal.closed:
                equity += position.amount * (other.close - ticker.bid)
        return equity
