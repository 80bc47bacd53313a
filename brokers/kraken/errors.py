"""Maps Kraken's error strings and failed requests to BrokerErrors, as documented in guides/spot-errors.

Strings read `<severity><category>:<text>[:<detail>]` and are matched by prefix, since details are appended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

import requests

from brokers.errors import (
    BrokerError,
    DeadlineTooNear,
    InvalidSignature,
    LockedOut,
    MarketRefused,
    NonceRejected,
    OrderNotFound,
    OrderRejected,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RequestRefused,
    Unauthorized,
    Unavailable,
)
from brokers.http import definitely_not_sent, describe
from brokers.kraken import refusals
from brokers.kraken.permissions import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOCKOUT_SECONDS = 900.0
_TOO_MANY_REQUESTS = 429


class DeadlineMissed(OutcomeUnknown):
    """Most likely not placed, and most likely because our estimate of Kraken's time is wrong."""


class UnknownPair(RequestRefused):
    """One of the requested pairs does not exist (any more); Kraken does not say which."""


class Action(Enum):
    """The kind of request, which decides what a failure means."""

    READ = "read"
    PLACE = "place an order"
    CHANGE = "change an order"


class _Meaning(Enum):
    LOCKED_OUT = "the key is locked out for 15 minutes after too many refused requests"
    BAD_KEY = "check that the API key was copied whole and has not been deleted"
    BAD_SIGNATURE = "check that the API secret was copied whole and belongs to this key"
    ACCOUNT = "log in to Kraken and see what it requires of this account"
    PERMISSION = "give the API key the missing permission on Kraken's website, or check the account's region"
    RESTRICTED = "Kraken restricts this market for the account"
    PURCHASE_LIMIT = "a purchase limit is reached"
    AGREEMENT = "Kraken requires a trading agreement from this account"
    UNKNOWN_PAIR = "Kraken does not know the market"
    NONCE = (
        "another program uses this API key: give NIJA a key of its own; if there is no other program, make a new key"
    )
    THROTTLED = "too many requests at once"
    RATE_LIMIT = "slowing down"
    AUTH_LIMIT = "slowing down for a minute"
    UNCLEAR = "Kraken did not say whether it acted"
    ALIVE = "an open order already has this id: an earlier attempt arrived"
    TOO_LATE = "the order arrived after its deadline"
    BAD_DEADLINE = "its deadline is not 2 to 60 seconds ahead"
    CLOSED_MARKET = "the market does not accept such orders now"
    UNKNOWN_ORDER = "Kraken does not know the order (any more)"
    ORDER = "the order was refused"
    REQUEST = "the request was refused"


