"""krakenex for one key: with NIJA's nonces and rate limits, and every failure as a BrokerError."""

from __future__ import annotations

import binascii
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import krakenex
import requests

from brokers.errors import (
    BadAnswer,
    BrokerError,
    BudgetSpent,
    InvalidSignature,
    LockedOut,
    NonceRejected,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
)
from brokers.http import prepare_session
from brokers.kraken.budget import KeyBudget
from brokers.kraken.errors import Action, error_of, error_of_failure, permission_for
from brokers.kraken.limits import KrakenTier, rest_cost, rest_patience, rest_reserve
from brokers.kraken.nonce_guard import NonceGuard
from brokers.retry import retry_reads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.model import ApiKey
    from brokers.nonce import Nonce

_CONNECT_TIMEOUT = 10.0
# Seconds for which a call may be refused for lack of capacity before it may block.
_MAX_DEFERRAL = 60.0


class _Api(krakenex.API):  # type: ignore[misc] # krakenex ships no types
    """krakenex with NIJA's nonces instead of wall-clock milliseconds."""

    def __init__(self, api_key: ApiKey, nonce: Nonce) -> None:
        super().__init__(api_key.key, api_key.secret)
        self._nonces = nonce

    def _nonce(self) -> int:
        return self._nonces.next()


def prepare_api(api: krakenex.API, base_url: str) -> None:
    """Point an API object at `base_url`, set up its session and keep every digit of its numbers."""
    api.uri = base_url.rstrip("/")
    api.json_options(parse_float=Decimal)
    prepare_session(api.session, api.uri)


def timeouts(timeout: float) -> tuple[float, float]:
    """Connect and read timeouts, in seconds."""
    return min(_CONNECT_TIMEOUT, timeout), timeout


def result_of(answer: object, action: Action, now: float) -> dict[str, Any]:
    """The `result` of an answer, empty if it has none. Raises the error that its `error` list stands for."""
    if not isinstance(answer, dict) or not isinstance(answer.get("error", []), list):
        raise _unreadable(action)
    if error := error_of(answer.get("error", []), action, now):
        raise error
    result = answer.get("result") or {}
    if not isinstance(result, dict):
        raise _unreadable(action)
    return result


def _unreadable(action: Action) -> BrokerError:
    message = "Kraken's answer has an unknown shape"
    return BadAnswer(message) if action is Action.READ else OutcomeUnknown(message)


class KrakenClient:
    """Private calls of one key, one at a time, so that nonces arrive in the order in which they were made."""

    def __init__(
        self, api_key: ApiKey, *, base_url: str, nonce: Nonce, clock: Clock, timeout: float, tier: KrakenTier
    ) -> None:
        self._api = _Api(api_key, nonce)
        prepare_api(self._api, base_url)
        self._nonce = nonce
        self.nonces = NonceGuard(nonce, clock)
        self._clock = clock
        self._timeouts = timeouts(timeout)
        self._budget = KeyBudget(nonce.path.with_suffix(".budget"), tier=tier, clock=clock)
        self._lock = threading.Lock()
        self._reads = retry_reads(clock)
        self._deferred_since: dict[str, float] = {}

    def read(self, method: str, params: Mapping[str, str] | None = None, *, urgent: bool = False) -> dict[str, Any]:
        """The result of one private read. Transient failures are retried.

        `urgent`: a stop or a sale depends on it, so it uses the reserve of the call budget and waits for capacity.
        """
        return self._reads(lambda: self._read(method, params or {}, urgent=urgent))

    def send(self, method: str, params: Mapping[str, str], action: Action) -> dict[str, Any]:
        """The result of one private call that is sent once."""
        self.nonces.check()
        try:
            result = self._attempt(method, params, action)
        except NonceRejected:
            self.nonces.refused()
            raise
        self.nonces.accepted()
        return result

    def budget_left(self) -> float:
        return self._budget.left()

    def close(self) -> None:
        self._api.close()
        self._nonce.close()
        self._budget.close()

    def _read(self, method: str, params: Mapping[str, str], *, urgent: bool) -> dict[str, Any]:
        """Tried again once after a rejected nonce, if the nonces may jump ahead now."""
        self.nonces.check()
        try:
            result = self._attempt(method, params, Action.READ, urgent=urgent)
        except NonceRejected:
            if not self.nonces.refused():
                raise
            result = self._read_again(method, params, urgent=urgent)
        self.nonces.accepted()
        return result

    def _read_again(self, method: str, params: Mapping[str, str], *, urgent: bool) -> dict[str, Any]:
        try:
            return self._attempt(method, params, Action.READ, urgent=urgent)
        except NonceRejected:
            self.nonces.refused()
            raise

    def _attempt(
        self, method: str, params: Mapping[str, str], action: Action, *, urgent: bool = False
    ) -> dict[str, Any]:
        self._reserve(method, params, urgent=urgent)
        try:
            return self._call(method, params, action)
        finally:
            self._budget.landed(rest_cost(method))

    def _call(self, method: str, params: Mapping[str, str], action: Action) -> dict[str, Any]:
        try:
            return result_of(self._post(method, params, action), action, self._clock.time())
        except LockedOut as error:
            self._budget.locked_out(error.retry_after)
            raise
        except RateLimited:
            if rest_cost(method):
                self._budget.exhausted()
            raise
        except PermissionDenied as error:
            raise PermissionDenied(f"{error}: {method} needs {permission_for(method)}") from error

    def _reserve(self, method: str, params: Mapping[str, str], *, urgent: bool) -> None:
        """A call deferred for 60 s may finally block; otherwise calls that always block would starve it.

        Counted per method, because an expensive one is deferred while cheap ones still find capacity.
        """
        cost, reserve, patience = rest_cost(method), rest_reserve(method, params), rest_patience(method, params)
        if urgent:
            self._budget.spend(cost, 0.0)
            return
        try:
            self._budget.spend(cost, reserve, patience)
        except BudgetSpent:
            now = self._clock.monotonic()
            if now - self._deferred_since.setdefault(method, now) < _MAX_DEFERRAL:
                raise
            self._budget.spend(cost, reserve)
        self._deferred_since.pop(method, None)

    def _post(self, method: str, params: Mapping[str, str], action: Action) -> object:
        with self._lock:
            try:
                # A copy, because krakenex writes its nonce into the dict it is given.
                return self._api.query_private(method, dict(params), timeout=self._timeouts)
            except requests.RequestException as error:
                raise error_of_failure(error, action) from error
            except binascii.Error as error:
                raise InvalidSignature("The API secret is not valid base64: copy it again, whole") from error
