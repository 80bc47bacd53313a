"""An account's equity and return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from nija.risk.returns import UnitValue


@dataclass(frozen=True, slots=True)
class EquityState:
    """`current` is the equity now, in quote currency; `day` is the UTC day over which `unit` is measured."""

    current: Decimal
    day: date
    unit: UnitValue

    @property
    def daily_loss(self) -> Decimal:
        """A fraction; 0 on a winning day."""
        return self.unit.daily_loss

    @property
    def drawdown(self) -> Decimal:
        """A fraction of the highest value of a unit."""
        return self.unit.drawdown

    @property
    def change(self) -> Decimal:
        """The day's return in quote currency, on the equity now."""
        return self.current - self.current * self.unit.opening / self.unit.latest
