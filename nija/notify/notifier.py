"""Notifications: a listener for the daemon's events, and a heartbeat while any account works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.clock import utc_now
from nija.health.judgement import works
from nija.notify.heartbeat import Heartbeat
from nija.notify.targets import Targets
from nija.notify.wording import NotifiedEvent
from nija.notify.worker import NotificationWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structlog.typing import FilteringBoundLogger

    from brokers.clock import Clock
    from nija.events import Event
    from nija.status.report import AccountStatus

_FLUSH_SECONDS = 3.0


class Notifier:
    """Without URLs it does nothing and runs no thread. No method but `stop` waits for the network.

    `sender` starts every title. `redact` removes secrets from every text.
    """

    def __init__(
        self,
        urls: Sequence[str],
        heartbeat_url: str | None,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        sender: str = "NIJA",
        redact: Callable[[str], str] = str,
    ) -> None:
        self._clock = clock
        self._worker = NotificationWorker(Targets(urls, sender, log, redact), clock, log) if urls else None
        self._heartbeat = Heartbeat(heartbeat_url, log) if heartbeat_url else None

    def start(self) -> None:
        if self._worker is not None:
            self._worker.start()
        if self._heartbeat is not None:
            self._heartbeat.start()

    def on_event(self, event: Event) -> None:
        """Queue an event, if people are notified of its kind. Called by any thread."""
        if self._worker is not None and isinstance(event, NotifiedEvent):
            self._worker.submit(event)

    def look(self, accounts: tuple[AccountStatus, ...]) -> None:
        """Send a heartbeat if any account works."""
        now = utc_now(self._clock)
        if self._heartbeat is not None and any(works(one, now) for one in accounts):
            self._heartbeat.beat()

    def stop(self, seconds: float = _FLUSH_SECONDS) -> None:
        """Send everything that is queued, within about `seconds`."""
        if self._heartbeat is not None:
            self._heartbeat.stop()
        if self._worker is not None:
            self._worker.stop(seconds)
