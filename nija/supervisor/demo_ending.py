"""What the end of a demo says: what happened, and what to do next."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.figures import duration, signed_money
from nija.events import PositionClosed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.clock import Clock
    from nija.events import Event

_DAY = 86_400
_NEXT = "   → Your own account: ./start.sh setup. Real prices and made-up money: NIJA_MODE=paper ./start.sh"


class DemoEnding:
    """Counts the results of a demo that begins now. `on_event` may be called by any thread."""

    def __init__(self, market_speed: float, clock: Clock) -> None:
        self._speed = market_speed
        self._clock = clock
        self._began = clock.monotonic()
        self._lock = threading.Lock()
        self._closed = 0
        self._net: dict[str, Decimal] = {}

    def on_event(self, event: Event) -> None:
        if isinstance(event, PositionClosed):
            quote = event.market.partition("/")[2]
            with self._lock:
                self._closed += 1
                self._net[quote] = self._net.get(quote, Decimal(0)) + event.net

    def lines(self, open_positions: int) -> Iterator[str]:
        ran = self._clock.monotonic() - self._began
        closed = f"{self._closed} {'position' if self._closed == 1 else 'positions'} closed"
        result = " and ".join(signed_money(net, quote) for quote, net in sorted(self._net.items()))
        earned = f" with {result} after fees" if result else ""
        days = int(ran * self._speed / _DAY)
        yield (
            f"🎭 The demo ran {duration(ran)}, {days} market days: {closed}{earned}, {open_positions} still open. "
            "No real money moved"
        )
        yield _NEXT
