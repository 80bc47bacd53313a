"""What can be traded, and in which steps and sizes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from enum import StrEnum


class Mode(StrEnum):
    """What a venue, or one market of it, takes; AWAY is a market that is listed no more."""

    ONLINE = "online"
    CANCEL_ONLY = "cancel_only"
    POST_ONLY = "post_only"
    LIMIT_ONLY = "limit_only"
    REDUCE_ONLY = "reduce_only"
    HALTED = "halted"
    MAINTENANCE = "maintenance"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class MarketSpec:
    """One market of one exchange. `cost_step` is the smallest change of a quote balance there."""

    symbol: str
    base: str
    quote: str
    amount_step: Decimal
    price_step: Decimal
    cost_step: Decimal
    min_amount: Decimal
    min_cost: Decimal


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(rounding=ROUND_DOWN) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(rounding=ROUND_UP) * step


def is_multiple(value: Decimal, step: Decimal) -> bool:
    return value % step == 0
