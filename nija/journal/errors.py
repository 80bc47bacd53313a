"""What can be wrong with a journal."""

from __future__ import annotations


class JournalError(Exception):
    """The journal cannot be used. The text says what to do about it."""


class Damaged(JournalError):
    """The file is there but is no sound journal."""
