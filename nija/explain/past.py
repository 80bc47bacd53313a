"""What a strategy made in a stretch of the past, by backtest or as bundled with NIJA."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal  # noqa: TC003  read at run time by whoever reads the JSON


@dataclass(frozen=True, slots=True)
class PastStretch:
    """All figures are fractions: the `total` after all costs, and the deepest `fall` below an earlier high.

    `hold_total` and `hold_fall` are those of holding the same coins; None if unknown.
    """

    period: str
    total: Decimal
    fall: Decimal
    hold_total: Decimal | None = None
    hold_fall: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PastFigures:
    """`fee` is the one for each side, a fraction; `source` says whose candles, and what was assumed.

    `notes` are what must be said beside the figures.
    """

    fee: Decimal
    stretches: tuple[PastStretch, ...]
    source: str
    notes: tuple[str, ...] = ()
