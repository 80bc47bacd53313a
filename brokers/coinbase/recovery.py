"""What became of an order whose outcome is unknown.

A client order id is an idempotency key at Coinbase: sending the same id and body again creates nothing new and returns
the first order. But a resend also *creates* the order if the first attempt never arrived. Hence the rule:

- While it is certainly before the request's deadline, the same order is sent again and the answer adopted. A refusal
  means that the first attempt was not placed either, unless it reports a duplicate or a temporary state of the market.
- After the deadline nothing is sent, so that an outage never ends in an entry that nobody wants any more. Instead the
  orders of the market are searched for the id.
- The order is absent only if a complete search certainly began after the last moment at which the exchange could
  have accepted it (a token lives for 120 s), plus a margin in which an accepted order may not be listed yet.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.coinbase.refusals import TemporaryRefusal
from brokers.coinbase.tokens import TOKEN_LIFE
from brokers.errors import MarketRefused, OrderNotFound, OrderRejected, OutcomeUnknown
from brokers.model import Absent, Found, Undetermined

if TYPE_CHECKING:
    from brokers.coinbase.lookups import CoinbaseLookups
    from brokers.coinbase.orders import CoinbaseOrders
    from brokers.exchange_clock import ExchangeClock
    from brokers.model import Market, Order, OrderRequest, Resolution

ABSENCE_MARGIN = timedelta(seconds=60)
# No order is sent with a later deadline, so that a search knows how far back it must reach.
LONGEST_DEADLINE = timedelta(days=1)
_CLOCK_MARGIN = timedelta(minutes=10)


def resolve(
    orders: CoinbaseOrders,
    lookups: CoinbaseLookups,
    request: OrderRequest,
    market: Market | None,
    clock: ExchangeClock,
) -> Resolution:
    """`clock` also dates the tokens. While the exchange's time is unknown, nothing is sent or called absent.

    An order of a market that is no longer listed (None) is not sent again, but its orders can still be searched.
    """
    now, uncertainty = clock.now(), clock.uncertainty()
    if market is not None and uncertainty is not None and now + uncertainty < request.deadline:
        return _send_again(orders, lookups, request, market)
    found = _search(lookups, request)
    if found is not None:
        return Found(found)
    if uncertainty is None:
        return Undetermined("not listed so far, and Coinbase's time is not known")
    absent_from = request.deadline + timedelta(seconds=TOKEN_LIFE) + ABSENCE_MARGIN
    if now - uncertainty > absent_from:
        return Absent("not among the orders of its market after it could last have been accepted")
    return Undetermined(f"not listed so far; it can only be called absent after {absent_from:%H:%M:%S} UTC")


def _send_again(orders: CoinbaseOrders, lookups: CoinbaseLookups, request: OrderRequest, market: Market) -> Resolution:
    try:
        order_id = orders.create(request, market)
    except OutcomeUnknown as error:
        return Undetermined(f"sent again without a clear answer: {error}")
    except (OrderRejected, MarketRefused, TemporaryRefusal) as refusal:
        return _after_refusal(lookups, request, refusal)
    try:
        return Found(lookups.order(order_id))
    except OrderNotFound:
        return Undetermined(f"accepted as {order_id}, which the exchange does not show yet")


def _after_refusal(
    lookups: CoinbaseLookups, request: OrderRequest, refusal: OrderRejected | MarketRefused | TemporaryRefusal
) -> Resolution:
    """Searches first: coins held by the first attempt may be the very reason for the refusal."""
    found = _search(lookups, request)
    if found is not None:
        return Found(found)
    if "DUPLICATE" in str(refusal) or isinstance(refusal, TemporaryRefusal):
        return Undetermined(f"sent again and refused, which says nothing about the first attempt: {refusal}")
    return Absent(f"sent again and refused: {refusal}")


def _search(lookups: CoinbaseLookups, request: OrderRequest) -> Order | None:
    return lookups.find(request, request.deadline - LONGEST_DEADLINE - _CLOCK_MARGIN)
