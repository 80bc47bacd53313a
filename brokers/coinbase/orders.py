"""Coinbase's order endpoints: place, preview and cancel. Amending is not supported: see `CoinbaseBroker`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.coinbase.json_fields import optional_text, rows
from brokers.coinbase.order_mapping import order_body, preview_body
from brokers.coinbase.refusals import (
    Scope,
    lacks_funds,
    order_refusal,
    preview_refusal,
    refusal_message,
    refusal_reason,
    scope_of,
)
from brokers.errors import BadAnswer, OutcomeUnknown, RequestRefused

if TYPE_CHECKING:
    from brokers.coinbase.client import CoinbaseClient
    from brokers.coinbase.lookups import CoinbaseLookups
    from brokers.model import Market, OrderRequest

_ALREADY_ENDED = ("UNKNOWN_CANCEL_ORDER", "ORDER_IS_FULLY_FILLED", "DUPLICATE_CANCEL_REQUEST")
_WIDEST_FIRST = (Scope.MARKET, Scope.ORDER, Scope.MOMENT)


class CoinbaseOrders:
    def __init__(self, client: CoinbaseClient, lookups: CoinbaseLookups) -> None:
        self._client = client
        self._lookups = lookups

    def create(self, request: OrderRequest, market: Market) -> str:
        """Send an order and return Coinbase's id for it. OutcomeUnknown: it may have been placed.

        A refusal comes with HTTP 200; success without an id is not a clear answer.
        """
        answer = self._client.create("/orders", order_body(request, market))
        if answer.get("success") is False:
            raise order_refusal(refusal_reason(answer), refusal_message(answer))
        accepted = answer.get("success_response")
        order_id = optional_text(accepted, "order_id") if isinstance(accepted, dict) else ""
        if answer.get("success") is not True or not order_id:
            raise OutcomeUnknown("Coinbase answered an order neither with its id nor with a refusal")
        return order_id

    def preview(self, request: OrderRequest, market: Market) -> None:
        """Raise OrderRejected or MarketRefused if the order would be refused for anything but a lack of funds.

        `errs` holds the reasons; without any it is empty and the answer has a `preview_id`. It is not documented
        whether a lack of funds hides other reasons (orders/preview-orders, as of November 2026).
        """
        answer = self._client.repeat("/orders/preview", preview_body(request, market))
        errs = answer.get("errs")
        if not isinstance(errs, list) and not (errs is None and optional_text(answer, "preview_id")):
            raise BadAnswer("Coinbase answered a preview without its list `errs`")
        reasons = [reason if isinstance(reason, str) else "UNKNOWN_PREVIEW_FAILURE_REASON" for reason in errs or ()]
        refusing = [reason for reason in reasons if not lacks_funds(reason)]
        if refusing:
            raise preview_refusal(min(refusing, key=lambda reason: _WIDEST_FIRST.index(scope_of(reason))))

    def cancel(self, order_id: str) -> None:
        """Success only means that the cancellation has begun; each row has its own result.

        Coinbase does not document which reason it gives for an order that has ended, so unknown ones are checked.
        """
        answer = self._client.repeat("/orders/batch_cancel", {"order_ids": [order_id]})
        row = next((row for row in rows(answer, "results") if row.get("order_id") == order_id), None)
        if row is None:
            raise BadAnswer(f"Coinbase did not say whether order {order_id} is being cancelled")
        reason = optional_text(row, "failure_reason")
        if row.get("success") is True or reason in _ALREADY_ENDED:
            return
        if not self._lookups.order(order_id).status.is_final:
            raise RequestRefused(f"Coinbase does not cancel order {order_id}: {reason or 'no reason given'}")
