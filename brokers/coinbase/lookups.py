"""The orders and fills Coinbase has on record for one account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.client_order_id import purpose_of
from brokers.coinbase.ended_orders import LISTING, EndedOrders
from brokers.coinbase.json_fields import moment, optional_moment, optional_text, readable, rfc3339, section
from brokers.coinbase.order_mapping import fill_name, fill_of, order_name, order_of
from brokers.coinbase.paging import CoinbaseHistory
from brokers.coinbase.symbols import is_spot, product_id
from brokers.errors import RequestRefused
from brokers.unread_rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from brokers.clock import Clock
    from brokers.coinbase.client import CoinbaseClient
    from brokers.coinbase.json_fields import JsonObject
    from brokers.exchange_clock import ExchangeClock
    from brokers.model import Fill, Order, OrderRequest
    from brokers.unread_rows import UnreadRows

_PAGE = 100
_IDS_PER_QUERY = 50
# OPEN cannot be combined with another status, and does not include these.
_PENDING = ["PENDING", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"]
_SPOT = ("", "SPOT", "UNKNOWN_PRODUCT_TYPE")
# A fill may be listed this long after it was recorded, and clocks differ.
_LISTED_WITHIN = timedelta(minutes=5)


class CoinbaseLookups:
    """An unreadable row hides no other row."""

    def __init__(
        self, client: CoinbaseClient, *, clock: Clock, exchange_clock: ExchangeClock, unread: UnreadRows
    ) -> None:
        self._client = client
        self._exchange_clock = exchange_clock
        self._unread = unread
        self._ended = EndedOrders(client, clock, lambda rows: self._read("ended orders", rows), self._rows_by_ids)
        self._fills = CoinbaseHistory(client, clock, "/orders/historical/fills", "fills", "start_sequence_timestamp")

    def order(self, exchange_id: str) -> Order:
        """Raises OrderNotFound."""
        return order_of(section(self._client.get(f"/orders/historical/{exchange_id}"), "order"))

    def orders(self, exchange_ids: Sequence[str]) -> Mapping[str, Order]:
        found = _by_id(self._read("orders by id", self._rows_by_ids(exchange_ids)))
        return {exchange_id: found[exchange_id] for exchange_id in dict.fromkeys(exchange_ids) if exchange_id in found}

    def open_orders(self) -> tuple[Order, ...]:
        """Pending orders are listed first: one that opens between the two requests is then in the second."""
        began = self._exchange_clock.now()
        listed = [*self._list(order_status=_PENDING), *self._list(order_status=["OPEN"])]
        spot = list(filter(_may_be_spot_order, listed))
        orders = self._read("open orders", [*self._simple_orders(), *spot])
        self._ended.saw_open(filter(None, (optional_text(row, "order_id") for row in spot)), began)
        return tuple(_by_id(orders).values())

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        """Oldest first, without orders of the simple trade pages; their fills are listed nevertheless."""
        return self._ended.since(since, self._exchange_clock.now())

    def fills(self, since: datetime) -> tuple[Fill, ...]:
        """Oldest first. Raises BudgetSpent while a long history is being read."""
        now = self._exchange_clock.now()
        history = self._fills.read(since, now)
        rows = history.rows
        if history.began != now:
            rows = [*rows, *self._fills.read(history.began - _LISTED_WITHIN, now).rows]
        return fills_of(rows, since, self._unread.begin("fills"))

    def find(self, request: OrderRequest, since: datetime) -> Order | None:
        """The order of this request among all orders of its market created since then, whatever its state.

        Returns None only after a complete search. Raises BadAnswer if an unreadable row may be the order.
        """
        products = [product_id(request.market)]
        listed = [
            *self._list(product_ids=products, order_status=_PENDING),
            *self._list(product_ids=products, order_status=["OPEN"]),
            *self._list(product_ids=products, start_date=rfc3339(since)),
        ]
        for row in listed:
            # A row without a client id may be any order.
            if optional_text(row, "client_order_id") in ("", request.client_id):
                order = order_of(row)
                if order.client_id == request.client_id:
                    return order
        return None

    def _simple_orders(self) -> list[JsonObject]:
        """Orders the owner placed on the simple trade pages hold coins too, but lists leave them out by default."""
        unread = self._unread.begin("simple orders")
        try:
            return self._list(order_status=["OPEN"], order_placement_source="RETAIL_SIMPLE")
        except RequestRefused as error:
            unread["open orders of the simple trade pages"] = str(error)
            return []

    def _list(self, **params: object) -> list[JsonObject]:
        return self._client.pages(LISTING, "orders", limit=_PAGE, **params)

    def _rows_by_ids(self, order_ids: Sequence[str]) -> list[JsonObject]:
        wanted = list(dict.fromkeys(order_ids))
        batches = (wanted[start : start + _IDS_PER_QUERY] for start in range(0, len(wanted), _IDS_PER_QUERY))
        return [row for batch in batches for row in self._list(order_ids=batch)]

    def _read(self, name: str, listed: Iterable[JsonObject]) -> list[Order]:
        return read_rows(filter(_may_be_spot_order, listed), order_of, order_name, self._unread.begin(name))


def fills_of(rows: Iterable[JsonObject], since: datetime, unread: dict[str, str]) -> tuple[Fill, ...]:
    """Oldest first, each entry once even if pages overlap because new fills arrive."""
    wanted = (row for row in rows if _may_be_spot_fill(row) and not _is_older(row, since))
    fills = {fill.id: fill for fill in read_rows(wanted, fill_of, fill_name, unread)}
    return tuple(sorted(fills.values(), key=lambda fill: (fill.time, fill.id)))


def _may_be_spot_order(row: JsonObject) -> bool:
    """Futures and the like hold no coins; a row that does not say what it is may do so."""
    if purpose_of(optional_text(row, "client_order_id")) is not None:
        return True
    product = optional_text(row, "product_id")
    return optional_text(row, "product_type") in _SPOT and (not product or is_spot(product))


def _may_be_spot_fill(row: JsonObject) -> bool:
    product = optional_text(row, "product_id")
    return not product or is_spot(product)


def _is_older(row: JsonObject, since: datetime) -> bool:
    return readable(lambda: _recorded(row) < since, default=False)


def _recorded(row: JsonObject) -> datetime:
    """When the exchange recorded the entry: one recorded late must not be missed for its early trade time."""
    traded = moment(row, "trade_time")
    recorded = optional_moment(row, "sequence_timestamp")
    return traded if recorded is None else max(traded, recorded)


def _by_id(orders: Iterable[Order]) -> dict[str, Order]:
    """Each order once, in its latest state."""
    return {order.exchange_id: order for order in orders}
