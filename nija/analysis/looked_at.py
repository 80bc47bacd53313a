"""How the built-in strategies were chosen: on which candles, out of how many (strategy evidence, sections 1, 5, 8)."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNTIL: Mapping[str, datetime] = MappingProxyType(
    {
        "trend": datetime(2023, 10, 1, tzinfo=UTC),
        "ema_cross": datetime(2023, 10, 1, tzinfo=UTC),
        # The month after the idea was published; the years before were looked at.
        "trend_ensemble": datetime(2025, 5, 1, tzinfo=UTC),
    }
)
_VARIANTS: Mapping[str, int] = MappingProxyType({"trend": 85, "ema_cross": 85, "trend_ensemble": 60})


def looked_at_until(strategy: str) -> int | None:
    """Unix seconds; None for a strategy of the user's own, of which nobody but them can know."""
    until = _UNTIL.get(strategy)
    return None if until is None else int(until.timestamp())


def variants_looked_at(strategy: str) -> int | None:
    """About how many variants were tried; None for a strategy of the user's own."""
    return _VARIANTS.get(strategy)
