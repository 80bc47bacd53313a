"""The page's password: only its argon2 hash is kept, in NIJA_WEB_PASSWORD_HASH."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST_CHARACTERS = 12
_MOST_CHARACTERS = 256


class PasswordUnusable(Exception):
    """The text says what a password needs; it never repeats the password."""


def hash_password(password: str) -> str:
    """The value for NIJA_WEB_PASSWORD_HASH. Raises PasswordUnusable."""
    if len(password) < LEAST_CHARACTERS:
        raise PasswordUnusable(f"the password needs at least {LEAST_CHARACTERS} characters: a few words do well")
    if len(password) > _MOST_CHARACTERS:
        raise PasswordUnusable(f"the password may have at most {_MOST_CHARACTERS} characters")
    if len(set(password)) < LEAST_CHARACTERS // 3:
        raise PasswordUnusable("the password repeats too few characters: a few words do well")
    return PasswordHasher().hash(password)


def is_right(password: str, password_hash: str) -> bool:
    """Takes about a tenth of a second and 64 MB, so that guessing is slow."""
    if len(password) > _MOST_CHARACTERS:
        return False
    try:
        return PasswordHasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
