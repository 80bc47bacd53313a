"""What Kraken has on record for one account: orders and fills."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from brokers.errors import BadAnswer, OrderNotFound
from brokers.kraken.json_fields import UNREADABLE, parsing
from brokers.kraken.order_mapping import fill_of, is_margin_trade, order_of
from brokers.kraken.paging import History, Rows, start_param
from brokers.retry import retry_reads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from brokers.clock import Clock
    from brokers.exchange_clock import ExchangeClock
    from brokers.kraken.client import PrivateClient
    from brokers.kraken.limits import EngineCounters
    from brokers.kraken.public import KrakenPublic
    from brokers.kraken.symbols import Symbols
    from brokers.model import Fill, Order, OrderRequest

_T = TypeVar("_T")

_QUERY_ORDERS_AT_MOST = 50
# An order is sent at most 60 seconds before its deadline, Kraken's own bound; the same again for safety.
_SENT_BEFORE_DEADLINE = timedelta(seconds=120)


class Records:
    """Every order that is read tells the engine's counters its age. One row that cannot be read hides no other."""

    def __init__(
        self,
        client: PrivateClient,
        public: KrakenPublic,
        *,
        clock: Clock,
        exchange_clock: ExchangeClock,
        engine: EngineCounters,
    ) -> None:
        self._client = client
        self._public = public
        self._clock = clock
        self._exchange_clock = exchange_clock
        self._engine = engine
        self._reads = retry_reads(clock)
        self._ended = History(
            lambda page, _: self._listed("ClosedOrders", {"closetime": "close"} | page, "closed"), "closetm", clock
        )
        self._trades = History(
            lambda page, urgent: self._listed(
                "TradesHistory", {"consolidate_taker": "false"} | page, "trades", urgent=urgent
            ),
            "time",
            clock,
        )
        self._unread: dict[str, Mapping[str, str]] = {}

    def read(self, method: str, params: Mapping[str, str] | None = None, *, urgent: bool = False) -> dict[str, Any]:
        """One private read, passing faults tried again."""
        return self._reads(lambda: self._client.query(method, params, urgent=urgent))

    def key_permissions(self) -> frozenset[str]:
        """What the key may do; asking needs no permission."""
        with parsing("key rights"):
            return frozenset(str(name) for name in self.read("GetApiKeyInfo")["permissions"])

    def unread(self) -> dict[str, str]:
        """Why rows of the last answer of each kind could not be read, by their id."""
        return {row_id: why for rows in list(self._unread.values()) for row_id, why in rows.items()}

    def order(self, exchange_id: str) -> Order:
        """An order that Kraken does not know is an error of its own, OrderNotFound."""
        found, unread = self._query_orders([exchange_id])
        if exchange_id in unread:
            raise BadAnswer(f"Kraken's order {exchange_id} cannot be read: {unread[exchange_id]}")
        if exchange_id not in found:
            raise BadAnswer(f"Kraken's QueryOrders did not say what became of {exchange_id}")
        return found[exchange_id]

    def orders(self, exchange_ids: Sequence[str]) -> dict[str, Order]:
        # A fill may name no order.
        asked = [exchange_id for exchange_id in exchange_ids if exchange_id]
        found: dict[str, Order] = {}
        unread: dict[str, str] = {}
        for first in range(0, len(asked), _QUERY_ORDERS_AT_MOST):
            these, those = self._known_of(asked[first : first + _QUERY_ORDERS_AT_MOST])
            found |= these
            unread |= those
        self._unread["asked for"] = unread
        return found

    def open_orders(self) -> tuple[Order, ...]:
        orders, self._unread["open"] = self._orders(self._listed("OpenOrders", {}, "open"))
        return tuple(orders.values())

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        orders, unread = self._orders(self._ended.rows(since))
        ended = [(order.closed, order) for order in orders.values() if order.closed is not None]
        undated = [order for order in orders.values() if order.closed is None]
        self._unread["closed"] = unread | {order.exchange_id: "it does not say when it ended" for order in undated}
        return tuple(order for moment, order in sorted(ended, key=lambda pair: pair[0]) if moment > since)

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        spot = {
            trade_id: row for trade_id, row in self._trades.rows(since, urgent=protects).items() if not _is_margin(row)
        }
        fills, self._unread["fills"] = _read(spot, fill_of, self._public.symbols())
        recent = (fill for fill in fills.values() if fill.time >= since)
        return tuple(sorted(recent, key=lambda fill: (fill.time, fill.id)))

    def find(self, request: OrderRequest) -> Order | None:
        """The order with this request's id, open or closed. Raises where either look-up was not answered.

        Open ones first: an order that closes in between is then found among the closed.
        """
        since = start_param(request.deadline - _SENT_BEFORE_DEADLINE)
        asked = {"cl_ord_id": request.client_id}
        return self._find("OpenOrders", asked, "open") or self._find("ClosedOrders", asked | {"start": since}, "closed")

    def _find(self, method: str, params: dict[str, str], field: str) -> Order | None:
        """A row that cannot be read may be the very one: it is never taken for an absent order."""
        rows = self._listed(method, params, field)
        found, unread = self._orders(rows)
        for exchange_id, why in unread.items():
            if _client_id(rows[exchange_id]) in (params["cl_ord_id"], None):
                raise BadAnswer(f"Kraken's order {exchange_id} cannot be read: {why}")
        return next((order for order in found.values() if order.client_id == params["cl_ord_id"]), None)

    def _listed(self, method: str, params: dict[str, str], field: str, *, urgent: bool = False) -> Rows:
        """An answer without its list says nothing: taken for an empty one, it would hide orders that exist."""
        rows = self.read(method, params, urgent=urgent).get(field)
        if not isinstance(rows, dict):
            raise BadAnswer(f"Kraken's {method} did not say what there is")
        return rows

    def _known_of(self, exchange_ids: Sequence[str]) -> tuple[dict[str, Order], dict[str, str]]:
        """One bad id makes Kraken refuse them all: then each is asked for by itself."""
        try:
            return self._query_orders(exchange_ids)
        except OrderNotFound:
            if len(exchange_ids) == 1:
                return {}, {}
        found: dict[str, Order] = {}
        unread: dict[str, str] = {}
        for exchange_id in exchange_ids:
            these, those = self._known_of([exchange_id])
            found |= these
            unread |= those
        return found, unread

    def _query_orders(self, exchange_ids: Sequence[str]) -> tuple[dict[str, Order], dict[str, str]]:
        return self._orders(self.read("QueryOrders", {"txid": ",".join(exchange_ids)}))

    def _orders(self, rows: Mapping[str, Any]) -> tuple[dict[str, Order], dict[str, str]]:
        """Those that can be read, and why others cannot."""
        orders, unread = _read(rows, order_of, self._public.symbols())
        now, exchange_now = self._clock.monotonic(), self._exchange_clock.now()
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
