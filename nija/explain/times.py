"""How the times of candles are written."""

from __future__ import annotations

from datetime import UTC, datetime


def written(time: float) -> str:
    """`2026-01-18 00:00`, UTC, of Unix seconds."""
    return f"{datetime.fromtimestamp(time, tz=UTC):%Y-%m-%d %H:%M}"
