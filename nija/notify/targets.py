"""Sends messages to every recipient of an audience, each for itself: what one has missed is sent to it again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nija.log.change_filter import ChangeFilter
from nija.notify.message import Note, message
from nija.notify.recipient import apprise_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structlog.typing import FilteringBoundLogger

    from nija.notify.audience import Audience
    from nija.notify.recipient import Recipient

RETRY_SECONDS = 60.0
_KEPT_AT_MOST = 25
_TRIES = 30


@dataclass(slots=True)
class _Target:
    """One recipient. `unsent` waits for the next try; `tries` counts those since the last success."""

    recipient: Recipient
    unsent: deque[Note] = field(default_factory=lambda: deque(maxlen=_KEPT_AT_MOST))
    tries: int = 0
    next_try: float = 0.0


class Targets:
    """Used by one thread, which also imports apprise. `redact` removes secrets from every text.

    `on_sent` is told the title of each message, and whom it reached or did not reach.
    """

    def __init__(
        self,
        audience: Audience,
        sender: str,
        log: FilteringBoundLogger,
        redact: Callable[[str], str],
        on_sent: Callable[[str, str], None] = lambda _title, _outcome: None,
    ) -> None:
        self._audience = audience
        self._sender = sender
        self._log = log
        self._redact = redact
        self._on_sent = on_sent
        self._reasons = ChangeFilter()
        self._targets: tuple[_Target, ...] = ()

    def load(self) -> None:
        recipients = list(self._audience.recipients)
        for name, url in zip(self._audience.names(), self._audience.urls, strict=True):
            recipient = apprise_url(name, url)
            if recipient is None:
                self._log.warning(
                    f"⚠️  {name} is not valid and gets no notifications; see https://github.com/caronc/apprise"
                )
            else:
                recipients.append(recipient)
        self._targets = tuple(map(_Target, recipients))

    def deliver(self, notes: Sequence[Note], left_out: int, now: float) -> None:
        """Send to every recipient, including what it has missed. `now` is in seconds of the steady clock."""
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
        name = target.recipient.name
        sent = message(self._sender, tuple(target.unsent), left_out, self._redact)
        trouble = target.recipient.send(sent)
        self._on_sent(sent.title, f"did not reach {name}" if trouble else f"sent to {name}")
        if not trouble:
            target.unsent.clear()
            target.tries = 0
            if self._reasons.clear(name):
                self._log.info(f"{name} accepts notifications again")
            return
        if target.tries >= _TRIES:
            target.unsent.clear()
            target.tries = 0
        if self._reasons.is_news(name, "failed"):
            self._log.warning(f"⚠️  A notification did not reach {name}; NIJA retries. {trouble}")
