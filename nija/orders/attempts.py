"""Doing several independent things although one of them fails."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from brokers.errors import BrokerError, LockedOut, PermissionDenied, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Iterator


class Attempts:
    """What the account cannot work with at all is raised at once, anything else once all was tried."""

    def __init__(self) -> None:
        self.first: BrokerError | None = None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        try:
            yield
        except (Unauthorized, PermissionDenied, LockedOut):
            raise
        except BrokerError as error:
            self.first = self.first or error

    def finish(self) -> None:
        """Raises the first BrokerError there was."""
        if self.first is not None:
            raise self.first
