"""Markets with their steps and minimums, and the modes they can be in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Mode(StrEnum):
    """Which orders the exchange, or one of its markets, accepts; all but MAINTENANCE accept cancellations.

    REDUCE_ONLY accepts nothing that opens a position. AWAY is a delisted market.
    """

    ONLINE = "online"
    CANCEL_ONLY = "cancel_only"
    POST_ONLY = "post_only"
    LIMIT_ONLY = "limit_only"
    REDUCE_ONLY = "reduce_only"
    HALTED = "halted"
    AUCTION = "auction"
    VIEW_ONLY = "view_only"
    DISABLED = "disabled"
    MAINTENANCE = "maintenance"
    AWAY = "away"

    @property
    def takes_changes(self) -> bool:
        """Whether orders may be amended."""
        return self in (Mode.ONLINE, Mode.POST_ONLY, Mode.LIMIT_ONLY, Mode.REDUCE_ONLY)

    @property
    def trades(self) -> bool:
        """Whether resting orders fill and trigger."""
        return self in (Mode.ONLINE, Mode.LIMIT_ONLY, Mode.REDUCE_ONLY)


@dataclass(frozen=True, slots=True)
class MarketSpec:
    """One market of one exchange. `cost_step` is the smallest change of a quote balance."""

    symbol: str
    base: str
    quote: str
    amount_step: Decimal
    price_step: Decimal
    cost_step: Decimal
    min_amount: Decimal
    min_cost: Decimal

    def changed(self, changes: Mapping[str, Decimal]) -> MarketSpec:
        """A copy with other steps or minimums, by name."""
        return replace(
            self,
            amount_step=changes.get("amount_step", self.amount_step),
            price_step=changes.get("price_step", self.price_step),
            min_amount=changes.get("min_amount", self.min_amount),
            min_cost=changes.get("min_cost", self.min_cost),
        )


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(rounding=ROUND_DOWN) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(rounding=ROUND_UP) * step


def is_multiple(value: Decimal, step: Decimal) -> bool:
    return value % step == 0
