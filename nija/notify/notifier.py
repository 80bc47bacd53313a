"""What the daemon holds of all this: start, look at the accounts every few seconds, stop."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from nija.health.judgement import works
from nija.notify.courier import Courier
from nija.notify.events import DaemonStarted, DaemonStopped
from nija.notify.heartbeat import Heartbeat
from nija.notify.targets import Targets
from nija.notify.watcher import StateWatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from nija.notify.events import Event
    from nija.status.report import AccountStatus

_FLUSH_SECONDS = 3.0


class Notifier:
    """Without addresses it does nothing and runs no thread. No method waits for a network, but `stop` a little.

    `sender` stands in front of every title. `redact` takes secrets out of every text. `summary_hour` is UTC.
    """

    def __init__(  # noqa: PLR0913  each is one thing a user sets, or one thing the daemon has
        self,
        urls: Sequence[str],
        heartbeat_url: str | None,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        sender: str = "NIJA",
        summary_hour: int | None = None,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._clock = clock
        self._watcher = StateWatcher(clock, summary_hour)
        self._courier = Courier(Targets(urls, sender, log, redact), clock, log) if urls else None
        self._heartbeat = Heartbeat(heartbeat_url, log) if heartbeat_url else None

    def start(self, mode: str, accounts: Sequence[AccountId]) -> None:
        if self._courier is not None:
            self._courier.start()
        if self._heartbeat is not None:
            self._heartbeat.start()
        self.tell(DaemonStarted(mode, tuple(accounts)))

    def tell(self, *events: Event) -> None:
        if self._courier is not None:
            self._courier.hand(lambda: events)

    def look(self, accounts: tuple[AccountStatus, ...]) -> None:
        """Tell what has changed since the last look, and let the heart beat while any account works."""
        now = utc_now(self._clock)
        if self._heartbeat is not None and any(works(one, now) for one in accounts):
            self._heartbeat.beat()
        if self._courier is not None:
            self._courier.hand(partial(self._watcher.look, accounts))

    def stop(self, seconds: float = _FLUSH_SECONDS) -> None:
        """Tell that the daemon stops, and everything that still waits, within about so many seconds."""
        self.tell(DaemonStopped())
        if self._heartbeat is not None:
            self._heartbeat.stop()
        if self._courier is not None:
            self._courier.stop(seconds)
