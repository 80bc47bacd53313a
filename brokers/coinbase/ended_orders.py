"""Which orders have ended since a given time, without reading the whole history each time.

Coinbase lists orders by creation time, and a stop may rest for weeks before it ends. So the history is read once. After
that only two kinds of orders can have ended: those created since the open orders were last read, which are listed, and
those that were open then, which are requested by id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.coinbase.json_fields import rfc3339
from brokers.coinbase.paging import CoinbaseHistory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from brokers.clock import Clock
    from brokers.coinbase.client import CoinbaseClient
    from brokers.coinbase.json_fields import JsonObject
    from brokers.model import Order

LISTING = "/orders/historical/batch"
_PAGE = 100
_ENDED = ["FILLED", "CANCELLED", "EXPIRED", "FAILED"]
_LONGEST_REST = timedelta(days=90)
# An order may be listed this long after it was created, and clocks differ.
_LISTED_WITHIN = timedelta(minutes=5)
# Callers start a little before their last request, so ended orders are kept for this long.
_ENDED_TTL = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class _Ended:
    order: Order
    # When it ended or, if the exchange does not say, when it was first seen ended.
    by: datetime


class EndedOrders:
    def __init__(
        self,
        client: CoinbaseClient,
        clock: Clock,
        read: Callable[[Iterable[JsonObject]], list[Order]],
        by_ids: Callable[[Sequence[str]], list[JsonObject]],
    ) -> None:
        """`read` parses rows; `by_ids` requests rows."""
        self._client = client
        self._read = read
        self._by_ids = by_ids
        self._past = CoinbaseHistory(client, clock, LISTING, "orders", "start_date")
        self._open: set[str] = set()
        self._open_read: datetime | None = None
        self._unread_from: datetime | None = None
        self._complete_from: datetime | None = None
        self._ended: dict[str, _Ended] = {}

    def saw_open(self, order_ids: Iterable[str], now: datetime) -> None:
        """Note the open orders; `now` is the exchange's time before they were requested."""
        if self._open_read is not None and now < self._open_read - _LISTED_WITHIN:
            self._complete_from = None
        self._open.update(order_ids)
        self._open_read = now

    def since(self, since: datetime, now: datetime) -> tuple[Order, ...]:
        """Oldest first. `now` is the exchange's time. Raises BudgetSpent while a long history is being read."""
        keep_from = min(since, now - _ENDED_TTL)
        if self._complete_from is None or self._unread_from is None or since < self._complete_from:
            self._record(self._history(keep_from, now), now)
            self._complete_from = keep_from
        else:
            self._record(self._recent(self._unread_from), now)
            self._complete_from = max(self._complete_from, keep_from)
        self._unread_from = self._open_read
        self._ended = {name: known for name, known in self._ended.items() if known.by >= self._complete_from}
        ended = [known.order for known in self._ended.values() if known.by >= since]
        return tuple(sorted(ended, key=lambda order: order.closed or order.created))

    def _history(self, since: datetime, now: datetime) -> list[JsonObject]:
        past = self._past.read(since - _LONGEST_REST, now, order_status=_ENDED)
        return past.rows if past.began == now else [*past.rows, *self._recent(past.began)]

    def _recent(self, created_since: datetime) -> list[JsonObject]:
        """Ended orders created since then, and the orders that were seen open, whatever their state."""
        start = rfc3339(created_since - _LISTED_WITHIN)
        created = self._client.pages(LISTING, "orders", limit=_PAGE, order_status=_ENDED, start_date=start)
        return [*created, *self._by_ids(sorted(self._open))]

    def _record(self, rows: list[JsonObject], now: datetime) -> None:
        for order in self._read(rows):
            if order.status.is_final:
                self._open.discard(order.exchange_id)
                known = self._ended.get(order.exchange_id)
                self._ended[order.exchange_id] = _Ended(order, order.closed or (known.by if known else now))
