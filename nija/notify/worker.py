"""The thread that sends notifications. Submitting an event never blocks."""

from __future__ import annotations

import queue
import threading
from functools import partial
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from nija.log.change_filter import ChangeFilter
from nija.notify.message import Note, note
from nija.notify.throttle import NotificationThrottle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from structlog.typing import FilteringBoundLogger

    from brokers.clock import Clock
    from nija.notify.targets import Targets
    from nija.notify.throttle import Batch
    from nija.notify.wording import NotifiedEvent

# More than hours of a target that does not answer.
_WAITING_AT_MOST = 1_000
_LONGEST_WAIT = 60.0


class NotificationWorker:
    def __init__(self, targets: Targets, clock: Clock, log: FilteringBoundLogger) -> None:
        self._targets = targets
        self._clock = clock
        self._log = log
        self._throttle = NotificationThrottle()
        self._reasons = ChangeFilter()
        # None only wakes the thread.
        self._waiting: queue.Queue[NotifiedEvent | None] = queue.Queue(_WAITING_AT_MOST)
        self._left_out = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, event: NotifiedEvent | None) -> None:
        """Queue an event. Never blocks: if the queue is full, the event is only counted."""
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            self._left_out += event is not None

    def stop(self, seconds: float) -> None:
        """Send everything that is queued, for at most `seconds`. Safe to call twice, or without `start`."""
        self._closing.set()
        self.submit(None)
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        self._guarded(self._targets.load)
        while not self._closing.is_set():
            self._guarded(self._turn)
        self._guarded(self._finish)

    def _guarded(self, step: Callable[[], None]) -> None:
        """The thread's outermost handler: one event that cannot be sent must not block the next ones."""
        try:
            step()
        except Exception as error:  # noqa: BLE001  logged with its traceback
            if self._reasons.is_news("failure", type(error).__name__):
                self._log.exception("❌ A notification failed unexpectedly; trading is not affected")

    def _turn(self) -> None:
        self._take(self._wait())
        self._send(self._throttle.due(self._clock.monotonic()))
        self._targets.retry(self._clock.monotonic())

    def _finish(self) -> None:
        self._take(0.0)
        self._send(self._throttle.everything(self._clock.monotonic()))

    def _wait(self) -> float:
        now = self._clock.monotonic()
        waits = [wait for wait in (self._throttle.wait(now), self._targets.wait(now)) if wait is not None]
        return min([*waits, _LONGEST_WAIT])

    def _take(self, seconds: float) -> None:
        """Wait for an event, then take all that are queued, so that they are sent together."""
        for event in self._arrived(seconds):
            if event is not None:
                self._throttle.offer(event)

    def _arrived(self, seconds: float) -> Iterator[NotifiedEvent | None]:
        try:
            yield self._waiting.get(timeout=seconds) if seconds > 0 else self._waiting.get_nowait()
            while True:
                yield self._waiting.get_nowait()
        except queue.Empty:
            return

    def _send(self, batch: Batch) -> None:
        if batch.events:
            now = utc_now(self._clock)
            notes: list[Note] = []
            for event in batch.events:
                self._guarded(partial(_write_note, event, now, notes))
            left_out, self._left_out = batch.left_out + self._left_out, 0
            self._targets.deliver(notes, left_out, self._clock.monotonic())


def _write_note(event: NotifiedEvent, now: datetime, notes: list[Note]) -> None:
    notes.append(note(event, now))
