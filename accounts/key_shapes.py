"""The shape of a key and a secret, judged before any network. Problems name lengths and kinds, never values."""

from __future__ import annotations

import base64
import binascii
import re

from accounts.faults import Problem, ProblemKind
from accounts.variables import Part
from brokers.coinbase.keys import check_key_name, holds_private_key, normalise_secret
from brokers.model import Exchange

KRAKEN_KEY_LENGTH = 56
KRAKEN_SECRET_LENGTH = 88
_KRAKEN_SECRET_BYTES = 64

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_FILLER = re.compile(r"(?P<one>[xX*._0?-])(?P=one)*")
_PLACEHOLDER_WORDS = re.compile(
    r"<.*>|\{.*\}|\[.*\]|\.\.\.|…|your|change.?me|replace|placeholder|example|paste|insert|dummy|todo|secret|api.?key|x{4}",
    re.IGNORECASE | re.DOTALL,
)
_PLACEHOLDERS = frozenset({"none", "null", "nil", "test", "key", "false", "true", "undefined"})

_COPY_KRAKEN = (
    "Copy it again from Kraken (Security, API), whole; Kraken shows a private key once, so make a new key if it is gone"
)
_WRITE_REAL = "Put the real one there, or delete the variable"


def checked(exchange: Exchange, part: Part, value: str) -> str | Problem:
    """One cleaned value of `exchange` as its client takes it, or what is wrong with it."""
    if _FILLER.fullmatch(value):
        return _placeholder()
    found = (_kraken(part, value) or value) if exchange is Exchange.KRAKEN else _coinbase(part, value)
    if isinstance(found, Problem) and found.kind is ProblemKind.MALFORMED and _is_placeholder(value):
        return _placeholder()
    return found


def _placeholder() -> Problem:
    return Problem(ProblemKind.PLACEHOLDER, "holds placeholder text, not a real value", _WRITE_REAL)


def _is_placeholder(value: str) -> bool:
    if value.casefold() in _PLACEHOLDERS:
        return True
    return not _is_coinbase(value) and _PLACEHOLDER_WORDS.search(value) is not None


def _kraken(part: Part, value: str) -> Problem | None:
    if _is_coinbase(value):
        return Problem(ProblemKind.SWAPPED, "holds a Coinbase credential", "Put Kraken's own here")
    if part is Part.KEY:
        if _is_kraken_secret(value):
            return _swapped("the private key (API secret)", "the API key")
        return _kraken_text("an API key", value, KRAKEN_KEY_LENGTH)
    if _is_kraken_key(value):
        return _swapped("the API key", "the private key (API secret)")
    problem = _kraken_text("a private key", value, KRAKEN_SECRET_LENGTH)
    if problem is None and not _is_kraken_secret(value):
        return Problem(ProblemKind.MALFORMED, "is not valid base64, so characters were lost or changed", _COPY_KRAKEN)
    return problem


def _kraken_text(what: str, value: str, length: int) -> Problem | None:
    """Alphabet before length: a blank inside explains a wrong length, and not the other way round."""
    if not _BASE64.fullmatch(value):
        text = f"contains {_strange(value)}, which {what} of Kraken never does ({len(value)} characters in all)"
        return Problem(ProblemKind.MALFORMED, text, _COPY_KRAKEN)
    if len(value) != length:
        text = f"has {len(value)} characters where {what} of Kraken has {length}"
        return Problem(ProblemKind.MALFORMED, text, _COPY_KRAKEN)
    return None


def _strange(value: str) -> str:
    if any(character in "\r\n" for character in value):
        return "a line break"
    if any(character.isspace() for character in value):
        return "a blank"
    return "a character other than letters, digits, + and /"


def _is_kraken_key(value: str) -> bool:
    return len(value) == KRAKEN_KEY_LENGTH and _BASE64.fullmatch(value) is not None


def _is_kraken_secret(value: str) -> bool:
    try:
        return len(base64.b64decode(value.encode(), validate=True)) == _KRAKEN_SECRET_BYTES
    except (binascii.Error, ValueError):
        return False


def _is_coinbase(value: str) -> bool:
    return holds_private_key(value) or value.startswith("organizations/")


def _coinbase(part: Part, value: str) -> str | Problem:
    if part is Part.KEY and holds_private_key(value):
        return _swapped("the private key", "the key's name (organizations/…/apiKeys/…)")
    if part is Part.SECRET and value.startswith("organizations/"):
        return _swapped("the key's name", "the private key")
    try:
        if part is Part.KEY:
            check_key_name(value)
            return value
        return normalise_secret(value)
    except ValueError as error:
        return Problem(ProblemKind.MALFORMED, str(error).rstrip("."), "Nothing was sent to Coinbase")


def _swapped(found: str, expected: str) -> Problem:
    return Problem(
        ProblemKind.SWAPPED,
        f"holds {found} where {expected} belongs",
        "The two values are swapped: exchange them",
    )
