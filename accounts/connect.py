"""An account's first contact with its exchange, and the rules that a key must keep before it may trade."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from accounts.identity import short_name
from brokers.clock import utc_now
from brokers.errors import InvalidSignature, PermissionDenied, Unauthorized
from brokers.figures import duration
from brokers.model import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from brokers.model import KeyInfo

MAX_CLOCK_SKEW = timedelta(seconds=5)
EXPIRY_NOTICE = timedelta(days=7)

_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "query-funds": "Query Funds",
        "query-open-trades": "Query Open Orders & Trades",
        "query-closed-trades": "Query Closed Orders & Trades",
        "modify-trades": "Create & Modify Orders",
        "close-trades": "Cancel/Close Orders",
        "withdraw-funds": "Withdraw Funds",
        "add-withdraw-address": "Add Withdrawal Address",
        "update-withdraw-address": "Update Withdrawal Address",
        "add-funds": "Deposit Funds",
        "can_view": "View",
        "view": "View",
        "can_trade": "Trade",
        "trade": "Trade",
        "can_transfer": "Transfer",
        "transfer": "Transfer",
    }
)
_ORDER = tuple(_LABELS)
_WITHDRAWAL = {Exchange.KRAKEN: "Withdraw Funds", Exchange.COINBASE: "Transfer"}


class CanConnect(Protocol):
    """The one thing that is asked of a broker here."""

    def connect(self) -> KeyInfo: ...


class ConnectRefused(Exception):
    """The account must not trade as things are.

    `reason` is the short text of the log's FIXED line, `remedy` what to do. A `permanent` refusal will not pass
    by itself; any other is worth another try later.
    """

    def __init__(self, reason: str, remedy: str, *, permanent: bool) -> None:
        super().__init__(f"{reason}: {remedy}")
        self.reason = reason
        self.remedy = remedy
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Connected:
    """A key that may trade, and what is worth saying of it."""

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
    """Connect and apply every rule. Raises ConnectRefused; passing faults stay BrokerErrors, to be tried again.

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
    """The same refusal in the same words, whether it comes when the account connects or while it trades."""
    if isinstance(error, InvalidSignature):
        return ConnectRefused("Invalid signature", _copy_again(account), permanent=True)
    if isinstance(error, Unauthorized):
        return ConnectRefused("Invalid key", f"{error}. {_copy_again(account)}", permanent=True)
    return ConnectRefused("Permission denied", f"{error}. {_new_key(account)}", permanent=True)


def check_key(
    account: AccountId, info: KeyInfo, now: datetime, *, allow_withdrawal_keys: bool = False
) -> tuple[str, ...]:
    """What is worth saying of a key. Raises ConnectRefused where it may not trade.

    To be asked again daily: a key can be changed at the exchange, and it comes nearer to its end.
    """
    _check_withdrawal(account, info, allowed=allow_withdrawal_keys)
    _check_permissions(account, info)
    _check_history(account, info)
    return tuple(_expiry(account, info, now))


def permission_labels(permissions: Iterable[str]) -> tuple[str, ...]:
    """The names that the exchange's website gives to permissions, in the order of its page."""
    ordered = sorted(permissions, key=lambda name: (_ORDER.index(name) if name in _LABELS else len(_ORDER), name))
    return tuple(dict.fromkeys(_LABELS.get(name, name) for name in ordered))


def _check_withdrawal(account: AccountId, info: KeyInfo, *, allowed: bool) -> None:
    if info.can_withdraw and not allowed:
        granted = permission_labels(name for name in info.permissions if "withdraw" in name or "transfer" in name)
        permission = ", ".join(granted) or _WITHDRAWAL[account.exchange]
        raise ConnectRefused(
            f"the key can withdraw funds ({permission})",
            f"make a new key without {permission}, put it into {account.env_prefix}_API_KEY and _API_SECRET, "
            "and delete the old one. NIJA never needs it",
            permanent=True,
        )


def _check_permissions(account: AccountId, info: KeyInfo) -> None:
    if info.missing:
        labels = ", ".join(permission_labels(info.missing))
        raise ConnectRefused("Permission denied", f"the key lacks {labels}. {_new_key(account)}", permanent=True)


def _check_history(account: AccountId, info: KeyInfo) -> None:
    """An order that executed where the key cannot see it would be taken for one that never existed."""
    bounds = []
    if info.history_from is not None:
        bounds.append(("Query start", f"from {info.history_from:%Y-%m-%d %H:%M} UTC on"))
    if info.history_until is not None:
        bounds.append(("Query end", f"until {info.history_until:%Y-%m-%d %H:%M} UTC"))
    if bounds:
        settings = " and ".join(setting for setting, _ in bounds)
        raise ConnectRefused(
            f"the key can read its account's history only {' and '.join(bound for _, bound in bounds)}",
            f"clear {settings} in the settings of the key at {short_name(account.exchange)}, or make a new key without "
            f"and put it into {account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET: NIJA must see what "
            "became of every order",
            permanent=True,
        )


def _check_clock(account: AccountId, info: KeyInfo) -> None:
    if abs(info.clock_skew) > MAX_CLOCK_SKEW:
        raise ConnectRefused(
            f"this machine's clock is {duration(abs(info.clock_skew))} off {short_name(account.exchange)}'s",
            "turn on time synchronisation (NTP), for example with: sudo timedatectl set-ntp true",
            permanent=False,
        )


def _expiry(account: AccountId, info: KeyInfo, now: datetime) -> Iterable[str]:
    if info.expires is not None and info.expires - now < EXPIRY_NOTICE:
        yield (
            f"the key in {account.env_prefix}_API_KEY expires on {info.expires:%Y-%m-%d %H:%M} UTC: "
            "make a new one before then"
        )


def _copy_again(account: AccountId) -> str:
    return (
        f"copy {account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET again, whole, "
        f"or make a new key at {short_name(account.exchange)}"
    )


def _new_key(account: AccountId) -> str:
    return (
        f"Make a new key at {short_name(account.exchange)} with every permission that trading needs, "
        f"and put it into {account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET"
    )
