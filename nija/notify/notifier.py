"""Notifications: a listener for the daemon's events, and a heartbeat while any account works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.clock import utc_now
from nija.health.judgement import works
from nija.notify.heartbeat import Heartbeat
from nija.notify.sent import SentNotification, SentNotifications
from nija.notify.targets import Targets
from nija.notify.wording import NotifiedEvent
from nija.notify.worker import NotificationWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structlog.typing import FilteringBoundLogger

    from brokers.clock import Clock
    from nija.events import Event
    from nija.notify.audience import Audience
    from nija.status.report import AccountStatus

_FLUSH_SECONDS = 3.0


class Notifier:
    """Without audiences it does nothing and runs no thread. No method but `stop` waits for the network.

    Each audience has a thread of its own, so that a target that does not answer delays nobody else's messages.
    `sender` starts every title. `redact` removes secrets from every text.
    """

    def __init__(
        self,
        audiences: Sequence[Audience],
        heartbeat_url: str | None,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        sender: str = "NIJA",
        redact: Callable[[str], str] = str,
    ) -> None:
        self._clock = clock
        self._log = log
        self._sender = sender
        self._redact = redact
        self.sent = SentNotifications()
        self._workers = {audience: self._worker(audience) for audience in audiences if not audience.is_empty}
        self._heartbeat = Heartbeat(heartbeat_url, log) if heartbeat_url else None

    def start(self) -> None:
        for worker in self._workers.values():
            worker.start()
        if self._heartbeat is not None:
            self._heartbeat.start()

    def follow(self, audiences: Sequence[Audience]) -> None:
        """Notify these audiences from now on. Those that remain keep what is queued for them. Only after `start`."""
        before, kept = self._workers, {one: self._workers.get(one) for one in audiences if not one.is_empty}
        self._workers = {audience: worker or self._worker(audience) for audience, worker in kept.items()}
        for audience in self._workers.keys() - before.keys():
            self._workers[audience].start()
        for audience in before.keys() - self._workers.keys():
            before[audience].stop(0)

    def on_event(self, event: Event) -> None:
        """Queue an event for those who are notified of it. Called by any thread."""
        if isinstance(event, NotifiedEvent):
            for audience, worker in self._workers.items():
                if (part := audience.part_of(event)) is not None:
                    worker.submit(part)

    def look(self, accounts: tuple[AccountStatus, ...]) -> None:
        """Send a heartbeat if any account works."""
        now = utc_now(self._clock)
        if self._heartbeat is not None and any(works(one, now) for one in accounts):
            self._heartbeat.beat()

    def stop(self, seconds: float = _FLUSH_SECONDS) -> None:
        """Send everything that is queued, within about `seconds`."""
        if self._heartbeat is not None:
            self._heartbeat.stop()
        workers = tuple(self._workers.values())
        for worker in workers:
            worker.stop(0)
        deadline = self._clock.monotonic() + seconds
        for worker in workers:
            worker.stop(max(0.0, deadline - self._clock.monotonic()))

    def _worker(self, audience: Audience) -> NotificationWorker:
        targets = Targets(audience, self._sender, self._log, self._redact, self._on_sent)
        return NotificationWorker(targets, self._clock, self._log)

    def _on_sent(self, title: str, outcome: str) -> None:
        self.sent.add(SentNotification(utc_now(self._clock), title, outcome))
