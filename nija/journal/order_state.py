"""The order state machine: the one table of what may follow what. docs/orders.md shows the same table."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.model import OrderStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.model import Order


class OrderState(StrEnum):
    """How far NIJA knows an order to have come."""

    INTENDED = "intended"
    SENT = "sent"
    UNKNOWN = "unknown"
    OPEN = "open"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        return self in (OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED)

    @property
    def is_unresolved(self) -> bool:
        """Whether the exchange has not yet said what became of it."""
        return self in (OrderState.INTENDED, OrderState.SENT, OrderState.UNKNOWN)

    @property
    def is_live(self) -> bool:
        """Whether it is known to work at the exchange."""
        return self in (OrderState.OPEN, OrderState.PARTLY_FILLED)


_S = OrderState
_SAID_BY_EXCHANGE = (_S.OPEN, _S.PARTLY_FILLED, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED)

TRANSITIONS: Mapping[OrderState, tuple[OrderState, ...]] = MappingProxyType(
    {
        _S.INTENDED: (_S.SENT, _S.CANCELLED),
        _S.SENT: (_S.UNKNOWN, *_SAID_BY_EXCHANGE),
        _S.UNKNOWN: _SAID_BY_EXCHANGE,
        _S.OPEN: (_S.PARTLY_FILLED, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED),
        _S.PARTLY_FILLED: (_S.FILLED, _S.CANCELLED, _S.EXPIRED),
        _S.FILLED: (),
        # An exchange may show an order after all that was thought never placed (a journal restored from an old
        # copy): it is taken up again, and what became of it is asked anew.
        _S.CANCELLED: (_S.UNKNOWN,),
        _S.REJECTED: (_S.UNKNOWN,),
        _S.EXPIRED: (_S.UNKNOWN,),
    }
)


class IllegalOrderTransition(Exception):
    """A fault of NIJA's own: the order is left as it was."""


def check_transition(client_id: str, old: OrderState, new: OrderState) -> None:
    """Raises IllegalTransition."""
    if new not in TRANSITIONS[old]:
        raise IllegalOrderTransition(f"order {client_id}: {old} cannot become {new}")


def state_of(order: Order) -> OrderState:
    """The exchange's status in NIJA's words; what filled decides between OPEN and PARTLY_FILLED."""
    match order.status:
        case OrderStatus.PENDING | OrderStatus.OPEN:
            return OrderState.PARTLY_FILLED if order.filled > 0 else OrderState.OPEN
        case OrderStatus.FILLED:
            return OrderState.FILLED
        case OrderStatus.CANCELLED:
            return OrderState.CANCELLED
        case OrderStatus.EXPIRED:
            return OrderState.EXPIRED
        case OrderStatus.REJECTED:
            # A dead order that filled in part is cancelled for the rest: its fills count.
            return OrderState.CANCELLED if order.filled > 0 else OrderState.REJECTED
