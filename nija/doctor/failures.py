"""Why an account could not be asked: the true cause, and its cure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.connect import permission_labels
from accounts.identity import short_name
from brokers.figures import duration
from brokers.model import Exchange
from nija.doctor.finding import Finding, broken
from nija.wizard.guide import guide_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accounts.identity import AccountId
    from nija.doctor.facts import Failure

_LOCKOUT_MINUTES = 15
_LEAST_WAIT = 60.0


def failure_finding(account: AccountId, failure: Failure) -> Finding:
    """One line that names the cause, with every cure that the set-up guide knows under it."""
    known = _CAUSES.get(failure.kind) or _by_words(failure.text)
    if known is None:
        title, _, rest = failure.text.partition(". ")
        return broken(_sentence(title) or "The account cannot be used", rest or "Look at nija.log for more")
    title, remedy = known
    return broken(_sentence(title).replace("{exchange}", short_name(account.exchange)), remedy(account, failure))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _by_words(text: str) -> tuple[str, Callable[[AccountId, Failure], str]] | None:
    """A daemon tells the reason of its log line, which begins with the same words."""
    if "withdraw" in text:
        return text, _withdrawal
    if "clock is" in text:
        return text, _clock
    if "history only" in text:
        return text, _history
    return next((cause for cause in _CAUSES.values() if text.casefold().startswith(cause[0].casefold())), None)


def permission_cure(account: AccountId) -> str:
    guide = guide_for(account.exchange)
    needed = ", ".join(guide.needed)
    return (
        f"Log in at {guide.key_page}, find the key and see that all of these are on: {needed}. If one is missing, "
        f"delete the key, create a new one with all of them, put it into {_variables(account)} (nija setup does "
        "that), and restart NIJA"
    )


def right_label(permission: str) -> str:
    return permission_labels([permission])[0]


def _variables(account: AccountId) -> str:
    return f"{account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET"


def _history(account: AccountId, _failure: Failure) -> str:
    return (
        "NIJA must see what became of every order. Clear Query start and Query end in the settings of the key, or "
        f"create a new one without them, put it into {_variables(account)} and restart NIJA"
    )


def _signature(account: AccountId, _failure: Failure) -> str:
    lengths = " (56 and 88 characters)" if account.exchange is Exchange.KRAKEN else ""
    return (
        "The secret does not belong to the API key, or characters were lost or changed while copying. Copy both "
        f"again, complete{lengths}, into {_variables(account)}; a secret is shown only once, so if it is gone, delete "
        f"the key and create a new one at {guide_for(account.exchange).key_page}. Then restart NIJA"
    )


def _invalid_key(account: AccountId, failure: Failure) -> str:
    return (
        f"{short_name(account.exchange)} says: {failure.text}. The API key was deleted, has expired, was not copied "
        "whole, or its IP whitelist does not hold this machine's address. Look at "
        f"{guide_for(account.exchange).key_page}; if the key is not there any more, create a new one and put it into "
        f"{_variables(account)}"
    )


def _permission(account: AccountId, failure: Failure) -> str:
    return (
        f"{failure.text}. {permission_cure(account)}. If all are on already: a key with two-factor sign-in, or with "
        "an IP whitelist that does not hold this machine's address, is refused likewise"
    )


def _nonce(account: AccountId, _failure: Failure) -> str:
    return (
        "Another program uses the same API key, the key stands under two accounts, the clock was set back, or the "
        "key was once used with larger nonces. Stop every other program that has this key (a second deployment, an "
        "old bot), wait 1-2 minutes and try again; keep the clock right (NTP). If it stays, delete the key, create a "
        f"fresh one for NIJA alone, put it into {_variables(account)} and restart NIJA"
    )


def _locked_out(account: AccountId, _failure: Failure) -> str:
    return (
        "Too many refused requests with this key: a wrong secret, or another program with the same key. Stop every "
        f"program that uses it, NIJA too, for {_LOCKOUT_MINUTES} minutes; then check {_variables(account)} with nija "
        "doctor once"
    )


def _call_limit(_account: AccountId, failure: Failure) -> str:
    seconds = max(_LEAST_WAIT, failure.retry_after)
    return f"Another program uses up this account's calls: stop it, wait {duration(seconds)}, then try again"


def _no_answer(account: AccountId, failure: Failure) -> str:
    return (
        f"{failure.text}. The fault is not in your set-up: wait some minutes, then try again; "
        f"see {guide_for(account.exchange).status_page}"
    )


def _withdrawal(account: AccountId, _failure: Failure) -> str:
    named = guide_for(account.exchange).forbidden[0]
    return (
        f"NIJA refuses a key that can move money out. Create a new one without {named}, put it into "
        f"{_variables(account)} (nija setup does that), restart NIJA, and delete the old key"
    )


def _clock(_account: AccountId, _failure: Failure) -> str:
    return "Turn on time synchronisation (NTP): sudo timedatectl set-ntp true"


def _as_told(_account: AccountId, failure: Failure) -> str:
    return failure.text


# By the name of the error's class, so that a daemon can tell it over its socket.
_CAUSES: Mapping[str, tuple[str, Callable[[AccountId, Failure], str]]] = MappingProxyType(
    {
        "InvalidSignature": ("Invalid signature", _signature),
        "Unauthorized": ("Invalid key", _invalid_key),
        "NonceRejected": ("Invalid nonce", _nonce),
        "PermissionDenied": ("Permission denied", _permission),
        "LockedOut": ("{exchange} has barred this key for a while", _locked_out),
        "RateLimited": ("{exchange}'s call limit is reached", _call_limit),
        "KeyInUse": ("The key is in use by another process", _as_told),
        "NonceMarkError": ("The nonce mark of this key cannot be used", _as_told),
        "DataDirUnusable": ("The data folder cannot be used", _as_told),
        "Unavailable": ("{exchange} does not answer this account's requests", _no_answer),
        "ValueError": ("The credentials cannot be used", _as_told),
    }
)
