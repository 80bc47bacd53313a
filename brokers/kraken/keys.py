"""The shape of a Kraken key and its private key, checked before any network."""

from __future__ import annotations

import base64
import binascii
import re

from brokers.description import KeyChecks, UnusableKey

KEY_LENGTH = 56
SECRET_LENGTH = 88
_SECRET_BYTES = 64
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_COPY_AGAIN = (
    "Copy it again from Kraken (Security, API), whole; Kraken shows a private key once, so make a new key if it is gone"
)
_SWAP = "The two values are swapped: exchange them"


def _check_key(value: str) -> str:
    """Raises UnusableKey."""
    if _is_secret(value):
        raise UnusableKey("holds the private key (API secret) where the API key belongs", _SWAP, is_misplaced=True)
    _check_text("an API key", value, KEY_LENGTH)
    return value


def _check_secret(value: str) -> str:
    """Raises UnusableKey."""
    if len(value) == KEY_LENGTH and _BASE64.fullmatch(value):
        raise UnusableKey("holds the API key where the private key (API secret) belongs", _SWAP, is_misplaced=True)
    _check_text("a private key", value, SECRET_LENGTH)
    if not _is_secret(value):
        raise UnusableKey("is not valid base64, so characters were lost or changed", _COPY_AGAIN)
    return value


def _check_text(what: str, value: str, length: int) -> None:
    """Alphabet before length: a blank inside explains a wrong length, and not the other way round."""
    if not _BASE64.fullmatch(value):
        strange = _strange(value)
        raise UnusableKey(
            f"contains {strange}, which {what} of Kraken never does ({len(value)} characters in all)", _COPY_AGAIN
        )
    if len(value) != length:
        raise UnusableKey(f"has {len(value)} characters where {what} of Kraken has {length}", _COPY_AGAIN)


def _strange(value: str) -> str:
    if any(character in "\r\n" for character in value):
        return "a line break"
    if any(character.isspace() for character in value):
        return "a blank"
    return "a character other than letters, digits, + and /"


def _is_secret(value: str) -> bool:
    try:
        return len(base64.b64decode(value.encode(), validate=True)) == _SECRET_BYTES
    except (binascii.Error, ValueError):
        return False


CHECKS = KeyChecks(_check_key, _check_secret)
