"""Why an account opens nothing: always a rule, the value it saw, its limit, and a sentence for the user."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


class Rule(StrEnum):
    PAUSED = "paused"
    DISABLED_MARKET = "disabled_markets"
    STALE_CANDLE = "max_candle_age"
    MIN_BALANCE = "min_balance"
    UNKNOWN = "unknown"
    MAX_POSITIONS = "max_positions"
    NO_STOP = "no_stop"
    PRICE_BELOW_STOP = "price_below_stop"
    FEE_GATE = "fee_gate"
    MAX_POSITION = "max_position"
    MAX_EXPOSURE = "max_exposure"
    AVAILABLE = "available"
    MINIMUM_RISK = "minimum_risk"
    MINIMUM_ORDER = "minimum_order"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`value` and `limit` are in the unit of the rule: a fraction, a count, quote currency, or a name.

    They move with every price; `rule` alone tells whether the reason has changed.
    """

    rule: Rule
    value: Decimal | str
    limit: Decimal | str
    text: str
