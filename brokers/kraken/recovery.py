"""What became of an order whose outcome is unknown.

The order is looked up by its client order id, among the open and then the closed orders; nothing is ever sent again. It
is absent only if the look-up certainly began, by the exchange's clock, when the order could no longer appear.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.kraken.json_fields import rfc3339
from brokers.model import Absent, Found, Undetermined

if TYPE_CHECKING:
    from brokers.exchange_clock import ExchangeClock
    from brokers.kraken.lookups import KrakenLookups
    from brokers.model import OrderRequest, Resolution

# Kraken accepts nothing after the deadline, but orders accepted before it have appeared up to a minute late.
ABSENCE_MARGIN = timedelta(seconds=60)


def resolve(
    lookups: KrakenLookups, request: OrderRequest, clock: ExchangeClock, absence_margin: timedelta
) -> Resolution:
    """`absence_margin` is how long after its deadline an accepted order may still appear. Raises BrokerError."""
    now, uncertainty = clock.now(), clock.uncertainty()
    order = lookups.find(request)
    if order is not None:
        return Found(order)
    if uncertainty is None:
        return Undetermined("Kraken's time is not known")
    settled = request.deadline + absence_margin
    if now - uncertainty > settled:
        return Absent(f"neither open nor closed at {rfc3339(now)}, after its deadline and the margin")
    return Undetermined(f"it may still appear until {rfc3339(settled)}")
