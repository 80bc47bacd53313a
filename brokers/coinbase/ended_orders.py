"""Which orders have ended since a moment, without reading each time how all orders of the past did.

Lists are cut by the day an order was made, and a stop may rest for weeks before it ends. So the past is read once.
After that only these can be news: orders made since the account's open orders were looked at, and those that were seen
open then. The former are listed, the latter are asked for by their ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.coinbase.json_fields import rfc3339
from brokers.coinbase.paging import SlicedList

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
# An order may be shown so long after it was made, and clocks differ.
_SHOWN_WITHIN = timedelta(minutes=5)
# What ended is kept for so long, as callers ask again from a while before their last question.
_KEPT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class _Ended:
    order: Order
    # When it ended, or where the exchange does not say so, when that was seen.
    by: datetime


class EndedOrders:
    def __init__(
        self,
        client: CoinbaseClient,
        clock: Clock,
        read: Callable[[Iterable[JsonObject]], list[Order]],
        by_ids: Callable[[Sequence[str]], list[JsonObject]],
    ) -> None:
        """`read` makes orders of rows; `by_ids` asks for rows."""
        self._client = client
        self._read = read
        self._by_ids = by_ids
        self._past = SlicedList(client, clock, LISTING, "orders", "start_date")
        self._open: set[str] = set()
        self._looked: datetime | None = None
        self._news_from: datetime | None = None
        self._complete_from: datetime | None = None
        self._ended: dict[str, _Ended] = {}

    def saw_open(self, order_ids: Iterable[str], now: datetime) -> None:
        """All orders that are open were looked at; `now` is the exchange's time before that."""
        if self._looked is not None and now < self._looked - _SHOWN_WITHIN:
            self._complete_from = None
        self._open.update(order_ids)
        self._looked = now

    def since(self, since: datetime, now: datetime) -> tuple[Order, ...]:
        """Oldest first. `now` is the exchange's time. Raises BudgetSpent while a long past is being read."""
        keep_from = min(since, now - _KEPT)
        if self._complete_from is None or self._news_from is None or since < self._complete_from:
            self._take(self._all_past(keep_from, now), now)
            self._complete_from = keep_from
        else:
            self._take(self._news(self._news_from), now)
            self._complete_from = max(self._complete_from, keep_from)
        self._news_from = self._looked
        self._ended = {name: known for name, known in self._ended.items() if known.by >= self._complete_from}
        ended = [known.order for known in self._ended.values() if known.by >= since]
        return tuple(sorted(ended, key=lambda order: order.closed or order.created))

    def _all_past(self, since: datetime, now: datetime) -> list[JsonObject]:
        past = self._past.read(since - _LONGEST_REST, now, order_status=_ENDED)
        return past.rows if past.began == now else [*past.rows, *self._news(past.began)]

    def _news(self, made_since: datetime) -> list[JsonObject]:
        """What was made since then and has ended, and what was seen open, whatever became of it."""
        start = rfc3339(made_since - _SHOWN_WITHIN)
        made = self._client.pages(LISTING, "orders", limit=_PAGE, order_status=_ENDED, start_date=start)
        return [*made, *self._by_ids(sorted(self._open))]

    def _take(self, rows: list[JsonObject], now: datetime) -> None:
        for order in self._read(rows):
            if order.status.is_final:
                self._open.discard(order.exchange_id)
                known = self._ended.get(order.exchange_id)
                self._ended[order.exchange_id] = _Ended(order, order.closed or (known.by if known else now))
