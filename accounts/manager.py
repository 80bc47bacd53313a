"""The multi-account manager: every account's broker and state, readable by any thread without a lock."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.failures import FailureKind
from brokers.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from accounts.identity import AccountId
    from brokers.base import Broker
    from brokers.clock import Clock
    from brokers.model import Balance, KeyInfo


class AccountState(StrEnum):
    CONFIGURED = "CONFIGURED"
    CONNECTING = "CONNECTING"
    CONNECTED = "CONNECTED"
    TRADING = "TRADING"
    PAUSED = "PAUSED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """One account at one moment.

    `since` is when the state was entered, `reason` why it was, and `failure` the kind of failure if the account FAILED.
    Figures are None until first reported; `equity` is in `quote`.
    """

    account: AccountId
    state: AccountState
    since: datetime
    reason: str = ""
    failure: FailureKind | None = None
    balances: Mapping[str, Balance] = field(default_factory=lambda: MappingProxyType({}))
    quote: str = "USD"
    equity: Decimal | None = None
    positions: int = 0
    open_orders: int = 0
    last_work: datetime | None = None


class IllegalAccountTransition(Exception):
    """A change of state that would be a bug in NIJA."""


class SharedExchangeAccount(Exception):
    """Keys of several accounts belong to one exchange account; all of `accounts` are refused."""

    def __init__(self, accounts: tuple[AccountId, ...]) -> None:
        names = " and ".join(str(account) for account in accounts)
        super().__init__(
            f"the keys of {names} belong to the same exchange account, which would be traded twice. "
            "Give each account the key of its own owner, or delete all but one; until then none of them trades"
        )
        self.accounts = accounts


class AccountManager:
    """Registers brokers and keeps each account's state. Writers are serialised per account; readers never wait."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: Mapping[AccountId, _Entry] = {}
        self._lock = threading.Lock()

    def add(self, account: AccountId, reason: str = "") -> None:
        """Add an account as CONFIGURED. Raises ValueError if it is already known."""
        with self._lock:
            if account in self._entries:
                raise ValueError(f"{account} is already known to the account manager")
            snapshot = AccountSnapshot(account, AccountState.CONFIGURED, utc_now(self._clock), reason)
            self._entries = {**self._entries, account: _Entry(snapshot)}

    def remove(self, account: AccountId) -> None:
        """Forget an account that is no longer managed. Readers may still hold its snapshot."""
        with self._lock:
            self._entries = {known: entry for known, entry in self._entries.items() if known != account}

    def register(self, account: AccountId, broker: Broker, info: KeyInfo) -> AccountSnapshot:
        """Register a connected account's broker: CONNECTING becomes CONNECTED.

        If another account's key belongs to the same exchange account, all of these become FAILED, and it raises
        SharedExchangeAccount.
        """
        with self._lock:
            self._entries[account].attach(broker, info)
            sharers = self._sharers(account, info)
        if len(sharers) > 1:
            shared = SharedExchangeAccount(sharers)
            for sharer in sharers:
                self.transition(sharer, AccountState.FAILED, str(shared), FailureKind.SHARED_ACCOUNT)
            raise shared
        return self.transition(account, AccountState.CONNECTED)

    def transition(
        self, account: AccountId, state: AccountState, reason: str = "", failure: FailureKind = FailureKind.OTHER
    ) -> AccountSnapshot:
        """Enter a state, or update the reason of the current one. Raises IllegalAccountTransition.

        `failure` is only used for FAILED.
        """
        now = utc_now(self._clock)
        kind = failure if state is AccountState.FAILED else None

        def enter(old: AccountSnapshot) -> AccountSnapshot:
            if state is old.state:
                return replace(old, reason=reason, failure=kind)
            if state not in _FOLLOWING[old.state]:
                raise IllegalAccountTransition(f"{account} cannot go from {old.state} to {state}")
            return replace(old, state=state, since=now, reason=reason, failure=kind)

        return self._entries[account].change(enter)

    def report(self, account: AccountId, report: AccountReport) -> AccountSnapshot:
        """Put a cycle's figures into the account's snapshot, and set its last useful work to now."""
        now = utc_now(self._clock)
        return self._entries[account].change(lambda old: report.into(old, now))

    def accounts(self) -> tuple[AccountId, ...]:
        return tuple(self._entries)

    def snapshot(self, account: AccountId) -> AccountSnapshot:
        return self._entries[account].snapshot

    def snapshots(self) -> tuple[AccountSnapshot, ...]:
        return tuple(entry.snapshot for entry in self._entries.values())

    def broker(self, account: AccountId) -> Broker | None:
        """The registered broker; None before the first connect."""
        return self._entries[account].broker

    def key_info(self, account: AccountId) -> KeyInfo | None:
        return self._entries[account].info

    def _sharers(self, account: AccountId, info: KeyInfo) -> tuple[AccountId, ...]:
        """All accounts whose keys belong to the same exchange account, in order of connection.

        Unknown if the exchange does not identify the account.
        """
        if not info.account_uid:
            return (account,)
        return tuple(
            other
            for other, entry in self._entries.items()
            if other.exchange == account.exchange
            and entry.info is not None
            and entry.info.account_uid == info.account_uid
        )


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What a trader reports of its account after each cycle."""

    balances: Mapping[str, Balance]
    quote: str
    equity: Decimal | None
    positions: int
    open_orders: int

    def into(self, old: AccountSnapshot, now: datetime) -> AccountSnapshot:
        return replace(
            old,
            balances=MappingProxyType(dict(self.balances)),
            quote=self.quote,
            equity=self.equity,
            positions=self.positions,
            open_orders=self.open_orders,
            last_work=now,
        )


class _Entry:
    """One account's entry. Its snapshot is replaced whole, so readers see either the old one or the new one."""

    def __init__(self, snapshot: AccountSnapshot) -> None:
        self.snapshot = snapshot
        self.broker: Broker | None = None
        self.info: KeyInfo | None = None
        self._lock = threading.Lock()

    def attach(self, broker: Broker, info: KeyInfo) -> None:
        with self._lock:
            self.broker = broker
            self.info = info

    def change(self, step: Callable[[AccountSnapshot], AccountSnapshot]) -> AccountSnapshot:
        with self._lock:
            self.snapshot = step(self.snapshot)
            return self.snapshot


_S = AccountState
_FOLLOWING: Mapping[AccountState, frozenset[AccountState]] = MappingProxyType(
    {
        _S.CONFIGURED: frozenset({_S.CONNECTING, _S.FAILED}),
        _S.CONNECTING: frozenset({_S.CONNECTED, _S.FAILED}),
        _S.CONNECTED: frozenset({_S.TRADING, _S.PAUSED, _S.CONNECTING, _S.FAILED}),
        _S.TRADING: frozenset({_S.CONNECTED, _S.PAUSED, _S.CONNECTING, _S.FAILED}),
        _S.PAUSED: frozenset({_S.TRADING, _S.CONNECTED, _S.CONNECTING, _S.FAILED}),
        _S.FAILED: frozenset({_S.CONNECTING}),
    }
)
