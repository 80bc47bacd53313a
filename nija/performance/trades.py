"""Trades: what each position of NIJA's earned, folded from its fills. The owner's own trades are not among them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.model import ZERO, Fill, Side
from nija.journal.positions import Position, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta
    from decimal import Decimal

    from accounts.identity import AccountId
    from nija.journal.journal import Journal
    from nija.journal.records import EquityDay, PositionPlan, WriteOff


class Ending(StrEnum):
    """How a trade ended. BOOKED_OUT: nothing was sold by NIJA; the owner took the coins, or they were too little."""

    STOP = "stop"
    SIGNAL = "signal"
    COMMAND = "command"
    BOOKED_OUT = "booked out"


@dataclass(frozen=True, slots=True)
class ClosedTrade:
    """A position from its first to its last fill.

    `amount` was bought, `sold` was sold, `written_off` left without a sale of NIJA's (all in base currency). Prices are
    averages; `exit_price` is None if nothing was sold. In quote currency: `cost`, with its fees, and `net`, the result
    after all fees, in which a write-off is neither gain nor loss. `fees` are by currency; `fee_value` is the value in
    quote of those in base or quote.
    """

    account: AccountId
    id: str
    market: str
    strategy: str
    opened: datetime
    closed: datetime
    amount: Decimal
    sold: Decimal
    written_off: Decimal
    entry_price: Decimal
    exit_price: Decimal | None
    cost: Decimal
    net: Decimal
    fees: Mapping[str, Decimal]
    fee_value: Decimal
    ending: Ending
    reason: str

    @property
    def currency(self) -> str:
        """The quote currency."""
        return quote_of(self.market)

    @property
    def held(self) -> timedelta:
        return self.closed - self.opened

    @property
    def is_won(self) -> bool:
        return self.net > ZERO

    @property
    def profit(self) -> Decimal:
        """`net` as a fraction of the cost."""
        return self.net / self.cost if self.cost > ZERO else ZERO


@dataclass(frozen=True, slots=True)
class OpenTrade:
    """A position that is still held. `amount` (base) is held now, `cost` is what it cost with its fees.

    `realised` is the result of the part that was `sold` already. `price` is the last bid in the journal, of
    `price_time`; None if there is none.
    """

    account: AccountId
    id: str
    market: str
    strategy: str
    opened: datetime
    amount: Decimal
    sold: Decimal
    entry_price: Decimal
    stop_price: Decimal | None
    cost: Decimal
    realised: Decimal
    fees: Mapping[str, Decimal]
    fee_value: Decimal
    price: Decimal | None = None
    price_time: datetime | None = None

    @property
    def currency(self) -> str:
        """The quote currency."""
        return quote_of(self.market)

    @property
    def unrealised(self) -> Decimal | None:
        """In quote, before the fee of selling; None without a price."""
        return None if self.price is None else self.amount * self.price - self.cost

    @property
    def result(self) -> Decimal | None:
        """Realised and unrealised; None without a price."""
        return None if self.unrealised is None else self.realised + self.unrealised

    def at(self, price: Decimal, time: datetime) -> OpenTrade:
        """The same with a newer price."""
        return replace(self, price=price, price_time=time)


def closed_trades(journal: Journal) -> tuple[ClosedTrade, ...]:
    """Every trade that has ended, in the order in which they ended. Raises JournalError."""
    fills, losses = journal.fills.by_position(), _losses(journal)
    trades = [
        _closed_trade(journal.account, plan, fills[plan.id], losses.get(plan.id, ()))
        for plan in journal.plans.all()
        if plan.closed is not None and plan.id in fills
    ]
    return tuple(sorted(trades, key=lambda trade: (trade.closed, trade.id)))


def open_trades(journal: Journal) -> tuple[OpenTrade, ...]:
    """Every trade under way, oldest first. Raises JournalError."""
    losses, day = _losses(journal), journal.equity.latest()
    trades = []
    for plan in journal.plans.open():
        fills = journal.fills.of_position(plan.id)
        if fills:
            trades.append(_open_trade(journal.account, fold(plan, fills, losses.get(plan.id, ())), fills, day))
    return tuple(trades)


def quote_of(market: str) -> str:
    return market.partition("/")[2]


def fee_value(fill: Fill) -> Decimal:
    """The fee in quote currency; zero for a fee in a third currency, whose value is not known."""
    base, _, quote = fill.market.partition("/")
    if fill.fee_currency == base:
        return fill.fee * fill.price
    return fill.fee if fill.fee_currency == quote else ZERO


def _losses(journal: Journal) -> Mapping[str, tuple[WriteOff, ...]]:
    found: dict[str, tuple[WriteOff, ...]] = {}
    for loss in journal.plans.all_write_offs():
        found[loss.position_id] = (*found.get(loss.position_id, ()), loss)
    return found


def _closed_trade(
    account: AccountId, plan: PositionPlan, fills: tuple[Fill, ...], losses: tuple[WriteOff, ...]
) -> ClosedTrade:
    position = fold(plan, fills, losses)
    sales = [fill for fill in fills if fill.side is Side.SELL]
    received = sum((fill.amount * fill.price for fill in sales), ZERO)
    ending, reason = _ending(position, losses)
    return ClosedTrade(
        account=account,
        id=plan.id,
        market=plan.market,
        strategy=plan.strategy,
        opened=fills[0].time,
        closed=_end(plan, fills, losses),
        amount=_bought(fills),
        sold=position.sold,
        written_off=position.lost,
        entry_price=position.entry_price,
        exit_price=received / position.sold if position.sold > ZERO else None,
        cost=_cost(fills),
        net=position.realised,
        fees=MappingProxyType(dict(position.fees)),
        fee_value=sum(map(fee_value, fills), ZERO),
        ending=ending,
        reason=reason,
    )


def _open_trade(account: AccountId, position: Position, fills: tuple[Fill, ...], day: EquityDay | None) -> OpenTrade:
    price = None if day is None else day.prices.get(position.market)
    return OpenTrade(
        account=account,
        id=position.id,
        market=position.market,
        strategy=position.strategy,
        opened=fills[0].time,
        amount=position.amount,
        sold=position.sold,
        entry_price=position.entry_price,
        stop_price=position.stop_price,
        cost=position.cost,
        realised=position.realised,
        fees=MappingProxyType(dict(position.fees)),
        fee_value=sum(map(fee_value, fills), ZERO),
        price=price,
        price_time=None if price is None or day is None else day.updated,
    )


def _end(plan: PositionPlan, fills: Iterable[Fill], losses: Iterable[WriteOff]) -> datetime:
    """The last sale; where nothing was sold, the last write-off."""
    sales = [fill.time for fill in fills if fill.side is Side.SELL]
    ends = sales or [loss.time for loss in losses] or [plan.closed or plan.opened]
    return max(ends)


def _ending(position: Position, losses: tuple[WriteOff, ...]) -> tuple[Ending, str]:
    if position.sold == ZERO:
        return Ending.BOOKED_OUT, losses[-1].reason if losses else ""
    reason = position.exit_reason or ""
    if not reason:
        return Ending.STOP, "sold by its stop"
    # A decision to sell a part ends the trade where the rest would be too little.
    if reason.startswith(f"{position.strategy} "):
        return Ending.SIGNAL, reason
    # NIJA itself sold at the stop's price where no stop could rest or fill: see nija/orders/policy.py.
    return (Ending.STOP if reason.startswith("price ") else Ending.COMMAND), reason


def _bought(fills: Iterable[Fill]) -> Decimal:
    return sum((fill.amount for fill in fills if fill.side is Side.BUY), ZERO)


def _cost(fills: Iterable[Fill]) -> Decimal:
    """With the fees in quote; those in base show as a smaller position."""
    return sum((_paid(fill) for fill in fills if fill.side is Side.BUY), ZERO)


def _paid(fill: Fill) -> Decimal:
    fee = fill.fee if fill.fee_currency == quote_of(fill.market) else ZERO
    return fill.amount * fill.price + fee
