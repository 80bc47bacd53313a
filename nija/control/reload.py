"""The daemon's answer to `reload`: what it has taken up, and what it has not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.control.values import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class AccountNote:
    """What a reload changed for one account."""

    account: str
    text: str


@dataclass(frozen=True, slots=True)
class ReloadReport:
    """Each text is a sentence that is safe to show. With `refused`, nothing was taken up.

    `restart`: what takes effect only at the next start. `overridden`: variables of `.env` that the environment sets to
    something else.
    """

    accounts: tuple[AccountNote, ...] = ()
    others: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    overridden: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """What was written and is not in force."""
        kept = (f"refused, and the former settings stay in force: {text}" for text in self.refused)
        return (*kept, *self.restart)

    def to_json(self) -> dict[str, object]:
        plain: dict[str, object] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, object]) -> ReloadReport:
        """Raises ValueError if `plain` is not a report, for example from a daemon of another version."""
        return from_plain(cls, dict(plain))
