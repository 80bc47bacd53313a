"""A logger that keeps its lines, together with the published events."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import structlog
from structlog.testing import CapturingLogger

from nija.events import Events
from nija.log.event_lines import EventLines

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from nija.events import Event


class CapturedLog:
    def __init__(self) -> None:
        self._kept = CapturingLogger()
        wrapper = structlog.make_filtering_bound_logger(0)
        self.logger = cast(
            "FilteringBoundLogger", structlog.wrap_logger(self._kept, processors=[_text_first], wrapper_class=wrapper)
        )
        self.published: list[Event] = []
        self.events = Events(self.logger)
        self.events.listen(EventLines(self.logger).write)
        self.events.listen(self.published.append)

    @property
    def lines(self) -> list[str]:
        return [str(call.args[0]) for call in self._kept.calls]


def _text_first(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> tuple[tuple[str], dict[str, object]]:
    text = str(event.pop("event"))
    return (text,), dict(event)
