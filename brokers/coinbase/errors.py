"""Maps failed requests to Coinbase to BrokerErrors.

Error bodies come in three shapes, `{"error": …}`, `{"errors": [{"id": …}]}` and plain text, and a proxy may answer with
an HTML page. So the status decides first and the body only refines it. Messages quote only the exchange's own JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

import requests

from brokers.coinbase.refusals import (
    concerns_key,
    market_refusal,
    names_market,
    order_refusal,
    preview_refusal,
)
from brokers.errors import (
    BrokerError,
    OrderNotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RequestRefused,
    Unauthorized,
    Unavailable,
)
from brokers.figures import duration
from brokers.http import definitely_not_sent, describe

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_TEXT = 200
_LONGEST_PAUSE = 60.0
_DEFAULT_PAUSE = 1.0
_FIRST_UNIX_TIME = 1_000_000_000
_TRADING_PATHS = ("/orders", "/orders/batch_cancel")
_NEW_ORDER_PATHS = ("/orders", "/orders/preview")
_KEYLESS = "/market/"
_NO_SKEW = timedelta(0)
# Tokens live for two minutes and are dated by the exchange's clock; a skew from here on is worth mentioning.
_LARGE_SKEW = timedelta(seconds=30)
_UNANSWERED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_UNKNOWN_ORDER = ("order with this orderid was not found", "order not found")


@dataclass(frozen=True, slots=True)
class Attempt:
    """The request that failed. `creates` is true if it may have placed an order."""

    path: str
    creates: bool = False

    @property
    def permission(self) -> str:
        """The key permission that this request needs."""
        return "trade" if self.path in _TRADING_PATHS else "view"

    @property
    def is_new_order(self) -> bool:
        """Whether it places or previews an order: a refusal may then concern the market alone."""
        return self.path in _NEW_ORDER_PATHS


def failure_of(error: requests.RequestException, attempt: Attempt, now: float) -> BrokerError:
    """`now` is in Unix seconds, for headers that name a time."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return refusal(error.response, attempt, now)
    if definitely_not_sent(error):
        return Unavailable(f"Coinbase cannot be reached ({describe(error)}): check the network and COINBASE_API_URL")
    if isinstance(error, requests.exceptions.InvalidJSONError):
        return no_outcome("an answer that is not JSON", attempt)
    return no_outcome(describe(error), attempt)


def refusal(response: requests.Response, attempt: Attempt, now: float) -> BrokerError:
    """The error for an answer with status 400 or above."""
    status = response.status_code
    said = _Said.read(response)
    if status == HTTPStatus.TOO_MANY_REQUESTS or said.is_rate_limit:
        return RateLimited(f"Coinbase's rate limit is reached ({said})", retry_pause(response.headers, now))
    if status == HTTPStatus.UNAUTHORIZED:
        return unauthorized()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _UNANSWERED or said.is_page:
        return no_outcome(f"HTTP {status}", attempt)
    if status == HTTPStatus.FORBIDDEN and not attempt.path.startswith(_KEYLESS):
        return _forbidden(said, attempt)
    return _refused(status, said, attempt)


def unauthorized(skew: timedelta = _NO_SKEW) -> Unauthorized:
    """`skew` is how far the exchange's clock is ahead of this machine's; a large one may be the reason."""
    text = (
        "Coinbase refused the key (401 Unauthorized): check that the key still exists, that the private key "
        "belongs to it, and that its IP allowlist holds this machine's address"
    )
    if abs(skew) >= _LARGE_SKEW:
        which = "behind" if skew > _NO_SKEW else "ahead of"
        text += f"; this machine's clock is {duration(abs(skew))} {which} Coinbase's: correct it first"
    return Unauthorized(text)


def no_outcome(cause: str, attempt: Attempt) -> BrokerError:
    """The request may have reached the exchange, but no answer says what came of it."""
    if attempt.creates:
        return OutcomeUnknown(f"Coinbase did not say what became of the order ({cause})")
    return Unavailable(f"Coinbase did not answer ({cause})")


def _forbidden(said: _Said, attempt: Attempt) -> BrokerError:
    if attempt.is_new_order and not concerns_key(said.code, said.detail):
        return market_refusal(str(said))
    return PermissionDenied(
        f"Permission denied: Coinbase says {said}. This request needs the permission `{attempt.permission}` in the "
        "portfolio that the key was made for: grant it on portal.cdp.coinbase.com, or make a new key there"
    )


def _refused(status: int, said: _Said, attempt: Attempt) -> BrokerError:
    if attempt.is_new_order:
        return _refused_order(status, said, attempt)
    unknown_order = any(words in said.detail.lower() for words in _UNKNOWN_ORDER)
    if unknown_order or (status == HTTPStatus.NOT_FOUND and attempt.path.startswith("/orders/")):
        return OrderNotFound(f"Coinbase does not know this order: {said}")
    return RequestRefused(f"Coinbase refused {attempt.path} (HTTP {status}): {said}")


def _refused_order(status: int, said: _Said, attempt: Attempt) -> BrokerError:
    no_such_product = status == HTTPStatus.NOT_FOUND and names_market(said.code, said.detail)
    if no_such_product or status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
        return market_refusal(str(said))
    refusal_of = order_refusal if attempt.creates else preview_refusal
    return refusal_of(said.code or f"HTTP_{status}", said.detail[:_LONGEST_TEXT])


def retry_pause(headers: Mapping[str, str], now: float) -> float:
    """Seconds to wait according to `retry-after` or `x-ratelimit-reset`, given as seconds or as Unix time."""
    for name in ("retry-after", "x-ratelimit-reset"):
        seconds = header_number(headers, name)
        if seconds is not None:
            pause = seconds - now if seconds > _FIRST_UNIX_TIME else seconds
            return min(max(pause, 0.0), _LONGEST_PAUSE)
    return _DEFAULT_PAUSE


def header_number(headers: Mapping[str, str], name: str) -> float | None:
    """A finite number of 0 or more, or None if the header is missing or holds anything else."""
    try:
        value = float(headers.get(name, ""))
    except ValueError:
        return None
    return value if 0.0 <= value < float("inf") else None


@dataclass(frozen=True, slots=True)
class _Said:
    """The exchange's error code and message, in whichever shape they came."""

    code: str = ""
    detail: str = ""
    is_page: bool = False

    def __str__(self) -> str:
        return " ".join(part for part in (self.code, self.detail) if part)[:_LONGEST_TEXT] or "nothing more"

    @property
    def is_rate_limit(self) -> bool:
        return self.code.lower() in ("rate_limit_exceeded", "resource_exhausted")

    @classmethod
    def read(cls, response: requests.Response) -> _Said:
        try:
            body = json.loads(response.content)
        except ValueError:
            return cls(is_page=response.content.lstrip()[:1] == b"<")
        if not isinstance(body, dict):
            return cls()
        errors = body.get("errors")
        if isinstance(errors, list) and errors and isinstance(errors[0], dict):
            return cls(_words(errors[0].get("id")), _words(errors[0].get("message")))
        return cls(_words(body.get("error")), _words(body.get("error_details")) or _words(body.get("message")))


def _words(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
