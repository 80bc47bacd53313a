"""Checks the shape of a key and a secret offline. Problems name lengths and kinds, never values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from accounts.faults import Problem, ProblemKind
from accounts.variables import Part
from brokers.description import UnusableKey
from brokers.exchanges import described, descriptions

if TYPE_CHECKING:
    from brokers.description import ExchangeDescription
    from brokers.model import Exchange

_FILLER = re.compile(r"(?P<one>[xX*._0?-])(?P=one)*")
_PLACEHOLDER_WORDS = re.compile(
    r"<.*>|\{.*\}|\[.*\]|\.\.\.|…|your|change.?me|replace|placeholder|example|paste|insert|dummy|todo|secret|api.?key|x{4}",
    re.IGNORECASE | re.DOTALL,
)
_PLACEHOLDERS = frozenset({"none", "null", "nil", "test", "key", "false", "true", "undefined"})


def checked(exchange: Exchange, part: Part, value: str) -> str | Problem:
    """The value in the form that the exchange's client needs, or what is wrong with it."""
    if _FILLER.fullmatch(value):
        return _placeholder()
    description = described(exchange)
    owner = _recognised(value)
    if owner is not None and owner is not description:
        text = f"holds a {owner.short_name} credential"
        return Problem(ProblemKind.SWAPPED, text, f"Set it to one of {description.short_name}")
    checks = description.key_checks()
    try:
        return checks.check_key(value) if part is Part.KEY else checks.check_secret(value)
    except UnusableKey as error:
        if error.is_misplaced:
            return Problem(ProblemKind.SWAPPED, error.text, error.remedy)
        if owner is None and _is_placeholder(value):
            return _placeholder()
        return Problem(ProblemKind.MALFORMED, error.text, error.remedy)


def _recognised(value: str) -> ExchangeDescription | None:
    """The only exchange whose credential this can be; None if that is uncertain."""
    return next((one for one in descriptions() if one.key_checks().recognises(value)), None)


def _placeholder() -> Problem:
    return Problem(
        ProblemKind.PLACEHOLDER,
        "holds placeholder text, not a real value",
        "Set it to the real value, or delete the variable",
    )


def _is_placeholder(value: str) -> bool:
    return value.casefold() in _PLACEHOLDERS or _PLACEHOLDER_WORDS.search(value) is not None
