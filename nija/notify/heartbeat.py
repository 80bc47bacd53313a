"""Requests a URL while useful work is done, so that an outside service notices when NIJA stops."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import requests

from brokers.figures import duration
from nija.log.change_filter import ChangeFilter

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

EVERY_SECONDS = 120.0
_TIMEOUT_SECONDS = 10.0
_STOP_SECONDS = 0.5
_BAD = 400


class Heartbeat:
    """`url` contains a token and is never shown. `every` is in seconds."""

    def __init__(self, url: str, log: FilteringBoundLogger, every: float = EVERY_SECONDS) -> None:
        self._url = url
        self._log = log
        self._every = every
        self._reasons = ChangeFilter()
        self._beaten = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def beat(self) -> None:
        """Report that useful work is being done now. Never blocks."""
        self._beaten.set()

    def stop(self) -> None:
        """Stop without waiting for an unanswered ping. Safe to call twice, or without `start`."""
        self._closing.set()
        self._beaten.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while not self._closing.is_set():
            # A beat from before the pause is out of date.
            self._beaten.clear()
            self._beaten.wait()
            if self._closing.is_set():
                return
            self._ping()
            self._closing.wait(self._every)

    def _ping(self) -> None:
        trouble = self._trouble()
        if not trouble:
            if self._reasons.clear("heartbeat"):
                self._log.info("The heartbeat URL answers again")
        elif self._reasons.is_news("heartbeat", trouble):
            self._log.warning(
                f"⚠️  The URL in NIJA_HEARTBEAT_URL does not accept the heartbeat ({trouble}); NIJA retries "
                f"every {duration(self._every)}"
            )

    def _trouble(self) -> str:
        """What went wrong, without the URL that these errors contain; empty if all is well."""
        try:
            # Streamed, so that the answer's body is never read.
            with requests.get(self._url, timeout=_TIMEOUT_SECONDS, stream=True) as answer:
                return f"HTTP {answer.status_code}" if answer.status_code >= _BAD else ""
        except requests.RequestException as error:
            return type(error).__name__
