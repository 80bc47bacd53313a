"""The loggers that the daemon's parts use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from nija.log.change_filter import ChangeFilter

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from brokers.clock import Clock

_REPEAT_SECONDS = 60.0


def get_log(name: str, **fields: object) -> FilteringBoundLogger:
    """A structlog logger that adds `fields` to every line, such as account="kraken:master"."""
    log: FilteringBoundLogger = structlog.get_logger(name, **fields)
    return log


class EventLog:
    """The log of one thread: one fact per call, fields after the text, and no reason twice in a row.

    With a `clock`, a reason that comes and goes is logged at most once a minute.
    """

    def __init__(self, log: FilteringBoundLogger, clock: Clock | None = None) -> None:
        self._log = log
        self._clock = clock
        self._reasons = ChangeFilter()
        self._logged_at: dict[tuple[str, str], float] = {}

    def info(self, event: str, **fields: object) -> None:
        self._log.info(event, **fields)

    def exception(self, event: str, **fields: object) -> None:
        """Log an error with the traceback of the exception being handled."""
        self._log.exception(event, **fields)

    def reason(self, topic: str, text: str, *, same: str = "", **fields: object) -> None:
        """Log why something does not happen, at INFO, if that differs from the last reason of `topic`.

        `same` identifies the reason, such as a rule's name, if the text holds changing figures. Default: the text.
        """
        reason = same or text
        # One that comes back too soon is not remembered either: if it lasts, it is logged once the minute is over.
        if not self._was_just_logged(topic, reason) and self._reasons.is_news(topic, reason):
            if self._clock is not None:
                self._logged_at[topic, reason] = self._clock.monotonic()
            self._log.info(text, **fields)

    def trouble(
        self, topic: str, text: str, *, same: str = "", unforeseen: Exception | None = None, **fields: object
    ) -> None:
        """The same as a warning: something that should work does not. `unforeseen` adds a traceback."""
        if self._reasons.is_news(topic, same or text):
            traceback = {} if unforeseen is None else {"exc_info": unforeseen}
            self._log.warning(f"⚠️  {text}", **fields, **traceback)

    def settled(self, topic: str) -> None:
        """Forget a topic's reason, so that it is logged again if it comes back."""
        self._reasons.clear(topic)

    def _was_just_logged(self, topic: str, reason: str) -> bool:
        if self._clock is None:
            return False
        begun = self._clock.monotonic() - _REPEAT_SECONDS
        self._logged_at = {one: at for one, at in self._logged_at.items() if at > begun}
        return (topic, reason) in self._logged_at
