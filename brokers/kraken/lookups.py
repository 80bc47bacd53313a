"""The orders and fills Kraken has on record for one account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from brokers.errors import BadAnswer, OrderNotFound
from brokers.kraken.json_fields import UNREADABLE
from brokers.kraken.order_mapping import fill_of, is_margin_trade, order_of
from brokers.kraken.paging import KrakenHistory, Rows, start_param

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from brokers.clock import Clock
    from brokers.kraken.client import KrakenClient
    from brokers.kraken.limits import EngineCounters
    from brokers.kraken.public import KrakenPublic
    from brokers.kraken.symbols import Symbols
    from brokers.model import Fill, Order, OrderRequest
    from brokers.unread_rows import UnreadRows

_T = TypeVar("_T")

_IDS_PER_QUERY = 50
# Kraken accepts an order at most 60 seconds before its deadline; twice that, to be safe.
_SENT_BEFORE_DEADLINE = timedelta(seconds=120)


class KrakenLookups:
    """Reports the age of every order it reads to the engine's counters. An unreadable row hides no other row."""

    def __init__(
        self, client: KrakenClient, public: KrakenPublic, *, clock: Clock, engine: EngineCounters, unread: UnreadRows
    ) -> None:
        self._client = client
        self._public = public
        self._clock = clock
        self._engine = engine
        self._unread = unread
        self._closed = KrakenHistory(
            lambda page, _: self._rows("ClosedOrders", {"closetime": "close"} | page, "closed"), "closetm", clock
        )
        self._trades = KrakenHistory(
            lambda page, urgent: self._rows(
                "TradesHistory", {"consolidate_taker": "false"} | page, "trades", urgent=urgent
            ),
            "time",
            clock,
        )

    def order(self, exchange_id: str) -> Order:
        """Raises OrderNotFound."""
        found, unread = self._query_orders([exchange_id])
        if exchange_id in unread:
            raise BadAnswer(f"Kraken's order {exchange_id} cannot be read: {unread[exchange_id]}")
        if exchange_id not in found:
            raise BadAnswer(f"Kraken's answer to QueryOrders lacks the order {exchange_id}")
        return found[exchange_id]

    def orders(self, exchange_ids: Sequence[str]) -> dict[str, Order]:
        # A fill may come without an order id.
        asked = [exchange_id for exchange_id in exchange_ids if exchange_id]
        found: dict[str, Order] = {}
        unread: dict[str, str] = {}
        for first in range(0, len(asked), _IDS_PER_QUERY):
            more, more_unread = self._known_orders(asked[first : first + _IDS_PER_QUERY])
            found |= more
            unread |= more_unread
        self._unread.replace("orders by id", unread)
        return found

    def open_orders(self) -> tuple[Order, ...]:
        orders, unread = self._read_orders(self._rows("OpenOrders", {}, "open"))
        self._unread.replace("open orders", unread)
        return tuple(orders.values())

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        orders, unread = self._read_orders(self._closed.rows(since))
        ended = [(order.closed, order) for order in orders.values() if order.closed is not None]
        undated = {order.exchange_id: "it lacks its closing time" for order in orders.values() if order.closed is None}
        self._unread.replace("closed orders", unread | undated)
        return tuple(order for moment, order in sorted(ended, key=lambda pair: pair[0]) if moment > since)

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        trades = self._trades.rows(since, urgent=protects)
        spot = {trade_id: row for trade_id, row in trades.items() if not _is_margin(row)}
        fills, unread = _read(spot, fill_of, self._public.symbols())
        self._unread.replace("fills", unread)
        recent = (fill for fill in fills.values() if fill.time >= since)
        return tuple(sorted(recent, key=lambda fill: (fill.time, fill.id)))

    def find(self, request: OrderRequest) -> Order | None:
        """The order with this request's client id, open or closed. Raises if either look-up was not answered.

        Open orders come first: an order that closes between the two look-ups is then found among the closed ones.
        """
        since = start_param(request.deadline - _SENT_BEFORE_DEADLINE)
        asked = {"cl_ord_id": request.client_id}
        return self._find("OpenOrders", asked, "open") or self._find("ClosedOrders", asked | {"start": since}, "closed")

    def _find(self, method: str, params: dict[str, str], field: str) -> Order | None:
        """An unreadable row may be the order itself, so the order is never taken for absent then."""
        rows = self._rows(method, params, field)
        found, unread = self._read_orders(rows)
        for exchange_id, why in unread.items():
            if _client_id(rows[exchange_id]) in (params["cl_ord_id"], None):
                raise BadAnswer(f"Kraken's order {exchange_id} cannot be read: {why}")
        return next((order for order in found.values() if order.client_id == params["cl_ord_id"]), None)

    def _rows(self, method: str, params: dict[str, str], field: str, *, urgent: bool = False) -> Rows:
        """An answer without its list is an error: taken for an empty list, it would hide orders that exist."""
        rows = self._client.read(method, params, urgent=urgent).get(field)
        if not isinstance(rows, dict):
            raise BadAnswer(f"Kraken's answer to {method} lacks `{field}`")
        return rows

    def _known_orders(self, exchange_ids: Sequence[str]) -> tuple[dict[str, Order], dict[str, str]]:
        """Kraken refuses the whole query for one bad id; each id is then queried on its own."""
        try:
            return self._query_orders(exchange_ids)
        except OrderNotFound:
            if len(exchange_ids) == 1:
                return {}, {}
        found: dict[str, Order] = {}
        unread: dict[str, str] = {}
        for exchange_id in exchange_ids:
            more, more_unread = self._known_orders([exchange_id])
            found |= more
            unread |= more_unread
        return found, unread

    def _query_orders(self, exchange_ids: Sequence[str]) -> tuple[dict[str, Order], dict[str, str]]:
        return self._read_orders(self._client.read("QueryOrders", {"txid": ",".join(exchange_ids)}))

    def _read_orders(self, rows: Mapping[str, Any]) -> tuple[dict[str, Order], dict[str, str]]:
        """The readable orders, and why the other rows cannot be read."""
        orders, unread = _read(rows, order_of, self._public.symbols())
        now, exchange_now = self._clock.monotonic(), self._public.exchange_clock.now()
        for order in orders.values():
            if not order.status.is_final:
                age = (exchange_now - order.created).total_seconds()
                self._engine.touched(order.exchange_id, order.market, now - age)
        return orders, unread


def _read(
    rows: Mapping[str, Any], read: Callable[[str, Any, Symbols], _T], symbols: Symbols
) -> tuple[dict[str, _T], dict[str, str]]:
    found: dict[str, _T] = {}
    unread: dict[str, str] = {}
    for row_id, row in rows.items():
        try:
            found[row_id] = read(row_id, row, symbols)
        except UNREADABLE as error:
            unread[row_id] = f"its shape is unknown ({type(error).__name__}: {error})"
    return found, unread


def _client_id(row: object) -> str | None:
    return str(row["cl_ord_id"]) if isinstance(row, dict) and row.get("cl_ord_id") else None


def _is_margin(row: object) -> bool:
    return isinstance(row, dict) and is_margin_trade(row)
