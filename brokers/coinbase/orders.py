"""The order endpoints of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.client_order_id import purpose_of
from brokers.coinbase.ended_orders import LISTING, EndedOrders
from brokers.coinbase.json_fields import is_spot, optional_text, product_id, rfc3339, rows, section
from brokers.coinbase.order_format import body_of, preview_body_of, refusal_message, refusal_reason
from brokers.coinbase.order_mapping import name_of, order_of
from brokers.coinbase.refusals import Scope, lacks_funds, order_refusal, preview_refusal, scope_of
from brokers.errors import BadAnswer, OutcomeUnknown, RequestRefused
from brokers.unread_rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from brokers.clock import Clock
    from brokers.coinbase.client import CoinbaseClient
    from brokers.coinbase.json_fields import JsonObject
    from brokers.model import Market, Order, OrderRequest
    from brokers.unread_rows import UnreadRows

_PAGE = 100
_IDS_PER_QUERY = 50
# OPEN cannot be asked for together with another status, and leaves these out.
_ON_THE_WAY = ["PENDING", "QUEUED", "CANCEL_QUEUED", "EDIT_QUEUED"]
_GONE = ("UNKNOWN_CANCEL_ORDER", "ORDER_IS_FULLY_FILLED", "DUPLICATE_CANCEL_REQUEST")
_SPOT = ("", "SPOT", "UNKNOWN_PRODUCT_TYPE")
# The farther a refusal reaches, the more it says.
_FARTHEST_FIRST = (Scope.MARKET, Scope.ORDER, Scope.MOMENT)


class Orders:
    def __init__(self, client: CoinbaseClient, clock: Clock, now: Callable[[], datetime], unread: UnreadRows) -> None:
        """`now` is the exchange's time."""
        self._client = client
        self._now = now
        self._unread = unread
        self._ended = EndedOrders(client, clock, lambda listed: self._read("ended orders", listed), self._rows_by_ids)

    def create(self, request: OrderRequest, market: Market) -> str:
        """The exchange's id. A refusal comes with HTTP 200; success without an id says nothing certain."""
        answer = self._client.create("/orders", body_of(request, market))
        if answer.get("success") is False:
            raise order_refusal(refusal_reason(answer), refusal_message(answer))
        accepted = answer.get("success_response")
        order_id = optional_text(accepted, "order_id") if isinstance(accepted, dict) else ""
        if answer.get("success") is not True or not order_id:
            raise OutcomeUnknown("Coinbase answered an order neither with its id nor with a refusal")
        return order_id

    def preview(self, request: OrderRequest, market: Market) -> None:
        """Raises OrderRejected or MarketRefused where the order would be refused, but not for coins that another binds.

        `errs` holds the reasons; where there is none it is empty, and a `preview_id` is told. Whether a lack of funds
        hides other reasons is not documented (orders/preview-orders, looked up in November 2026).
        """
        answer = self._client.repeat("/orders/preview", preview_body_of(request, market))
        errs = answer.get("errs")
        if not isinstance(errs, list) and not (errs is None and optional_text(answer, "preview_id")):
            raise BadAnswer("Coinbase answered a preview without its list `errs`")
        reasons = [reason if isinstance(reason, str) else "UNKNOWN_PREVIEW_FAILURE_REASON" for reason in errs or ()]
        refusing = [reason for reason in reasons if not lacks_funds(reason)]
        if refusing:
            raise preview_refusal(min(refusing, key=lambda reason: _FARTHEST_FIRST.index(scope_of(reason))))

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
        found = _by_id(self._read("orders by id", self._rows_by_ids(order_ids)))
        return {order_id: found[order_id] for order_id in dict.fromkeys(order_ids) if order_id in found}

    def open(self) -> tuple[Order, ...]:
        """Those on the way first: one that reaches the book between the two questions is then seen by the second."""
        began = self._now()
        listed = [*self._list(order_status=_ON_THE_WAY), *self._list(order_status=["OPEN"])]
        spot = list(filter(_is_ours_to_read, listed))
        orders = self._read("open orders", [*self._of_the_simple_pages(), *spot])
        self._ended.saw_open(filter(None, (optional_text(row, "order_id") for row in spot)), began)
        return tuple(_by_id(orders).values())

    def closed(self, since: datetime) -> tuple[Order, ...]:
        """Oldest first. What ended on the simple pages is not among them; the fills tell what it did."""
        return self._ended.since(since, self._now())

    def find(self, request: OrderRequest, since: datetime) -> Order | None:
        """The order of this request among all of its market made since then, whatever became of it.

        None only after a complete search. Raises BadAnswer where a row that may be it cannot be read.
        """
        products = [product_id(request.market)]
        listed = [
            *self._list(product_ids=products, order_status=_ON_THE_WAY),
            *self._list(product_ids=products, order_status=["OPEN"]),
            *self._list(product_ids=products, start_date=rfc3339(since)),
        ]
        for row in listed:
            # One without an id may be anybody's.
            if optional_text(row, "client_order_id") in ("", request.client_id):
                order = order_of(row)
                if order.client_id == request.client_id:
                    return order
        return None

    def _of_the_simple_pages(self) -> list[JsonObject]:
        """What the owner ordered there binds coins as well, but is left out of every list that does not name it."""
        unread = self._unread.begin("simple pages")
        try:
            return self._list(order_status=["OPEN"], order_placement_source="RETAIL_SIMPLE")
        except RequestRefused as error:
            unread["open orders of the simple pages"] = str(error)
            return []

    def _list(self, **params: object) -> list[JsonObject]:
        return self._client.pages(LISTING, "orders", limit=_PAGE, **params)

    def _rows_by_ids(self, order_ids: Sequence[str]) -> list[JsonObject]:
        wanted = list(dict.fromkeys(order_ids))
        portions = (wanted[start : start + _IDS_PER_QUERY] for start in range(0, len(wanted), _IDS_PER_QUERY))
        return [row for portion in portions for row in self._list(order_ids=portion)]

    def _read(self, name: str, listed: Iterable[JsonObject]) -> list[Order]:
        return read_rows(filter(_is_ours_to_read, listed), order_of, name_of, self._unread.begin(name))


def _is_ours_to_read(row: JsonObject) -> bool:
    """Futures and the like bind no coins; a row that does not say what it is may well do."""
    if purpose_of(optional_text(row, "client_order_id")) is not None:
        return True
    product = optional_text(row, "product_id")
    return optional_text(row, "product_type") in _SPOT and (not product or is_spot(product))


def _by_id(orders: Iterable[Order]) -> dict[str, Order]:
    """Each order once, as it was told last."""
    return {order.exchange_id: order for order in orders}