# Most serious first: if an answer holds several strings, the first row that matches any of them decides.
_TABLE: tuple[tuple[str, _Meaning], ...] = (
    ("EGeneral:Invalid arguments:cl_ord_id not unique", _Meaning.ALIVE),
    ("EGeneral:Internal error", _Meaning.UNCLEAR),
    ("EDatabase:Internal error", _Meaning.UNCLEAR),
    ("EService:Unavailable", _Meaning.UNCLEAR),
    ("EService:Busy", _Meaning.UNCLEAR),
    ("EService:Timeout", _Meaning.UNCLEAR),
    ("EService:Deadline elapsed", _Meaning.TOO_LATE),
    ("EGeneral:Temporary lockout", _Meaning.LOCKED_OUT),
    ("EAPI:Invalid key", _Meaning.BAD_KEY),
    ("EAPI:Invalid signature", _Meaning.BAD_SIGNATURE),
    ("EAuth:Rate limit exceeded", _Meaning.AUTH_LIMIT),
    ("EAuth:Too many requests", _Meaning.AUTH_LIMIT),
    ("EAuth:", _Meaning.ACCOUNT),
    ("ETrade:User Locked", _Meaning.ACCOUNT),
    ("EGeneral:Permission denied", _Meaning.PERMISSION),
    ("EAccount:Invalid permissions:", _Meaning.RESTRICTED),
    ("EAccount:Invalid permissions", _Meaning.PERMISSION),
    ("EAPI:Invalid nonce", _Meaning.NONCE),
    ("EService:Throttled", _Meaning.THROTTLED),
    ("EAPI:Rate limit exceeded", _Meaning.RATE_LIMIT),
    ("EGeneral:Too many requests", _Meaning.RATE_LIMIT),
    ("EOrder:Rate limit exceeded", _Meaning.RATE_LIMIT),
    ("EOrder:Domain rate limit exceeded", _Meaning.RATE_LIMIT),
    ("EService:Market in ", _Meaning.CLOSED_MARKET),
    ("EOrder:Unknown order", _Meaning.UNKNOWN_ORDER),
    ("EOrder:Invalid order", _Meaning.UNKNOWN_ORDER),
    ("EOrder:Trading agreement required", _Meaning.AGREEMENT),
    ("EOrder:", _Meaning.ORDER),
    ("ETrade:", _Meaning.ORDER),
    ("EBM:limit exceeded", _Meaning.PURCHASE_LIMIT),
    ("EBM:", _Meaning.ORDER),
    ("EGeneral:Invalid arguments:deadline", _Meaning.BAD_DEADLINE),
    ("EGeneral:Invalid arguments", _Meaning.REQUEST),
    ("EGeneral:Unknown method", _Meaning.REQUEST),
    ("EQuery:Unknown asset pair", _Meaning.UNKNOWN_PAIR),
    ("EQuery:Invalid asset pair", _Meaning.UNKNOWN_PAIR),
    ("EQuery:", _Meaning.REQUEST),
    ("EAPI:", _Meaning.REQUEST),
    ("ESession:", _Meaning.REQUEST),
    ("EFunding:", _Meaning.REQUEST),
)

# Seconds to wait if Kraken names no time: several steps of the slowest documented decay.
_WAITS = {_Meaning.RATE_LIMIT: 10.0, _Meaning.AUTH_LIMIT: 60.0, _Meaning.THROTTLED: 5.0}

_FAILURES: dict[_Meaning, type[BrokerError]] = {
    _Meaning.BAD_KEY: Unauthorized,
    _Meaning.BAD_SIGNATURE: InvalidSignature,
    _Meaning.ACCOUNT: Unauthorized,
    _Meaning.PERMISSION: PermissionDenied,
    _Meaning.NONCE: NonceRejected,
    _Meaning.CLOSED_MARKET: Unavailable,
    _Meaning.BAD_DEADLINE: DeadlineTooNear,
}

# These refuse an order because of its market.
_OF_A_MARKET: dict[_Meaning, tuple[type[MarketRefused], str]] = {
    _Meaning.RESTRICTED: (MarketRefused, refusals.RESTRICTED),
    _Meaning.PURCHASE_LIMIT: (MarketRefused, refusals.PURCHASE_LIMIT),
    _Meaning.AGREEMENT: (refusals.AgreementNeeded, refusals.AGREEMENT),
    _Meaning.UNKNOWN_PAIR: (MarketRefused, refusals.NOT_LISTED),
}

_NEEDED_FOR: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "BalanceEx": ("query-funds",),
        "TradeVolume": ("query-funds",),
        "OpenOrders": ("query-open-trades",),
        "QueryOrders": ("query-open-trades", "query-closed-trades"),
        "ClosedOrders": ("query-closed-trades",),
        "TradesHistory": ("query-closed-trades",),
        "AddOrder": ("modify-trades",),
        "AmendOrder": ("modify-trades",),
        "CancelOrder": ("close-trades",),
    }
)


@dataclass(frozen=True, slots=True)
class _Verdict:
    meaning: _Meaning
    text: str


