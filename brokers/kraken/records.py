"""What Kraken has on record for one account: orders and fills."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from brokers.errors import BadAnswer, OrderNotFound
from brokers.kraken import history, wire
from brokers.retry import retry_reads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from brokers.clock import Clock
    from brokers.exchange_clock import ExchangeClock
    from brokers.kraken.client import PrivateClient
    from brokers.kraken.limits import EngineCounters
    from brokers.kraken.public import KrakenPublic
    from brokers.model import Fill, Order, OrderRequest

_QUERY_ORDERS_AT_MOST = 50
# An order is sent at most 60 seconds before its deadline, Kraken's own bound; the same again for safety.
_SENT_BEFORE_DEADLINE = timedelta(seconds=120)


class Records:
    """Every order that is read tells the engine's counters its age."""

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

    def read(self, method: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One private read, passing faults tried again."""
        return self._reads(lambda: self._client.query(method, params))

    def order(self, exchange_id: str) -> Order:
        """An order that Kraken does not know is an error of its own, OrderNotFound."""
        found = self._query_orders([exchange_id])
        if exchange_id not in found:
            raise BadAnswer(f"Kraken's QueryOrders did not say what became of {exchange_id}")
        return found[exchange_id]

    def orders(self, exchange_ids: Sequence[str]) -> dict[str, Order]:
        found: dict[str, Order] = {}
        for first in range(0, len(exchange_ids), _QUERY_ORDERS_AT_MOST):
            found |= self._known_of(exchange_ids[first : first + _QUERY_ORDERS_AT_MOST])
        return found

    def open_orders(self) -> tuple[Order, ...]:
        return tuple(self._orders(self._listed("OpenOrders", {}, "open")).values())

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        asked = {"start": history.start_param(since), "closetime": "close"}
        rows = history.all_rows(lambda cursor: self._listed("ClosedOrders", asked | cursor, "closed"), "closetm")
        ended = [(order.closed, order) for order in self._orders(rows).values()]
        recent = [(moment, order) for moment, order in ended if moment is not None and moment > since]
        return tuple(order for _, order in sorted(recent, key=lambda pair: pair[0]))

    def fills(self, since: datetime) -> tuple[Fill, ...]:
        asked = {"start": history.start_param(since), "consolidate_taker": "false"}
        rows = history.all_rows(lambda cursor: self._listed("TradesHistory", asked | cursor, "trades"), "time")
        symbols = self._public.symbols()
        with wire.understanding("fills"):
            fills = [wire.fill_of(fill_id, row, symbols) for fill_id, row in rows.items()]
        return tuple(sorted((fill for fill in fills if fill.time >= since), key=lambda fill: (fill.time, fill.id)))

    def find(self, request: OrderRequest) -> Order | None:
        """The order with this request's id, open or closed. Raises where either look-up was not answered.

        Open ones first: an order that closes in between is then found among the closed.
        """
        since = history.start_param(request.deadline - _SENT_BEFORE_DEADLINE)
        asked = {"cl_ord_id": request.client_id}
        return self._find("OpenOrders", asked, "open") or self._find("ClosedOrders", asked | {"start": since}, "closed")

    def _find(self, method: str, params: dict[str, str], field: str) -> Order | None:
        found = self._orders(self._listed(method, params, field)).values()
        return next((order for order in found if order.client_id == params["cl_ord_id"]), None)

    def _listed(self, method: str, params: dict[str, str], field: str) -> history.Rows:
        """An answer without its list says nothing: taken for an empty one, it would hide orders that exist."""
        rows = self.read(method, params).get(field)
        if not isinstance(rows, dict):
            raise BadAnswer(f"Kraken's {method} did not say what there is")
        return rows

    def _known_of(self, exchange_ids: Sequence[str]) -> dict[str, Order]:
        """One bad id makes Kraken refuse them all: then each is asked for by itself."""
        try:
            return self._query_orders(exchange_ids)
        except OrderNotFound:
            if len(exchange_ids) == 1:
                return {}
        found: dict[str, Order] = {}
        for exchange_id in exchange_ids:
            found |= self._known_of([exchange_id])
        return found

    def _query_orders(self, exchange_ids: Sequence[str]) -> dict[str, Order]:
        return self._orders(self.read("QueryOrders", {"txid": ",".join(exchange_ids)}))

    def _orders(self, rows: Mapping[str, Any]) -> dict[str, Order]:
        symbols = self._public.symbols()
        with wire.understanding("orders"):
            orders = {exchange_id: wire.order_of(exchange_id, row, symbols) for exchange_id, row in rows.items()}
        now, exchange_now = self._clock.monotonic(), self._exchange_clock.now()
        for order in orders.values():
            if not order.status.is_final:
                age = (exchange_now - order.created).total_seconds()
                self._engine.touched(order.exchange_id, order.market, now - age)
        return orders
