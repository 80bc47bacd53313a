"""Which trades are meant: by day and market."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from nija.performance.trades import ClosedTrade

if TYPE_CHECKING:
    from datetime import date

    from nija.performance.trades import OpenTrade


@dataclass(frozen=True, slots=True)
class Selection:
    """`since` and `until` are UTC days, both included; None sets no bound."""

    since: date | None = None
    until: date | None = None
    market: str | None = None

    def has(self, trade: ClosedTrade | OpenTrade) -> bool:
        """A closed trade belongs to the day on which it was closed, an open one to the day on which it was opened."""
        time = trade.closed if isinstance(trade, ClosedTrade) else trade.opened
        day = time.astimezone(UTC).date()
        return (
            (self.since is None or day >= self.since)
            and (self.until is None or day <= self.until)
            and (self.market is None or trade.market == self.market)
        )
