"""krakenex for one key: our nonces in their order, our limits, and every outcome as an error of ours."""

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
from brokers.kraken.limits import Tier, rest_cost, rest_patience, rest_reserve
from brokers.kraken.nonce_guard import NonceGuard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.model import ApiKey
    from brokers.nonce import Nonce

DEFAULT_URL = "https://api.kraken.com"
_CONNECT_TIMEOUT = 10.0
_PUT_OFF_AT_MOST = 60.0


class _Api(krakenex.API):  # type: ignore[misc] # krakenex ships no types
    """krakenex, with the nonces of ours in place of its milliseconds of wall clock."""

    def __init__(self, api_key: ApiKey, nonce: Nonce) -> None:
        super().__init__(api_key.key, api_key.secret)
        self._nonces = nonce

    def _nonce(self) -> int:
        return self._nonces.next()


def prepare_api(api: krakenex.API, base_url: str | None) -> None:
    """Point an API object at `base_url` with our session, and keep every digit of its numbers."""
    api.uri = (base_url or DEFAULT_URL).rstrip("/")
    api.json_options(parse_float=Decimal)
    prepare_session(api.session, api.uri)


def timeouts(timeout: float) -> tuple[float, float]:
    """Connect and read, in seconds."""
    return min(_CONNECT_TIMEOUT, timeout), timeout


def result_of(answer: object, action: Action, now: float) -> dict[str, Any]:
    """The `result` of an answer, empty where there is none. Raises what its `error` list means."""
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


class PrivateClient:
    """One request of the key in flight at a time, so that nonces arrive in the order they were made."""

    def __init__(
        self, api_key: ApiKey, *, base_url: str | None, nonce: Nonce, clock: Clock, timeout: float, tier: Tier
    ) -> None:
        self._api = _Api(api_key, nonce)
        prepare_api(self._api, base_url)
        self._nonce = nonce
        self.nonces = NonceGuard(nonce, clock)
        self._clock = clock
        self._timeouts = timeouts(timeout)
        self._budget = KeyBudget(nonce.path.with_suffix(".budget"), tier=tier, clock=clock)
        self._lock = threading.Lock()
        self._put_off_since: dict[str, float] = {}

    def query(
        self,
        method: str,
        params: Mapping[str, str] | None = None,
        action: Action = Action.READ,
        *,
        urgent: bool = False,
    ) -> dict[str, Any]:
        """The result of one private call. A read is tried again once where its nonce was refused.

        `urgent`: something that protects waits for it, so it takes what is kept for that, and waits for room.
        """
        self.nonces.check()
        try:
            result = self._attempt(method, params or {}, action, urgent=urgent)
        except NonceRejected:
            if not self.nonces.refused() or action is not Action.READ:
                raise
            result = self._attempt_again(method, params or {}, urgent=urgent)
        self.nonces.accepted()
        return result

    def budget_left(self) -> float:
        return self._budget.left()

    def close(self) -> None:
        self._api.close()
        self._nonce.close()
        self._budget.close()

    def _attempt_again(self, method: str, params: Mapping[str, str], *, urgent: bool) -> dict[str, Any]:
        try:
            return self._attempt(method, params, Action.READ, urgent=urgent)
        except NonceRejected:
            self.nonces.refused()
            raise

    def _attempt(self, method: str, params: Mapping[str, str], action: Action, *, urgent: bool) -> dict[str, Any]:
        self._take_room(method, params, urgent=urgent)
        try:
            return self._ask(method, params, action)
        finally:
            self._budget.landed(rest_cost(method))

    def _ask(self, method: str, params: Mapping[str, str], action: Action) -> dict[str, Any]:
        try:
            return result_of(self._send(method, params, action), action, self._clock.time())
        except LockedOut as error:
            self._budget.barred(error.retry_after)
            raise
        except RateLimited:
            if rest_cost(method):
                self._budget.exhausted()
            raise
        except PermissionDenied as error:
            raise PermissionDenied(f"{error}: {method} needs {permission_for(method)}") from error

    def _take_room(self, method: str, params: Mapping[str, str], *, urgent: bool) -> None:
        """A call that was put off for long may block in the end: others would starve it for ever.

        Each method by itself: the dearest one is put off where a cheap one still finds room.
        """
        cost, reserve, patience = rest_cost(method), rest_reserve(method, params), rest_patience(method, params)
        if urgent:
            self._budget.spend(cost, 0.0)
            return
        try:
            self._budget.spend(cost, reserve, patience)
        except BudgetSpent:
            now = self._clock.monotonic()
            if now - self._put_off_since.setdefault(method, now) < _PUT_OFF_AT_MOST:
                raise
            self._budget.spend(cost, reserve)
        self._put_off_since.pop(method, None)

    def _send(self, method: str, params: Mapping[str, str], action: Action) -> object:
        with self._lock:
            try:
                # A fresh dict: krakenex writes its nonce into the one it is given.
                return self._api.query_private(method, dict(params), timeout=self._timeouts)
            except requests.RequestException as error:
                raise error_of_failure(error, action) from error
            except binascii.Error as error:
                raise InvalidSignature("The API secret is not valid base64: copy it again, whole") from error
