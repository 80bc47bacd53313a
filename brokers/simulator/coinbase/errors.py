"""Coinbase's three formats of HTTP errors, and the fourth: success false in an answer of 200."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class ApiError(Exception):
    """An answer other than 200. `body` is None if the answer is plain text.

    `injected` is true if a fault caused it, not the client.
    """

    def __init__(self, status: int, body: dict[str, Any] | None, text: str = "", *, injected: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.body = body
        self.text = text
        self.injected = injected

    @property
    def is_violation(self) -> bool:
        """Whether a careful client would never cause it. An unknown id can happen to any client."""
        return not self.injected and self.status in _CLIENT_FAULTS


_CLIENT_FAULTS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
)


class OrderRefusedError(Exception):
    """success false; `reason` and `preview` are the codes, one of which may be unknown."""

    def __init__(self, reason: str, preview: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.preview = preview
        self.message = message

    @property
    def code(self) -> str:
        """The meaningful one."""
        return self.preview if self.reason == UNKNOWN_REASON else self.reason


UNKNOWN_REASON = "UNKNOWN_FAILURE_REASON"
UNKNOWN_PREVIEW = "UNKNOWN_PREVIEW_FAILURE_REASON"


def invalid_argument(details: str) -> ApiError:
    return _three_fields(HTTPStatus.BAD_REQUEST, "INVALID_ARGUMENT", details)


def unauthorized(why: str, *, injected: bool = False) -> ApiError:
    """`why` goes into the records; the client only gets the plain word."""
    return ApiError(HTTPStatus.UNAUTHORIZED, None, f"Unauthorized: {why}", injected=injected)


def permission_denied(details: str, *, injected: bool = False) -> ApiError:
    return _three_fields(HTTPStatus.FORBIDDEN, "PERMISSION_DENIED", details, injected=injected)


def not_found(details: str, error: str = "NOT_FOUND") -> ApiError:
    return _three_fields(HTTPStatus.NOT_FOUND, error, details)


def order_not_found() -> ApiError:
    return not_found("order with this orderID was not found", "unknown")


def too_many_requests(*, injected: bool = False) -> ApiError:
    body = {"errors": [{"id": "rate_limit_exceeded", "message": "Too many requests"}]}
    return ApiError(HTTPStatus.TOO_MANY_REQUESTS, body, "rate_limit_exceeded", injected=injected)


def unavailable() -> ApiError:
    body = {"error": "UNAVAILABLE", "code": 14, "message": "service unavailable", "details": []}
    return ApiError(HTTPStatus.SERVICE_UNAVAILABLE, body, "UNAVAILABLE", injected=True)


def _three_fields(status: int, error: str, details: str, *, injected: bool = False) -> ApiError:
    body = {"error": error, "error_details": details, "message": details}
    return ApiError(status, body, f"{error}: {details}", injected=injected)
