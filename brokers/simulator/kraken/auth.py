"""Access checks: key, signature over the raw bytes, nonce, permission, lockout."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brokers.simulator.faults import FaultKind
from brokers.simulator.kraken.errors import KrakenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.simulator.config import Limits, SimulatedAccount
    from brokers.simulator.kraken.arguments import Arguments
    from brokers.simulator.records import RequestContext

_KEPT_NONCES = 10_000

# Any one of the permissions suffices; EditOrder needs all of its own.
_RIGHTS: Mapping[str, frozenset[str]] = {
    "Balance": frozenset({"query-funds"}),
    "BalanceEx": frozenset({"query-funds"}),
    "TradeBalance": frozenset({"query-funds"}),
    "TradeVolume": frozenset({"query-funds"}),
    "OpenOrders": frozenset({"query-open-trades"}),
    "ClosedOrders": frozenset({"query-closed-trades"}),
    "QueryOrders": frozenset({"query-open-trades", "query-closed-trades"}),
    "OpenPositions": frozenset({"query-open-trades"}),
    "TradesHistory": frozenset({"query-closed-trades"}),
    "QueryTrades": frozenset({"query-closed-trades"}),
    "Ledgers": frozenset({"query-ledger"}),
    "QueryLedgers": frozenset({"query-ledger"}),
    "AddOrder": frozenset({"modify-trades"}),
    "AddOrderBatch": frozenset({"modify-trades"}),
    "AmendOrder": frozenset({"modify-trades", "close-trades"}),
    "CancelOrder": frozenset({"modify-trades", "close-trades"}),
    "CancelAll": frozenset({"modify-trades", "close-trades"}),
    "CancelAllOrdersAfter": frozenset({"modify-trades", "close-trades"}),
    "CancelOrderBatch": frozenset({"close-trades"}),
    "GetWebSocketsToken": frozenset({"create-ws-token"}),
}
_NEEDS_ALL: Mapping[str, frozenset[str]] = {"EditOrder": frozenset({"modify-trades", "close-trades"})}


@dataclass(slots=True, eq=False)
class KrakenKeyState:
    """One key as the exchange knows it; its owner may change it at any time.

    `valid_until`, `query_from` and `query_to` are Unix seconds, 0 for none; a key reads no history outside of these.
    """

    account: SimulatedAccount
    secret: bytes = field(repr=False)
    permissions: frozenset[str]
    created: float
    last_nonce: int = 0
    last_used: float | None = None
    revoked: bool = False
    valid_until: float = 0.0
    query_from: float = 0.0
    query_to: float = 0.0
    ip_allowlist: tuple[str, ...] = ()
    window_used: set[int] = field(default_factory=set)
    nonces: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT_NONCES))

    def shows(self, moment: float) -> bool:
        """Whether the key may read history of this time."""
        return self.query_from <= moment and (not self.query_to or moment <= self.query_to)


@dataclass(slots=True, eq=False)
class KrakenKeyRing:
    """Every key of this face by its text, and its recent failures."""

    limits: Limits
    clock: Clock
    keys: dict[str, KrakenKeyState]
    _failures: dict[str, deque[float]] = field(default_factory=dict)
    _locked: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, accounts: tuple[SimulatedAccount, ...], limits: Limits, clock: Clock, kept_nonces: int = _KEPT_NONCES
    ) -> KrakenKeyRing:
        keys = {
            account.api_key.key: KrakenKeyState(
                account=account,
                secret=base64.b64decode(account.api_key.secret),
                permissions=account.permissions,
                created=clock.time(),
                nonces=deque(maxlen=min(kept_nonces, _KEPT_NONCES)),
            )
            for account in accounts
        }
        return cls(limits, clock, keys)

    def admit(
        self, path: str, key: str, signature: str, body: bytes, arguments: Arguments, *, held_up: bool = False
    ) -> KrakenKeyState:
        """The key's state if key, signature and nonce are valid. Raises KrakenError.

        A later request may have overtaken one delayed by a fault: that is not the client's mistake.
        """
        now = self.clock.time()
        if self._locked.get(key, 0.0) > now:
            raise KrakenError("EGeneral:Temporary lockout")
        try:
            state = self._known(key)
            nonce = self._nonce(arguments)
            self._signature(state, path, nonce, signature, body, arguments)
            self._rising(state, nonce, held_up=held_up)
        except KrakenError:
            self.fail(key)
            raise
        state.last_used = now
        return state

    def fail(self, key: str) -> None:
        """Count a bad call; too many of them lock the key."""
        now = self.clock.time()
        failures = self._failures.setdefault(key, deque())
        failures.append(now)
        while failures[0] < now - self.limits.failure_window:
            failures.popleft()
        if len(failures) >= self.limits.failures_to_lockout:
            self.lock(key)

    def lock(self, key: str) -> None:
        self._locked[key] = self.clock.time() + self.limits.lockout_seconds
        self._failures.pop(key, None)

    def _known(self, key: str) -> KrakenKeyState:
        state = self.keys.get(key)
        if state is None:
            raise KrakenError("EAPI:Invalid key")
        if state.revoked or 0.0 < state.valid_until <= self.clock.time():
            raise KrakenError("EAPI:Invalid key", injected=True)
        return state

    def _nonce(self, arguments: Arguments) -> int:
        nonce = arguments.nonce()
        if nonce is None:
            raise KrakenError("EAPI:Invalid nonce")
        return nonce

    def _signature(
        self, state: KrakenKeyState, path: str, nonce: int, signature: str, body: bytes, arguments: Arguments
    ) -> None:
        digest = hashlib.sha256(str(nonce).encode() + body).digest()
        expected = base64.b64encode(hmac.new(state.secret, path.encode() + digest, hashlib.sha512).digest())
        if not hmac.compare_digest(expected, signature.encode()) or arguments.text("otp"):
            raise KrakenError("EAPI:Invalid signature")

    def _rising(self, state: KrakenKeyState, nonce: int, *, held_up: bool) -> None:
        window = state.account.nonce_window
        used_up = nonce <= state.last_nonce - window or nonce == state.last_nonce or nonce in state.window_used
        if used_up and held_up:
            raise KrakenError("EAPI:Invalid nonce", injected=True)
        state.nonces.append(nonce)
        if used_up:
            raise KrakenError("EAPI:Invalid nonce")
        if window:
            state.window_used.add(nonce)
        state.last_nonce = max(state.last_nonce, nonce)


def require_right(state: KrakenKeyState, method: str, context: RequestContext) -> None:
    """Raises KrakenError if the key lacks the permission that the endpoint needs."""
    if context.fault(FaultKind.REVOKE_PERMISSION) is not None:
        raise KrakenError("EGeneral:Permission denied", injected=True)
    if state.ip_allowlist and context.peer not in state.ip_allowlist:
        raise KrakenError("EGeneral:Permission denied", injected=True)
    wanted, needed = _RIGHTS.get(method), _NEEDS_ALL.get(method)
    missing = wanted is not None and not wanted & state.permissions
    if missing or (needed is not None and not needed <= state.permissions):
        raise KrakenError("EGeneral:Permission denied")
