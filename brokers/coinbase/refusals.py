"""What a refused order means: which of the exchange's reasons concern the order, its market, or only this moment.

The list of reasons is long and grows, so each kind is known by words as well as by whole names. What is not known
concerns the order.
"""

from __future__ import annotations

import re
from enum import Enum

from brokers.errors import BrokerError, MarketRefused, OrderRejected, Unavailable

_FUNDS = re.compile(r"INSUFFICIENT_(LEDGER_BALANCE|FUNDS?)$")
_PASSING = re.compile(
    r"COMMANDER_REJECTED_NEW_ORDER|ORDER_ENTRY_DISABLED|TRADING_DISABLED|HALTED|AUCTION|CANCEL_ONLY"
    r"|MARKET_CLOSED|MISSING_PRODUCT_PRICE_BOOK|MISSING_COMMISSION_RATE"
    r"|(NO_LIQUIDITY|NOT_ALLOWED_BY_MARKET_STATE|LIMIT_ONLY_MODE|POST_ONLY_MODE)$"
)
_MARKET = re.compile(r"INELIGIBLE_PAIR|UNTRADABLE_PRODUCT|INVALID_PRODUCT_ID|GEOFENC|REGION|COUNTRY|JURISDICTION")
# A sentence about a product or a place: `BTC-USD is not offered where you live`.
_MARKET_WORDS = re.compile(
    r"(?i:\b(product|product_id|pair|market|asset|restricted|not (available|offered|supported|allowed) (in|for))\b)"
    r"|\b[A-Z0-9]{2,}-[A-Z]{3,5}\b"
)
_KEY_WORDS = re.compile(r"\b(scopes?|portfolio|key)\b")
_MARKET_REMEDY = (
    "take the market out of `markets` in nija.toml, or see at coinbase.com whether this account may trade it where "
    "its owner lives"
)


class Scope(Enum):
    """How far a refusal reaches."""

    ORDER = "order"
    MARKET = "market"
    MOMENT = "moment"


class PassingRefusal(Unavailable):
    """The market takes no such order in its present state. Nothing was placed."""


def scope_of(reason: str) -> Scope:
    """`reason` is one of the exchange's codes, such as `PREVIEW_TRADING_DISABLED`."""
    if _MARKET.search(reason):
        return Scope.MARKET
    return Scope.MOMENT if _PASSING.search(reason) else Scope.ORDER


def lacks_funds(reason: str) -> bool:
    """Whether an order is refused because the money or the coins for it are not free."""
    return _FUNDS.search(reason) is not None


def names_market(code: str, words: str) -> bool:
    """Whether what the exchange says is about a product or a place."""
    return _MARKET.search(f"{code} {words}".upper()) is not None or _MARKET_WORDS.search(words) is not None


def concerns_key(code: str, words: str) -> bool:
    """Whether a forbidden order was refused for the key and not for its market. Without a word it is the key."""
    if names_market(code, words):
        return False
    return not words or _KEY_WORDS.search(words.lower()) is not None


def order_refusal(reason: str, words: str = "") -> BrokerError:
    """The error for an order refused with the code `reason`; `words` is what the exchange says besides."""
    said = f"{reason} {words}".strip()
    scope = scope_of(reason)
    if scope is Scope.MARKET or _MARKET.search(words.upper()):
        return market_refusal(said)
    if scope is Scope.MOMENT:
        return PassingRefusal(f"Coinbase takes no such order in this market now: {said}")
    return OrderRejected(f"Coinbase rejected the order: {said}", reason)


def preview_refusal(reason: str, words: str = "") -> BrokerError:
    """The same for an order that was only previewed: in a market that takes none now, it would be rejected."""
    error = order_refusal(reason, words)
    return OrderRejected(str(error), reason) if isinstance(error, PassingRefusal) else error


def market_refusal(said: str) -> MarketRefused:
    return MarketRefused(f"Coinbase does not let this account trade this market: {said}", _MARKET_REMEDY)
