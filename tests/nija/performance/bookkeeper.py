"""Trades written into a real journal as the order desk writes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Fill, OrderRequest, OrderType, Side
from nija.journal.connection import CommitPoint
from nija.journal.order_state import OrderState
from nija.journal.records import EquityDay, EquityPoint, Intent, PositionPlan, WriteOff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nija.journal.journal import Journal

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """So many days after the beginning of 2026."""
    return NEW_YEAR + timedelta(days=number)


class Bookkeeper:
    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.fills: list[Fill] = []

    def buy(
        self, amount: str, price: str, at: datetime, fee: str = "0", fee_in: str | None = None, market: str = "BTC/USD"
    ) -> str:
        """Open a position; returns its id."""
        client_id = new_client_id(Purpose.ENTRY)
        with self.journal.transaction(CommitPoint.INTENDED):
            self.journal.plans.add(PositionPlan(client_id, market, at, "trend"))
            self._fill(client_id, client_id, market, Side.BUY, (amount, price, fee, fee_in), at)
        return client_id

    def sell(
        self, position: str, amount: str, price: str, at: datetime, fee: str = "0", fee_in: str | None = None
    ) -> None:
        client_id = new_client_id(Purpose.EXIT)
        with self.journal.transaction(CommitPoint.INTENDED):
            market = self._plan(position).market
            self._fill(client_id, position, market, Side.SELL, (amount, price, fee, fee_in), at)

    def write_off(self, position: str, amount: str, price: str | None, at: datetime, reason: str = "gone") -> None:
        loss = WriteOff(position, Decimal(amount), reason, at, None if price is None else Decimal(price))
        with self.journal.transaction(CommitPoint.CLOSED):
            self.journal.plans.write_off(loss)

    def close(self, position: str, at: datetime, reason: str | None = None) -> None:
        with self.journal.transaction(CommitPoint.CLOSED):
            self.journal.plans.save(replace(self._plan(position), closed=at, exit_reason=reason))

    def trade(self, bought: str, sold: str, begin: datetime, end: datetime, market: str = "BTC/USD") -> str:
        """One coin bought and sold at these prices, without fees."""
        position = self.buy("1", bought, begin, market=market)
        self.sell(position, "1", sold, end)
        self.close(position, end)
        return position

    def value(self, unit: str, at: datetime, prices: Mapping[str, str] | None = None, currency: str = "USD") -> None:
        """The last measurement of a day."""
        latest = Decimal(unit)
        self.journal.equity.save(
            EquityDay(
                day=at.date(),
                currency=currency,
                opening=Decimal(1),
                latest=latest,
                peak=latest,
                earned=Decimal(0),
                capital=1000 * latest,
                updated=at,
                prices={market: Decimal(bid) for market, bid in (prices or {}).items()},
            )
        )

    def point(self, unit: str, at: datetime) -> None:
        """A measurement within the last day that has one."""
        known = self.journal.equity.latest()
        assert known is not None
        latest = Decimal(unit)
        self.journal.equity.save(known, EquityPoint(at, "USD", 1000 * latest, Decimal(0), latest))

    def _plan(self, position: str) -> PositionPlan:
        plan = self.journal.plans.get(position)
        assert plan is not None
        return plan

    def _fill(
        self,
        client_id: str,
        position: str,
        market: str,
        side: Side,
        figures: tuple[str, str, str, str | None],
        at: datetime,
    ) -> None:
        amount, price, fee, fee_in = figures
        request = OrderRequest(client_id, market, side, OrderType.MARKET, Decimal(amount), at)
        purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
        self.journal.intents.add(Intent(request, position, purpose, OrderState.INTENDED, at, Decimal(0)))
        fill = Fill(
            id=f"T{len(self.fills)}",
            order_id=f"O{len(self.fills)}",
            market=market,
            side=side,
            amount=Decimal(amount),
            price=Decimal(price),
            fee=Decimal(fee),
            fee_currency=fee_in or market.partition("/")[2],
            time=at,
        )
        self.fills.append(fill)
        self.journal.fills.book(client_id, fill, at)
