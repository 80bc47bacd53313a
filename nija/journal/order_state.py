"""The order state machine: its one table of transitions. docs/orders.md shows the same table."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.model import Order, OrderStatus

if TYPE_CHECKING:
    from collections.abc import Mapping


class OrderState(StrEnum):
    """The state of an order, as far as NIJA knows it. RELEASED: it is its owner's now, and NIJA leaves it alone."""

    INTENDED = "intended"
    SENT = "sent"
    UNKNOWN = "unknown"
    OPEN = "open"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    RELEASED = "released"

    @property
    def is_final(self) -> bool:
        return self in _FINAL

    @property
    def is_unresolved(self) -> bool:
        """Whether its outcome is not known yet."""
        return self in (OrderState.INTENDED, OrderState.SENT, OrderState.UNKNOWN)

    @property
    def is_live(self) -> bool:
        """Whether it is known to be live at the exchange."""
        return self in (OrderState.OPEN, OrderState.PARTLY_FILLED)


_S = OrderState
_FINAL = frozenset({_S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED, _S.RELEASED})
_SAID_BY_EXCHANGE = (_S.OPEN, _S.PARTLY_FILLED, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED)

TRANSITIONS: Mapping[OrderState, tuple[OrderState, ...]] = MappingProxyType(
    {
        _S.INTENDED: (_S.SENT, _S.CANCELLED),
        _S.SENT: (_S.UNKNOWN, *_SAID_BY_EXCHANGE),
        _S.UNKNOWN: _SAID_BY_EXCHANGE,
        _S.OPEN: (_S.PARTLY_FILLED, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED, _S.RELEASED),
        _S.PARTLY_FILLED: (_S.FILLED, _S.CANCELLED, _S.EXPIRED, _S.RELEASED),
        _S.FILLED: (),
        # An exchange may list an order that was believed never placed (a journal restored from an old copy):
        # it is adopted again and its outcome looked up.
        _S.CANCELLED: (_S.UNKNOWN,),
        _S.REJECTED: (_S.UNKNOWN,),
        _S.EXPIRED: (_S.UNKNOWN,),
        _S.RELEASED: (),
    }
)


class IllegalOrderTransition(Exception):
    """A bug in NIJA: the order is left as it was."""


def check_transition(client_id: str, old: OrderState, new: OrderState) -> None:
    """Raises IllegalOrderTransition."""
    if new not in TRANSITIONS[old]:
        raise IllegalOrderTransition(f"order {client_id}: {old} cannot become {new}")


def state_of(order: Order) -> OrderState:
    """NIJA's state for the exchange's status; the filled amount decides between OPEN and PARTLY_FILLED."""
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
            # A rejected order that filled in part counts as cancelled: its fills are real.
            return OrderState.CANCELLED if order.filled > 0 else OrderState.REJECTED
