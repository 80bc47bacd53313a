"""Sends to the URLs of NIJA_NOTIFY_URLS through apprise. They contain tokens, so no text here shows one."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nija.log.change_filter import ChangeFilter
from nija.notify.message import Note, message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from apprise import Apprise
    from structlog.typing import FilteringBoundLogger

RETRY_SECONDS = 60.0
_KEPT_AT_MOST = 25
_TRIES = 30


@dataclass(slots=True)
class _Target:
    """One URL. `unsent` waits for the next try; `tries` counts those since the last success."""

    name: str
    client: Apprise
    unsent: deque[Note] = field(default_factory=lambda: deque(maxlen=_KEPT_AT_MOST))
    tries: int = 0
    next_try: float = 0.0


class Targets:
    """Used by one thread, which also imports apprise. `redact` removes secrets from every text."""

    def __init__(
        self, urls: Sequence[str], sender: str, log: FilteringBoundLogger, redact: Callable[[str], str]
    ) -> None:
        self._urls = urls
        self._sender = sender
        self._log = log
        self._redact = redact
        self._reasons = ChangeFilter()
        self._targets: tuple[_Target, ...] = ()

    def load(self) -> None:
        # apprise is slow to import, and only needed with URLs.
        from apprise import Apprise  # noqa: PLC0415

        # It logs whole URLs with their tokens.
        logging.getLogger("apprise").disabled = True
        loaded: list[_Target] = []
        for position, url in enumerate(self._urls, start=1):
            name = f"URL {position} of NIJA_NOTIFY_URLS ({url.partition('://')[0]}://…)"
            client = Apprise()
            if client.add(url):
                loaded.append(_Target(name, client))
            else:
                self._log.warning(
                    f"⚠️  {name} is not valid and gets no notifications; see https://github.com/caronc/apprise"
                )
        self._targets = tuple(loaded)

    def deliver(self, notes: Sequence[Note], left_out: int, now: float) -> None:
        """Send to every URL, including what it has missed. `now` is in seconds of the steady clock."""
        for target in self._targets:
            target.unsent.extend(notes)
            self._send(target, left_out, now)

    def retry(self, now: float) -> None:
        """Send again what did not get through, if its next try is due."""
        for target in self._targets:
            if target.unsent and target.next_try <= now:
                self._send(target, 0, now)

    def wait(self, now: float) -> float | None:
        """Seconds until the next retry; None if nothing waits for one."""
        waits = [target.next_try - now for target in self._targets if target.unsent]
        return max(0.0, min(waits)) if waits else None

    def _send(self, target: _Target, left_out: int, now: float) -> None:
        target.tries += 1
        target.next_try = now + RETRY_SECONDS
        text = message(self._sender, tuple(target.unsent), left_out, self._redact)
        if target.client.notify(title=text.title, body=text.body, notify_type=text.severity.value, body_format="text"):
            target.unsent.clear()
            target.tries = 0
            if self._reasons.clear(target.name):
                self._log.info(f"{target.name} accepts notifications again")
            return
        if target.tries >= _TRIES:
            target.unsent.clear()
            target.tries = 0
        if self._reasons.is_news(target.name, "failed"):
            self._log.warning(
                f"⚠️  A notification did not reach {target.name}; NIJA retries. Check that the URL is right"
            )
