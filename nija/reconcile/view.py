"""What the exchange says of an account, read in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from brokers.base import Broker
    from brokers.model import Balance, Fill, Order


@dataclass(frozen=True, slots=True)
class Asks:
    """Whether, with these orders, there can be anything in the fills or in the balances that is not known."""

    fills: Callable[[Sequence[Order]], bool]
    balances: Callable[[Sequence[Order]], bool]


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """`since`: how far back what has ended, and fills, were read; these and balances only where there was need to."""

    since: datetime
    open_orders: tuple[Order, ...]
    closed_orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    balances: Mapping[str, Balance]

    def orders(self) -> tuple[Order, ...]:
        """Each order once; where it ended while this was read, its end counts."""
        by_id = {order.exchange_id: order for order in self.open_orders}
        by_id.update({order.exchange_id: order for order in self.closed_orders})
        return tuple(by_id.values())


def read(broker: Broker, since: datetime, asks: Asks) -> ExchangeView:
    """Open before closed, orders before fills: what moves on meanwhile is then seen in the later answer.

    What `asks` does not want is not asked for: fills are the dearest question there is. Raises BrokerError.
    """
    open_orders, closed_orders = broker.open_orders(), broker.closed_orders(since)
    orders = (*open_orders, *closed_orders)
    return ExchangeView(
        since=since,
        open_orders=open_orders,
        closed_orders=closed_orders,
        fills=broker.fills(since) if asks.fills(orders) else (),
        balances=broker.balances() if asks.balances(orders) else {},
    )
