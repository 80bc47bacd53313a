"""What is counted as it happens: order fills, warnings and errors, by account, from the log lines that tell of them."""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING

from prometheus_client import Counter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry

# The beginnings of two FIXED lines.
FILLS: Mapping[str, str] = MappingProxyType({"✅ BUY order filled: ": "buy", "✅ SELL order filled: ": "sell"})


class Tally(logging.Handler):
    """Counts records and keeps none of their text. Belongs on the root logger, beside the handlers that write."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(logging.INFO)
        self._fills = Counter("nija_orders_filled", "Orders filled", ["account", "side"], registry=registry)
        self._troubles = Counter(
            "nija_log_troubles", "Warnings and errors in the log", ["account", "level"], registry=registry
        )

    def emit(self, record: logging.LogRecord) -> None:
        # structlog hands its fields over as the message.
        fields = record.msg if isinstance(record.msg, dict) else {}
        account = str(fields.get("account") or "")
        if record.levelno >= logging.WARNING:
            self._troubles.labels(account, record.levelname.lower()).inc()
            return
        text = str(fields.get("event", ""))
        for beginning, side in FILLS.items():
            if text.startswith(beginning):
                self._fills.labels(account, side).inc()
