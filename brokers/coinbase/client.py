"""coinbase-advanced-py for one key: with NIJA's tokens and rate limits, and every failure as a BrokerError.

It uses the library's `get` and `post` and not its typed answers, which leave nested parts as plain dictionaries, lack
attributes that the JSON leaves out and rename fields.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from coinbase.constants import API_PREFIX
from coinbase.rest import RESTClient

from brokers.coinbase.errors import Attempt, failure_of, header_number, no_outcome, retry_pause, unauthorized
from brokers.coinbase.json_fields import optional_text, rows
from brokers.coinbase.limits import private_limit, public_limit
from brokers.errors import BadAnswer, Unauthorized
from brokers.http import USER_AGENT, prepare_session
from brokers.retry import retry_reads
from brokers.throttle import wait_for_capacity

if TYPE_CHECKING:
    from brokers.clock import Clock
    from brokers.coinbase.json_fields import JsonObject
    from brokers.coinbase.tokens import TokenSigner
    from brokers.exchange_clock import ExchangeClock
    from brokers.throttle import TokenBucket


def host_of(base_url: str) -> str:
    """`host[:port]` of a URL or of a bare host. Raises ValueError."""
    parts = urlsplit(base_url if "://" in base_url else f"https://{base_url}")
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise ValueError("COINBASE_API_URL must be https://host or https://host:port, without a path")
    return parts.netloc


class _Rest(RESTClient):  # type: ignore[misc] # the library ships no types
    """The library with NIJA's own tokens."""

    def __init__(self, host: str, signer: TokenSigner | None, timeout: float) -> None:
        # None on purpose: the library's defaults come from the environment at the time of its import.
        super().__init__(api_key=None, api_secret=None, base_url=host, timeout=timeout)
        self.is_authenticated = signer is not None
        self._signer = signer

    def set_headers(self, method: str, path: str) -> dict[str, str]:
        headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json"}
        if path.endswith("/time"):
            # Answers without a key come from a cache that is up to a second old.
            headers["Cache-Control"] = "no-cache"
        if self._signer is not None:
            headers["Authorization"] = f"Bearer {self._signer.token(f'{method} {self.base_url}{path}')}"
        return headers


class CoinbaseClient:
    """The requests of one key or, without a key, public ones. For one thread at a time."""

    def __init__(
        self,
        signer: TokenSigner | None,
        *,
        base_url: str,
        clock: Clock,
        timeout: float,
        limit: TokenBucket | None = None,
        exchange_clock: ExchangeClock | None = None,
    ) -> None:
        """`timeout` is in seconds, for each request. Raises ValueError for an unusable URL.

        `limit` is the rate limit that this client shares with others; without it, it has its own. `exchange_clock` is
        the clock by which the signer dates its tokens.
        """
        _silence_library()
        host = host_of(base_url)
        self._rest = _Rest(host, signer, timeout)
        prepare_session(self._rest.session, f"https://{host}")
        self._rest.session.hooks["response"].append(self._observe_headers)
        self._signer = signer
        self._exchange_clock = exchange_clock
        self._clock = clock
        self._retry = retry_reads(clock)
        self._limit = limit or (public_limit() if signer is None else private_limit())

    def get(self, path: str, **params: object) -> JsonObject:
        """Parameters that are None are left out, lists become repeated keys. Transient failures are retried."""
        return self._retry(lambda: self._ask(Attempt(path), params=params))

    def repeat(self, path: str, body: JsonObject) -> JsonObject:
        """Post an idempotent request, such as a cancellation. Transient failures are retried."""
        return self._retry(lambda: self._ask(Attempt(path), body=body))

    def create(self, path: str, body: JsonObject) -> JsonObject:
        """Post a request that may place an order. OutcomeUnknown: it may have. Every other error: it has not."""
        return self._ask(Attempt(path, creates=True), body=body)

    def pages(self, path: str, name: str, **params: object) -> list[JsonObject]:
        """The rows `name` of every page."""
        collected, cursor = self.page(path, name, None, **params)
        while cursor is not None:
            found, cursor = self.page(path, name, cursor, **params)
            collected += found
        return collected

    def page(self, path: str, name: str, cursor: str | None, **params: object) -> tuple[list[JsonObject], str | None]:
        """The rows `name` of one page, and the cursor of the next one, or None after the last.

        An empty cursor marks the last page, and so does a false `has_next`.
        """
        answer = self.get(path, **params, cursor=cursor)
        following = optional_text(answer, "cursor")
        if not following or answer.get("has_next") is False:
            return rows(answer, name), None
        if following == cursor:
            raise BadAnswer(f"Coinbase answered {path} with the same page twice")
        return rows(answer, name), following

    def budget_left(self) -> float:
        """From 0 to 1."""
        return self._limit.left(self._clock.monotonic())

    def close(self) -> None:
        self._rest.session.close()

    def _ask(self, attempt: Attempt, *, params: JsonObject | None = None, body: JsonObject | None = None) -> JsonObject:
        """After a 401 certainly nothing was done, so the request is sent once more with a freshly dated token."""
        try:
            return self._send(attempt, params, body)
        except Unauthorized:
            if self._exchange_clock is None:
                raise
        self._exchange_clock.doubt()
        self._exchange_clock.sync(0.0)
        try:
            return self._send(attempt, params, body)
        except Unauthorized:
            raise unauthorized(self._exchange_clock.skew()) from None

    def _send(self, attempt: Attempt, params: JsonObject | None, body: JsonObject | None) -> JsonObject:
        wait_for_capacity(self._limit, self._clock)
        try:
            if body is None:
                answer = self._rest.get(API_PREFIX + attempt.path, params, public=self._signer is None)
            else:
                answer = self._rest.post(API_PREFIX + attempt.path, data=body)
        except requests.RequestException as error:
            failure = failure_of(error, attempt, self._clock.time())
        else:
            if isinstance(answer, dict):
                return answer
            failure = no_outcome("an answer of another shape", attempt)
        # Raised outside the handler, so that it is not chained to the library's error with its headers and body.
        raise failure

    def _observe_headers(self, response: requests.Response, **_: object) -> None:
        remaining = header_number(response.headers, "x-ratelimit-remaining")
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            remaining = 0.0
        if remaining is not None:
            pause = retry_pause(response.headers, self._clock.time())
            self._limit.observe(remaining, pause, self._clock.monotonic())


def _silence_library() -> None:
    """The library's logger has its own console handler and logs the bodies of errors."""
    logger = logging.getLogger("coinbase.RESTClient")
    logger.handlers = [logging.NullHandler()]
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)
