"""Counters by account: filled orders, and warnings and errors in the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from prometheus_client import Counter

from nija.events import OrderFilled

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from nija.events import Event


class FillCounter:
    """A listener for the process's events."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._fills = Counter("nija_orders_filled", "Orders filled", ["account", "side"], registry=registry)

    def on_event(self, event: Event) -> None:
        if isinstance(event, OrderFilled):
            self._fills.labels(str(event.account), event.side.value).inc()


class TroubleCounter(logging.Handler):
    """Counts log records without keeping their text. Attach it to the root logger."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(logging.WARNING)
        self._troubles = Counter(
            "nija_log_troubles", "Warnings and errors in the log", ["account", "level"], registry=registry
        )

    def emit(self, record: logging.LogRecord) -> None:
        # structlog passes its fields as the message.
        fields = record.msg if isinstance(record.msg, dict) else {}
        self._troubles.labels(str(fields.get("account") or ""), record.levelname.lower()).inc()