def error_of(strings: Sequence[str], action: Action, now: float) -> BrokerError | None:
    """The error for an answer's `error` list, or None if it holds only warnings. `now` is in Unix seconds."""
    texts = [text for text in map(_normalised, strings) if not text.startswith("W")]
    if not texts:
        return None
    verdict = _judge(texts, action)
    message = f"{verdict.text} ({verdict.meaning.value})"
    if verdict.meaning is _Meaning.LOCKED_OUT:
        return LockedOut(message, LOCKOUT_SECONDS)
    if verdict.meaning in _WAITS:
        return RateLimited(message, _wait(verdict, now))
    if verdict.meaning in _FAILURES:
        return _FAILURES[verdict.meaning](message)
    return _by_action(verdict, message, action)


def error_of_failure(error: requests.RequestException, action: Action) -> BrokerError:
    """The error for a request without a usable answer."""
    if definitely_not_sent(error):
        return Unavailable(f"Kraken cannot be reached: {describe(error)}")
    text = _answer_text(error)
    if action is not Action.READ:
        return OutcomeUnknown(f"Kraken may have acted, but its answer was lost: {text}")
    if isinstance(error, requests.HTTPError) and error.response.status_code == _TOO_MANY_REQUESTS:
        return RateLimited(text, _WAITS[_Meaning.RATE_LIMIT])
    return Unavailable(f"No usable answer from Kraken: {text}")


def permission_for(method: str) -> str:
    """The permissions that a private method needs, in the website's words."""
    return " and ".join(PERMISSIONS.labels(_NEEDED_FOR.get(method, ()))) or "a permission that this key lacks"


def _judge(texts: Sequence[str], action: Action) -> _Verdict:
    for prefix, meaning in _TABLE:
        for text in texts:
            if text.startswith(prefix):
                return _Verdict(meaning, text)
    # An undocumented string says nothing about an order; a look-up will.
    return _Verdict(_Meaning.REQUEST if action is Action.READ else _Meaning.UNCLEAR, texts[0])


def _by_action(verdict: _Verdict, message: str, action: Action) -> BrokerError:
    if verdict.meaning is _Meaning.ALIVE:
        return OutcomeUnknown(message)
    if verdict.meaning is _Meaning.TOO_LATE:
        return DeadlineMissed(message)
    return _of_a_read(verdict, message) if action is Action.READ else _of_an_order(verdict, message, action)


def _of_a_read(verdict: _Verdict, message: str) -> BrokerError:
    if verdict.meaning is _Meaning.UNCLEAR:
        return Unavailable(message)
    if verdict.meaning is _Meaning.UNKNOWN_ORDER:
        return OrderNotFound(message)
    return UnknownPair(message) if verdict.meaning is _Meaning.UNKNOWN_PAIR else RequestRefused(message)


def _of_an_order(verdict: _Verdict, message: str, action: Action) -> BrokerError:
    if verdict.meaning is _Meaning.UNCLEAR:
        return OutcomeUnknown(message)
    if verdict.meaning is _Meaning.UNKNOWN_ORDER and action is Action.CHANGE:
        return OrderNotFound(message)
    if verdict.meaning in _OF_A_MARKET:
        kind, remedy = _OF_A_MARKET[verdict.meaning]
        return kind(message, remedy)
    return OrderRejected(message, verdict.text)


def _normalised(text: str) -> str:
    """Removes blanks around colons, as in `EService: Throttled: 1700000000`."""
    return re.sub(r"\s*:\s*", ":", str(text).strip())


def _wait(verdict: _Verdict, now: float) -> float:
    moment = verdict.text.rpartition(":")[2]
    if verdict.meaning is _Meaning.THROTTLED and moment.isdigit():
        return min(max(float(moment) - now, 1.0), LOCKOUT_SECONDS)
    return _WAITS[verdict.meaning]


def _answer_text(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    if isinstance(error, requests.JSONDecodeError):
        return "not JSON (a proxy's page, or a truncated answer)"
    return describe(error)
