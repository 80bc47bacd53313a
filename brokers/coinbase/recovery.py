"""What became of an order whose outcome is unknown.

A client order id is an idempotency key at Coinbase: the same id and body sent again create nothing new and name the
first order. But a resend also *creates* the order where the first attempt never arrived, so the rule is:

- certainly before the request's deadline the same order is sent again and the answer adopted. A refusal means that the
  first attempt was not placed either, unless it speaks of a duplicate or of a passing state of the market;
- after the deadline nothing is sent, so that an outage never ends in an entry that nobody wants any more. The orders of
  the market are searched for the id instead;
- the order is absent only when a complete search certainly began after the last moment at which the exchange could
  still have accepted it (a token lives for 120 s) and after a margin in which an accepted order may not yet be listed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.coinbase.refusals import PassingRefusal
from brokers.coinbase.tokens import TOKEN_LIFE
from brokers.errors import MarketRefused, OrderNotFound, OrderRejected, OutcomeUnknown
from brokers.model import Absent, Found, Undetermined

if TYPE_CHECKING:
    from brokers.coinbase.orders import Orders
    from brokers.exchange_clock import ExchangeClock
    from brokers.model import Market, Order, OrderRequest, Resolution

_LISTING_MARGIN = timedelta(seconds=60)
# No order is sent with a deadline further off than this, so that a search knows how far back it must reach.
LONGEST_DEADLINE = timedelta(days=1)
_CLOCK_ROOM = timedelta(minutes=10)


def resolve(orders: Orders, request: OrderRequest, market: Market | None, clock: ExchangeClock) -> Resolution:
    """`clock` is the one that tokens are dated by. Where it does not know the time, nothing is sent or called absent.

    A market that is no longer on offer (None) takes no resend, but its orders can still be searched.
    """
    now, uncertainty = clock.now(), clock.uncertainty()
    if market is not None and uncertainty is not None and now + uncertainty < request.deadline:
        return _send_again(orders, request, market)
    found = _search(orders, request)
    if found is not None:
        return Found(found)
    if uncertainty is None:
        return Undetermined("not listed so far, and Coinbase's time is not known")
    absent_from = request.deadline + timedelta(seconds=TOKEN_LIFE) + _LISTING_MARGIN
    if now - uncertainty > absent_from:
        return Absent("not among the orders of its market after it could last have been accepted")
    return Undetermined(f"not listed so far; it can only be called absent after {absent_from:%H:%M:%S} UTC")


def _send_again(orders: Orders, request: OrderRequest, market: Market) -> Resolution:
    try:
        order_id = orders.create(request, market)
    except OutcomeUnknown as error:
        return Undetermined(f"sent again without a clear answer: {error}")
    except (OrderRejected, MarketRefused, PassingRefusal) as refusal:
        return _after_refusal(orders, request, refusal)
    try:
        return Found(orders.by_id(order_id))
    except OrderNotFound:
        return Undetermined(f"accepted as {order_id}, which the exchange does not show yet")


def _after_refusal(
    orders: Orders, request: OrderRequest, refusal: OrderRejected | MarketRefused | PassingRefusal
) -> Resolution:
    """The search comes first: what the first attempt binds may be the very reason of the refusal."""
    found = _search(orders, request)
    if found is not None:
        return Found(found)
    if "DUPLICATE" in str(refusal) or isinstance(refusal, PassingRefusal):
        return Undetermined(f"sent again and refused, which says nothing of the first attempt: {refusal}")
    return Absent(f"sent again and refused: {refusal}")


def _search(orders: Orders, request: OrderRequest) -> Order | None:
    return orders.find(request, request.deadline - LONGEST_DEADLINE - _CLOCK_ROOM)
