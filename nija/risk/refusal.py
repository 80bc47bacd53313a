"""Why an account opens nothing: always a rule, the value it saw, its limit, and a sentence for the user."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.currencies import CASH

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


def money(amount: Decimal, currency: str) -> str:
    """`$25.00` for dollars, `25.00 EUR` for other money, `0.00250000 BTC` for coins."""
    if currency == "USD":
        return f"${amount:.2f}"
    return f"{amount:.2f} {currency}" if currency in CASH else f"{amount:.8f} {currency}"


def plain(value: Decimal | str) -> str:
    """Every digit, and never an exponent."""
    return value if isinstance(value, str) else f"{value:f}"


def percent(fraction: Decimal) -> str:
    return f"{fraction * 100:.2f} %"
