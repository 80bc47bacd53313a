"""The named commits of the journal, so that a test can kill the process at each of them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class CommitPoint(StrEnum):
    INTENDED = "intended"
    SENT = "sent"
    OUTCOME = "outcome"
    RESOLVED = "resolved"
    PROGRESS = "progress"
    BOOKED = "booked"
    PLANNED = "planned"
    AMENDED = "amended"
    CLOSED = "closed"
    ADOPTED = "adopted"
    NOTED = "noted"


CommitHook = Callable[[CommitPoint, bool], None]
"""Called with False just before the commit, and with True just after."""


def no_hook(step: CommitPoint, committed: bool) -> None:  # noqa: FBT001 the shape of CommitHook
    """Does nothing."""
    del step, committed
