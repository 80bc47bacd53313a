"""The order endpoints of one account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.coinbase.order_format import body_of, order_of, refusal_message, refusal_reason
from brokers.coinbase.wire import is_spot, optional_text, product_id, rfc3339, rows, section
from brokers.errors import BadAnswer, OrderRejected, OutcomeUnknown, RequestRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from brokers.coinbase.client import CoinbaseClient
    from brokers.coinbase.wire import JsonObject
    from brokers.model import Market, Order, OrderRequest

_PAGE = 100
_IDS_PER_QUERY = 50
# OPEN cannot be asked for together with another status, and leaves these out.
_ON_THE_WAY = ["PENDING", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"]
_ENDED = ["FILLED", "CANCELLED", "EXPIRED", "FAILED"]
# Lists are cut by the day an order was made, and a stop may have rested for weeks before it ended.
_LONGEST_REST = timedelta(days=90)
_GONE = ("UNKNOWN_CANCEL_ORDER", "ORDER_IS_FULLY_FILLED", "DUPLICATE_CANCEL_REQUEST")


class Orders:
    def __init__(self, client: CoinbaseClient) -> None:
        self._client = client

    def create(self, request: OrderRequest, market: Market) -> str:
        """The exchange's id. A refusal comes with HTTP 200; success without an id says nothing certain."""
        answer = self._client.create("/orders", body_of(request, market))
        if answer.get("success") is False:
            reason = refusal_reason(answer)
            raise OrderRejected(f"Coinbase rejected the order: {reason} {refusal_message(answer)}".strip(), reason)
        accepted = answer.get("success_response")
        order_id = optional_text(accepted, "order_id") if isinstance(accepted, dict) else ""
        if answer.get("success") is not True or not order_id:
            raise OutcomeUnknown("Coinbase answered an order neither with its id nor with a refusal")
        return order_id

    def cancel(self, order_id: str) -> None:
        """Success only means that cancelling has begun; each row has its own result.

        Which reason an order gives that has ended already is not documented, so an unknown one is looked into.
        """
        answer = self._client.repeat("/orders/batch_cancel", {"order_ids": [order_id]})
        row = next((row for row in rows(answer, "results") if row.get("order_id") == order_id), None)
        if row is None:
            raise BadAnswer(f"Coinbase did not say whether order {order_id} is being cancelled")
        reason = optional_text(row, "failure_reason")
        if row.get("success") is not True and reason not in _GONE and not self.by_id(order_id).status.is_final:
            raise RequestRefused(f"Coinbase does not cancel order {order_id}: {reason or 'no reason given'}")

    def by_id(self, order_id: str) -> Order:
        return order_of(section(self._client.get(f"/orders/historical/{order_id}"), "order"))

    def by_ids(self, order_ids: Sequence[str]) -> Mapping[str, Order]:
        wanted = list(dict.fromkeys(order_ids))
        found: dict[str, Order] = {}
        for start in range(0, len(wanted), _IDS_PER_QUERY):
            found |= _by_id(self._list(order_ids=wanted[start : start + _IDS_PER_QUERY]))
        return {order_id: found[order_id] for order_id in wanted if order_id in found}

    def open(self) -> tuple[Order, ...]:
        """Those on the way first: one that reaches the book between the two questions is then seen by the second."""
        on_the_way = self._list(order_status=_ON_THE_WAY)
        return tuple(_by_id([*on_the_way, *self._list(order_status=["OPEN"])]).values())

    def closed(self, since: datetime) -> tuple[Order, ...]:
        """Oldest first. Where the exchange does not say when an order ended, it is told rather than left out."""
        listed = self._list(order_status=_ENDED, start_date=rfc3339(since - _LONGEST_REST))
        ended = [order for order in listed if order.closed is None or order.closed >= since]
        return tuple(sorted(_by_id(ended).values(), key=lambda order: order.closed or order.created))

    def of_market(self, market: str, since: datetime) -> Iterable[Order]:
        """Every order of a market made since then, whatever became of it. Complete, or an error is raised."""
        products = [product_id(market)]
        on_the_way = self._list(product_ids=products, order_status=_ON_THE_WAY)
        opened = self._list(product_ids=products, order_status=["OPEN"])
        return [*on_the_way, *opened, *self._list(product_ids=products, start_date=rfc3339(since))]

    def _list(self, **params: object) -> list[Order]:
        listed = self._client.pages("/orders/historical/batch", "orders", limit=_PAGE, **params)
        return [order_of(row) for row in listed if _is_spot(row)]


def _is_spot(row: JsonObject) -> bool:
    return optional_text(row, "product_type") in ("", "SPOT") and is_spot(optional_text(row, "product_id"))


def _by_id(orders: Iterable[Order]) -> dict[str, Order]:
    """Each order once, as it was told last."""
    return {order.exchange_id: order for order in orders}
