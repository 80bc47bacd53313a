"""The sessions of the page, kept in memory: a restart ends them all."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from nija.web.context import Viewer

if TYPE_CHECKING:
    from accounts.identity import AccountId
    from brokers.clock import Clock

# Acting asks for the password again, so a session that is only looked at may last.
IDLE_SECONDS = 8 * 3_600.0
LONGEST_SECONDS = 7 * 86_400.0
# For NIJA's owner, and for each owner's link; the one unused for longest makes room.
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class _Session:
    """`link` is the owner's link that opened it, empty for NIJA's owner. Times are of the steady clock."""

    viewer: Viewer
    link: str
    opened: float
    seen: float


class Sessions:
    """Used by the web server's event loop alone. A session's key is known to its browser only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sessions: dict[str, _Session] = {}

    def open(self, only: AccountId | None = None, link: str = "") -> str:
        """A new session; returns its key. `only`: it sees that account alone, opened by that owner's link."""
        now = self._clock.monotonic()
        self._drop_ended()
        siblings = [name for name, session in self._sessions.items() if session.link == link]
        for name in siblings[: max(0, len(siblings) - _AT_ONCE + 1)]:
            del self._sessions[name]
        key = secrets.token_urlsafe(32)
        viewer = Viewer(only, secrets.token_urlsafe(32), may_log_out=True)
        self._sessions[_name(key)] = _Session(viewer, link, now, now)
        return key

    def viewer(self, key: str) -> Viewer | None:
        """Whose session this is; counts as use. None if there is no such session, or not any more."""
        name = _name(key)
        session = self._live(name)
        if session is None:
            return None
        # Moved to the end: the first is the one unused for longest.
        del self._sessions[name]
        self._sessions[name] = replace(session, seen=self._clock.monotonic())
        return session.viewer

    def is_open(self, key: str) -> bool:
        """The same without counting as use."""
        return self._live(_name(key)) is not None

    def close(self, key: str) -> None:
        self._sessions.pop(_name(key), None)

    def close_link(self, link: str) -> None:
        """End every session that this owner's link has opened."""
        self._sessions = {name: session for name, session in self._sessions.items() if session.link != link}

    def __len__(self) -> int:
        return len(self._sessions)

    def _live(self, name: str) -> _Session | None:
        session = self._sessions.get(name)
        if session is not None and self._has_ended(session):
            del self._sessions[name]
            return None
        return session

    def _has_ended(self, session: _Session) -> bool:
        now = self._clock.monotonic()
        return now - session.seen >= IDLE_SECONDS or now - session.opened >= LONGEST_SECONDS

    def _drop_ended(self) -> None:
        self._sessions = {name: one for name, one in self._sessions.items() if not self._has_ended(one)}


def _name(key: str) -> str:
    """A look-up by hash takes equally long for every wrong key."""
    return sha256(key.encode()).hexdigest()
