"""A position is a pure fold over the fills of NIJA's own orders; only its plan is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import ZERO, Fill, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from nija.journal.records import PositionPlan, WriteOff


@dataclass(frozen=True, slots=True)
class Position:
    """What NIJA holds in one market, and its result so far. `id` is the client id of the entry.

    `amount` is in base currency, after fees taken in base; money is in quote currency. `entry_price` is the average
    price of all purchases, `paid` what they cost with their fees. `cost` is the cost of the held amount with its fees,
    at the average cost of what was held at each sale; `realised` the profit on what is no longer held, after all fees:
    `sold` (base), and `lost` (base), which left without a sale by NIJA, at its value then. `fees` are by currency.
    `stop_price` is the planned stop; with an `exit_reason` it is being sold.
    """

    id: str
    market: str
    amount: Decimal
    entry_price: Decimal
    cost: Decimal
    realised: Decimal
    sold: Decimal
    fees: Mapping[str, Decimal]
    opened: datetime
    strategy: str
    signal_time: datetime | None = None
    stop_price: Decimal | None = None
    exit_reason: str | None = None
    lost: Decimal = ZERO
    paid: Decimal = ZERO

    def profit_at(self, price: Decimal) -> Decimal:
        """Realised and unrealised profit with the market at `price`, before the fee of selling."""
        return self.realised + self.amount * price - self.cost

    def profit_percent_at(self, price: Decimal) -> Decimal | None:
        """That profit in percent of all that was paid, as for a closed trade: parts sold before count on both sides."""
        return None if self.paid == ZERO else 100 * self.profit_at(price) / self.paid


@dataclass(slots=True)
class _Tally:
    bought: Decimal = ZERO
    spent: Decimal = ZERO
    paid: Decimal = ZERO
    sold: Decimal = ZERO
    received: Decimal = ZERO
    base_fees: Decimal = ZERO


def fold(plan: PositionPlan, fills: Iterable[Fill], losses: Iterable[WriteOff] = ()) -> Position:
    """The position that these fills make, by their times: the order in which they are given does not matter."""
    base, _, quote = plan.market.partition("/")
    tally = _Tally()
    fees: dict[str, Decimal] = {}
    fills = tuple(fills)
    for fill in fills:
        fees[fill.fee_currency] = fees.get(fill.fee_currency, ZERO) + fill.fee
        _count(tally, fill, base, quote)
    losses = tuple(losses)
    lost = sum((loss.amount for loss in losses), ZERO)
    gained = tally.bought - tally.base_fees
    amount = gained - tally.sold - lost
    spent = tally.spent + tally.paid
    cost = _cost_of_rest([*(_change(fill, base, quote) for fill in fills), *map(_loss, losses)])
    entry_price = tally.spent / tally.bought if tally.bought > ZERO else ZERO
    left = sum((value_of_loss(loss, entry_price) for loss in losses), ZERO)
    return Position(
        id=plan.id,
        market=plan.market,
        amount=amount,
        entry_price=entry_price,
        cost=cost,
        realised=tally.received + left - (spent - cost),
        sold=tally.sold,
        fees=fees,
        opened=plan.opened,
        strategy=plan.strategy,
        signal_time=plan.signal_time,
        stop_price=plan.stop_price,
        exit_reason=plan.exit_reason,
        lost=lost,
        paid=spent,
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """Of a position at `time`: `gained` and `gone` in base, `spent` in quote with its fee."""

    time: datetime
    gained: Decimal = ZERO
    spent: Decimal = ZERO
    gone: Decimal = ZERO


def _change(fill: Fill, base: str, quote: str) -> _Change:
    base_fee = fill.fee if fill.fee_currency == base else ZERO
    if fill.side is Side.SELL:
        return _Change(fill.time, -base_fee, gone=fill.amount)
    quote_fee = fill.fee if fill.fee_currency == quote else ZERO
    return _Change(fill.time, fill.amount - base_fee, fill.amount * fill.price + quote_fee)


def _loss(loss: WriteOff) -> _Change:
    return _Change(loss.time, gone=loss.amount)


def _cost_of_rest(changes: Iterable[_Change]) -> Decimal:
    """The cost of what is left. Each purchase after a sale makes a new average; the sold part keeps the old one."""
    held = cost = gone = ZERO
    for change in sorted(changes, key=lambda one: (one.time, one.spent == ZERO)):
        # More was sold than held only if a clock was set back: then all of it has one average.
        if change.spent and ZERO < gone <= held:
            cost, held, gone = cost * (held - gone) / held, held - gone, ZERO
        held += change.gained
        cost += change.spent
        gone += change.gone
    return cost * (held - gone) / held if held > ZERO else ZERO


def value_of_loss(loss: WriteOff, entry_price: Decimal) -> Decimal:
    """In quote: at the price of its time or, if none was recorded (dust, for example), at its cost."""
    return loss.amount * (entry_price if loss.price is None else loss.price)


def _count(tally: _Tally, fill: Fill, base: str, quote: str) -> None:
    value = fill.amount * fill.price
    quote_fee = fill.fee if fill.fee_currency == quote else ZERO
    if fill.fee_currency == base:
        tally.base_fees += fill.fee
    if fill.side is Side.BUY:
        tally.bought += fill.amount
        tally.spent += value
        tally.paid += quote_fee
    else:
        tally.sold += fill.amount
        tally.received += value - quote_fee
