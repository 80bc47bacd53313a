"""One thread that finds out what is to be told and tells it; whoever hands it something never waits."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from nija.log.once import Reasons
from nija.notify.message import Note, note
from nija.notify.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from structlog.typing import FilteringBoundLogger

    from brokers.clock import Clock
    from nija.notify.events import Event
    from nija.notify.pace import Batch
    from nija.notify.targets import Targets

    Finding = Callable[[], tuple[Event, ...]]

# At one look every few seconds, minutes of a target that does not answer.
_WAITING_AT_MOST = 200
_LONGEST_WAIT = 60.0


class Courier:
    def __init__(self, targets: Targets, clock: Clock, log: FilteringBoundLogger) -> None:
        self._targets = targets
        self._clock = clock
        self._log = log
        self._pace = Pace()
        self._reasons = Reasons()
        self._findings: queue.Queue[Finding] = queue.Queue(_WAITING_AT_MOST)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hand(self, finding: Finding) -> None:
        """Have `finding` called in the courier's thread, and its events told. Never waits."""
        # Where too much waits already this one is left out: the next look finds what it would have found.
        with suppress(queue.Full):
            self._findings.put_nowait(finding)

    def stop(self, seconds: float) -> None:
        """Tell everything that waits, for at most `seconds`; harmless when repeated or never started."""
        self._closing.set()
        self.hand(_nothing)
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        self._guarded(self._targets.load)
        while not self._closing.is_set():
            self._guarded(self._turn)
        self._guarded(self._finish)

    def _guarded(self, step: Callable[[], None]) -> None:
        """The thread's top: one event that cannot be told must not silence all that come after it."""
        try:
            step()
        except Exception as error:  # noqa: BLE001  logged with its traceback
            if self._reasons.is_news("failure", type(error).__name__):
                self._log.exception("❌ A notification failed unexpectedly; trading is not affected")

    def _turn(self) -> None:
        self._take(self._wait())
        self._tell(self._pace.due(self._clock.monotonic()))
        self._targets.retry(self._clock.monotonic())

    def _finish(self) -> None:
        self._take(0.0)
        self._tell(self._pace.everything(self._clock.monotonic()))

    def _wait(self) -> float:
        now = self._clock.monotonic()
        waits = [wait for wait in (self._pace.wait(now), self._targets.wait(now)) if wait is not None]
        return min([*waits, _LONGEST_WAIT])

    def _take(self, seconds: float) -> None:
        """Wait for a finding, then take all there are, so that what belongs together is told together."""
        for finding in self._waiting(seconds):
            for event in finding():
                self._pace.offer(event)

    def _waiting(self, seconds: float) -> Iterator[Finding]:
        try:
            yield self._findings.get(timeout=seconds) if seconds > 0 else self._findings.get_nowait()
            while True:
                yield self._findings.get_nowait()
        except queue.Empty:
            return

    def _tell(self, batch: Batch) -> None:
        if batch.events:
            now = utc_now(self._clock)
            notes: tuple[Note, ...] = tuple(note(event, now) for event in batch.events)
            self._targets.deliver(notes, batch.left_out, self._clock.monotonic())


def _nothing() -> tuple[Event, ...]:
    return ()
