"""A logger that keeps what it was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import structlog
from structlog.testing import CapturingLogger

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class CapturedLog:
    def __init__(self) -> None:
        self._kept = CapturingLogger()
        wrapper = structlog.make_filtering_bound_logger(0)
        self.logger = cast(
            "FilteringBoundLogger", structlog.wrap_logger(self._kept, processors=[_text_first], wrapper_class=wrapper)
        )

    @property
    def lines(self) -> list[str]:
        return [str(call.args[0]) for call in self._kept.calls]


def _text_first(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> tuple[tuple[str], dict[str, object]]:
    text = str(event.pop("event"))
    return (text,), dict(event)
