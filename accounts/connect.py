"""Connects an account to its exchange and applies the rules for keys that may trade."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from accounts.failures import FailureKind, failure_kind
from accounts.identity import short_name
from brokers.clock import utc_now
from brokers.errors import InvalidSignature, PermissionDenied, Unauthorized
from brokers.exchanges import described
from brokers.figures import duration

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from brokers.model import KeyInfo

MAX_CLOCK_SKEW = timedelta(seconds=5)
EXPIRY_NOTICE = timedelta(days=7)


class CanConnect(Protocol):
    """The part of a broker that is used here."""

    def connect(self) -> KeyInfo: ...


class ConnectRefused(Exception):
    """The account must not trade.

    `reason` is the short text of the log's FIXED line, `remedy` what to do. A `permanent` refusal needs action by the
    user; any other may be retried later.
    """

    def __init__(self, kind: FailureKind, reason: str, remedy: str, *, permanent: bool) -> None:
        super().__init__(f"{reason}: {remedy}")
        self.kind = kind
        self.reason = reason
        self.remedy = remedy
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Connected:
    """A key that may trade, and warnings about it."""

    info: KeyInfo
    warnings: tuple[str, ...] = ()


def connect_account(
    account: AccountId,
    broker: CanConnect,
    clock: Clock,
    *,
    allow_withdrawal_keys: bool = False,
    allow_clock_skew: bool = False,
) -> Connected:
    """Connect and apply every rule. Raises ConnectRefused, or BrokerError for transient faults.

    `allow_clock_skew` is for an account that has traded in this process: its deadlines follow the exchange's clock.
    """
    try:
        info = broker.connect()
    except (Unauthorized, PermissionDenied) as error:
        raise key_refused(account, error) from error
    warnings = check_key(account, info, utc_now(clock), allow_withdrawal_keys=allow_withdrawal_keys)
    if not allow_clock_skew:
        _check_clock(account, info)
    return Connected(info, warnings)


def key_refused(account: AccountId, error: Unauthorized | PermissionDenied) -> ConnectRefused:
    """The refusal for this error, in the same words while connecting and while trading."""
    kind = failure_kind(error)
    if isinstance(error, InvalidSignature):
        return ConnectRefused(kind, "Invalid signature", _copy_again(account), permanent=True)
    if isinstance(error, Unauthorized):
        return ConnectRefused(kind, "Invalid key", f"{error}. {_copy_again(account)}", permanent=True)
    return ConnectRefused(kind, "Permission denied", f"{error}. {_new_key(account)}", permanent=True)


def check_key(
    account: AccountId, info: KeyInfo, now: datetime, *, allow_withdrawal_keys: bool = False
) -> tuple[str, ...]:
    """Warnings about a key. Raises ConnectRefused if it may not trade.

    Repeat it daily: a key can be changed at the exchange, and may expire.
    """
    _check_withdrawal(account, info, allowed=allow_withdrawal_keys)
    _check_permissions(account, info)
    _check_history(account, info)
    return tuple(_expiry(account, info, now))


def _check_withdrawal(account: AccountId, info: KeyInfo, *, allowed: bool) -> None:
    if info.can_withdraw and not allowed:
        permissions = described(account.exchange).permissions
        granted = permissions.labels(info.permissions & permissions.withdrawing_names)
        permission = ", ".join(granted) or permissions.withdrawing[0].label
        raise ConnectRefused(
            FailureKind.WITHDRAWAL,
            f"the key can withdraw funds ({permission})",
            f"create a new key without {permission}, put it into {account.env_prefix}_API_KEY and _API_SECRET, "
            "and delete the old one. NIJA never needs this permission",
            permanent=True,
        )


def _check_permissions(account: AccountId, info: KeyInfo) -> None:
    if info.missing:
        labels = ", ".join(described(account.exchange).permissions.labels(info.missing))
        raise ConnectRefused(
            FailureKind.PERMISSION,
            "Permission denied",
            f"the key lacks {labels}. {_new_key(account)}",
            permanent=True,
        )


def _check_history(account: AccountId, info: KeyInfo) -> None:
    """An executed order that the key cannot see would be mistaken for one that never existed."""
    start, end = described(account.exchange).key_guide.history_settings
    bounds = []
    if info.history_from is not None:
        bounds.append((start, f"from {info.history_from:%Y-%m-%d %H:%M} UTC"))
    if info.history_until is not None:
        bounds.append((end, f"until {info.history_until:%Y-%m-%d %H:%M} UTC"))
    if bounds:
        settings = " and ".join(setting for setting, _ in bounds)
        raise ConnectRefused(
            FailureKind.HISTORY,
            f"the key can read its account's history only {' and '.join(bound for _, bound in bounds)}",
            f"clear {settings} in the settings of the key at {short_name(account.exchange)}, or create a new key "
            f"without it and put it into {account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET: NIJA must "
            "be able to look up every order",
            permanent=True,
        )


def _check_clock(account: AccountId, info: KeyInfo) -> None:
    if abs(info.clock_skew) > MAX_CLOCK_SKEW:
        raise ConnectRefused(
            FailureKind.CLOCK,
            f"this machine's clock is {duration(abs(info.clock_skew))} off {short_name(account.exchange)}'s",
            "turn on time synchronisation (NTP), for example with: sudo timedatectl set-ntp true",
            permanent=False,
        )


def _expiry(account: AccountId, info: KeyInfo, now: datetime) -> Iterable[str]:
    if info.expires is not None and info.expires - now < EXPIRY_NOTICE:
        yield (
            f"the key in {account.env_prefix}_API_KEY expires on {info.expires:%Y-%m-%d %H:%M} UTC: "
            "create a new one before then"
        )


def _copy_again(account: AccountId) -> str:
    return (
        f"copy {account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET again, completely, "
        f"or create a new key at {short_name(account.exchange)}"
    )


def _new_key(account: AccountId) -> str:
    return (
        f"Create a new key at {short_name(account.exchange)} with every permission that trading needs, "
        f"and put it into {account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET"
    )
