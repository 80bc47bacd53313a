"""What NIJA's positions really bought, sold and paid, as a comparison with a backtest needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from nija.performance.trades import fee_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from decimal import Decimal

    from brokers.model import Fill
    from nija.journal.journal import Journal
    from nija.journal.records import PositionPlan

    MarketClock = Callable[[datetime], float]
    """Turns a time of the clock into one of the market (Unix seconds). They differ where market time runs faster."""


@dataclass(frozen=True, slots=True)
class LiveTrade:
    """One position. Times are Unix seconds of the market's time; `closed` is None while it is held.

    `signal` is when the candle closed on which it was bought; None if the journal does not know. `bought` and `sold`
    are in base currency, `cost` and `proceeds` in quote before fees, `entry_fees` and `exit_fees` in quote. `ending` is
    why it was sold or left.
    """

    id: str
    market: str
    signal: float | None
    opened: float
    closed: float | None
    bought: Decimal
    sold: Decimal
    cost: Decimal
    proceeds: Decimal
    entry_fees: Decimal
    exit_fees: Decimal
    ending: str = ""

    @property
    def entry_price(self) -> Decimal:
        """The average."""
        return self.cost / self.bought

    @property
    def exit_price(self) -> Decimal | None:
        """The average; None if nothing was sold."""
        return self.proceeds / self.sold if self.sold > ZERO else None


def live_trades(journal: Journal, market_clock: MarketClock) -> tuple[LiveTrade, ...]:
    """Every position that bought something, oldest first. Raises JournalError."""
    fills = journal.fills.by_position()
    reasons: dict[str, str] = {}
    for loss in journal.plans.all_write_offs():
        reasons[loss.position_id] = loss.reason
    trades = (
        _trade(plan, fills[plan.id], reasons.get(plan.id, ""), market_clock)
        for plan in journal.plans.all()
        if any(fill.side is Side.BUY for fill in fills.get(plan.id, ()))
    )
    return tuple(sorted(trades, key=lambda trade: (trade.opened, trade.id)))


def _trade(plan: PositionPlan, fills: tuple[Fill, ...], loss: str, market_clock: MarketClock) -> LiveTrade:
    bought = [fill for fill in fills if fill.side is Side.BUY]
    sold = [fill for fill in fills if fill.side is Side.SELL]
    ended = max((fill.time for fill in sold), default=plan.closed)
    signal = None if plan.signal_time is None else plan.signal_time.timestamp()
    opened = market_clock(min(fill.time for fill in bought))
    return LiveTrade(
        id=plan.id,
        market=plan.market,
        signal=signal,
        # Exchanges give the times of fills in whole seconds, which are hours where market time runs fast.
        opened=opened if signal is None else max(signal, opened),
        closed=None if plan.closed is None or ended is None else market_clock(ended),
        bought=_amount(bought),
        sold=_amount(sold),
        cost=_value(bought),
        proceeds=_value(sold),
        entry_fees=sum(map(fee_value, bought), ZERO),
        exit_fees=sum(map(fee_value, sold), ZERO),
        ending=plan.exit_reason or loss or ("" if plan.closed is None else "sold by its stop"),
    )


def _amount(fills: Iterable[Fill]) -> Decimal:
    return sum((fill.amount for fill in fills), ZERO)


def _value(fills: Iterable[Fill]) -> Decimal:
    return sum((fill.amount * fill.price for fill in fills), ZERO)
