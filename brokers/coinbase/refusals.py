"""What a refused order means: whether the reason concerns the order, its market, or only this moment.

The list of reasons is long and grows, so each kind is recognised by words as well as by whole names. Unknown reasons
concern the order.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from brokers.coinbase.json_fields import optional_text
from brokers.errors import BrokerError, MarketRefused, OrderRejected, Unavailable

if TYPE_CHECKING:
    from brokers.coinbase.json_fields import JsonObject

_FUNDS = re.compile(r"INSUFFICIENT_(LEDGER_BALANCE|FUNDS?)$")
_TEMPORARY = re.compile(
    r"COMMANDER_REJECTED_NEW_ORDER|ORDER_ENTRY_DISABLED|TRADING_DISABLED|HALTED|AUCTION|CANCEL_ONLY"
    r"|MARKET_CLOSED|MISSING_PRODUCT_PRICE_BOOK|MISSING_COMMISSION_RATE"
    r"|(NO_LIQUIDITY|NOT_ALLOWED_BY_MARKET_STATE|LIMIT_ONLY_MODE|POST_ONLY_MODE)$"
)
_MARKET = re.compile(r"INELIGIBLE_PAIR|UNTRADABLE_PRODUCT|INVALID_PRODUCT_ID|GEOFENC|REGION|COUNTRY|JURISDICTION")
# Text about a product or a region: `BTC-USD is not offered where you live`.
_MARKET_WORDS = re.compile(
    r"(?i:\b(product|product_id|pair|market|asset|restricted|not (available|offered|supported|allowed) (in|for))\b)"
    r"|\b[A-Z0-9]{2,}-[A-Z]{3,5}\b"
)
_KEY_WORDS = re.compile(r"\b(scopes?|portfolio|key)\b")
_MARKET_REMEDY = (
    "remove the market from `markets` in nija.toml, or check at coinbase.com whether this account may trade it where "
    "its owner lives"
)
_REASON_FIELDS = ("error", "new_order_failure_reason", "preview_failure_reason")


class Scope(Enum):
    """How far a refusal reaches."""

    ORDER = "order"
    MARKET = "market"
    MOMENT = "moment"


class TemporaryRefusal(Unavailable):
    """The market does not accept such orders in its current state. Nothing was placed."""


def scope_of(reason: str) -> Scope:
    """`reason` is one of the exchange's codes, such as `PREVIEW_TRADING_DISABLED`."""
    if _MARKET.search(reason):
        return Scope.MARKET
    return Scope.MOMENT if _TEMPORARY.search(reason) else Scope.ORDER


def lacks_funds(reason: str) -> bool:
    """Whether an order was refused because the money or coins for it are not available."""
    return _FUNDS.search(reason) is not None


def names_market(code: str, words: str) -> bool:
    """Whether the refusal is about a product or a region."""
    return _MARKET.search(f"{code} {words}".upper()) is not None or _MARKET_WORDS.search(words) is not None


def concerns_key(code: str, words: str) -> bool:
    """Whether a forbidden order was refused for its key and not for its market. Without a message it is the key."""
    if names_market(code, words):
        return False
    return not words or _KEY_WORDS.search(words.lower()) is not None


def order_refusal(reason: str, words: str = "") -> BrokerError:
    """The error for an order refused with the code `reason`; `words` is the exchange's message."""
    said = f"{reason} {words}".strip()
    scope = scope_of(reason)
    if scope is Scope.MARKET or _MARKET.search(words.upper()):
        return market_refusal(said)
    if scope is Scope.MOMENT:
        return TemporaryRefusal(f"Coinbase does not accept such orders in this market now: {said}")
    return OrderRejected(f"Coinbase rejected the order: {said}", reason)


def preview_refusal(reason: str, words: str = "") -> BrokerError:
    """The same for a previewed order: in a market that does not accept it now, it would be rejected."""
    error = order_refusal(reason, words)
    return OrderRejected(str(error), reason) if isinstance(error, TemporaryRefusal) else error


def market_refusal(said: str) -> MarketRefused:
    return MarketRefused(f"Coinbase does not let this account trade this market: {said}", _MARKET_REMEDY)


def refusal_reason(answer: JsonObject) -> str:
    """The first meaningful reason of a refused order; several fields may hold it and most say UNKNOWN_…."""
    inner = answer.get("error_response")
    fields = inner if isinstance(inner, dict) else {}
    reasons = [optional_text(fields, name) for name in _REASON_FIELDS] + [optional_text(answer, "failure_reason")]
    said = [reason for reason in reasons if reason and not reason.startswith("UNKNOWN_")]
    return said[0] if said else "UNKNOWN_FAILURE_REASON"


def refusal_message(answer: JsonObject) -> str:
    inner = answer.get("error_response")
    fields = inner if isinstance(inner, dict) else {}
    return (optional_text(fields, "message") or optional_text(fields, "error_details"))[:200]
