"""Why an account cannot trade: the cause, and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.failures import FailureKind
from accounts.identity import short_name
from brokers.exchanges import described
from brokers.figures import duration
from nija.doctor.finding import Finding, broken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accounts.identity import AccountId
    from nija.doctor.facts import Failure

_LOCKOUT_MINUTES = 15
_LEAST_WAIT = 60.0
# A running NIJA takes up an edit of .env by itself.
_HOW = "nija setup does that; on Railway or Render, deploy again"


def failure_finding(account: AccountId, failure: Failure) -> Finding:
    """The cause, with all the remedies of the setup guide."""
    cause = _CAUSES.get(failure.kind)
    if cause is None:
        return broken(_sentence(failure.text) or "The account cannot be used", "Look at nija.log for more")
    title = cause.title.format(exchange=short_name(account.exchange), account=account) or failure.text
    return broken(_sentence(title), cause.remedy(account, failure))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def permission_remedy(account: AccountId) -> str:
    needed = ", ".join(permission.label for permission in described(account.exchange).permissions.needed)
    return (
        f"Log in at {_key_page(account)}, find the key and check that all of these are on: {needed}. If one is "
        f"missing, delete the key, create a new one with all of them and {_put_in(account)}"
    )


def _put_in(account: AccountId) -> str:
    return f"put it into {_variables(account)} ({_HOW})"


def _variables(account: AccountId) -> str:
    return f"{account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET"


def _key_page(account: AccountId) -> str:
    return described(account.exchange).key_guide.page


def _history(account: AccountId, _failure: Failure) -> str:
    settings = " and ".join(described(account.exchange).key_guide.history_settings)
    return (
        f"NIJA must be able to look up every order. Clear {settings} in the settings of the key, or "
        f"create a new one without them and {_put_in(account)}"
    )


def _signature(account: AccountId, _failure: Failure) -> str:
    guide = described(account.exchange).key_guide
    lengths = f" ({guide.lengths})" if guide.lengths else ""
    return (
        "The secret does not belong to the API key, or characters were lost or changed while copying. Copy both "
        f"again, complete{lengths}, into {_variables(account)} ({_HOW}); a secret is shown only once, so if it is "
        f"gone, delete the key and create a new one at {guide.page}"
    )


def _invalid_key(account: AccountId, failure: Failure) -> str:
    return (
        f"{short_name(account.exchange)} says: {failure.text}. The API key was deleted, has expired, was not copied "
        "completely, or its IP whitelist does not contain this machine's address. Look at "
        f"{_key_page(account)}; if the key is no longer there, create a new one and put it into {_variables(account)}"
    )


def _permission(account: AccountId, failure: Failure) -> str:
    return (
        f"{failure.text}. {permission_remedy(account)}. If all of them are on: the exchange also refuses a key with "
        "two-factor sign-in, and one whose IP whitelist does not contain this machine's address"
    )


def _nonce(account: AccountId, _failure: Failure) -> str:
    return (
        "Another program uses the same API key, two accounts have the same key, the clock was set back, or the key "
        "was once used with larger nonces. Stop every other program that has this key (a second deployment, an old "
        "bot), wait 1-2 minutes and try again; keep the clock synchronised (NTP). If this does not help, delete the "
        f"key, create a new one for NIJA only and {_put_in(account)}"
    )


def _locked_out(account: AccountId, _failure: Failure) -> str:
    return (
        "Too many requests with this key were refused: the secret is wrong, or another program has the same key. Stop "
        f"every program that uses it, including NIJA, for {_LOCKOUT_MINUTES} minutes; then check "
        f"{_variables(account)} by running nija doctor once"
    )


def _rate_limit(_account: AccountId, failure: Failure) -> str:
    seconds = max(_LEAST_WAIT, failure.retry_after)
    return f"Another program uses up this account's rate limit: stop it, wait {duration(seconds)}, then try again"


def _no_answer(account: AccountId, failure: Failure) -> str:
    return (
        f"{failure.text}. The problem is not in your setup: wait a few minutes, then try again; "
        f"see {described(account.exchange).status_page}"
    )


def _withdrawal(account: AccountId, _failure: Failure) -> str:
    named = described(account.exchange).permissions.withdrawing[0].label
    return (
        f"NIJA refuses a key that can move money out. Create a new one without {named}, {_put_in(account)}, and delete "
        "the old key"
    )


def _another_account(account: AccountId, _failure: Failure) -> str:
    return (
        f"Put the old key back into {_variables(account)}. Or, to start a new journal with this key, stop NIJA and "
        f"run: nija forget {account}"
    )


def _clock(_account: AccountId, _failure: Failure) -> str:
    return "Turn on time synchronisation (NTP): sudo timedatectl set-ntp true"


def _own_text(_account: AccountId, failure: Failure) -> str:
    return failure.text


@dataclass(frozen=True, slots=True)
class _Cause:
    """`title` may contain `{exchange}` and `{account}`; if it is empty, the failure's own text is the title."""

    title: str
    remedy: Callable[[AccountId, Failure], str]


_CAUSES: Mapping[FailureKind, _Cause] = MappingProxyType(
    {
        FailureKind.SIGNATURE: _Cause("Invalid signature", _signature),
        FailureKind.KEY: _Cause("Invalid key", _invalid_key),
        FailureKind.NONCE: _Cause("Invalid nonce", _nonce),
        FailureKind.PERMISSION: _Cause("Permission denied", _permission),
        FailureKind.WITHDRAWAL: _Cause("", _withdrawal),
        FailureKind.HISTORY: _Cause("", _history),
        FailureKind.CLOCK: _Cause("", _clock),
        FailureKind.LOCKED_OUT: _Cause("{exchange} has locked this key out for a while", _locked_out),
        FailureKind.RATE_LIMIT: _Cause("{exchange}'s rate limit is reached", _rate_limit),
        FailureKind.KEY_IN_USE: _Cause("The key is in use by another process", _own_text),
        FailureKind.NONCE_MARK: _Cause("The nonce mark of this key cannot be used", _own_text),
        FailureKind.DATA_DIR: _Cause("The data folder cannot be used", _own_text),
        FailureKind.UNAVAILABLE: _Cause("{exchange} does not answer this account's requests", _no_answer),
        FailureKind.CREDENTIALS: _Cause("The credentials cannot be used", _own_text),
        FailureKind.ANOTHER_ACCOUNT: _Cause(
            "The key belongs to another exchange account than the journal of {account}", _another_account
        ),
        FailureKind.SHARED_ACCOUNT: _Cause("The key belongs to the same exchange account as another one", _own_text),
    }
)
