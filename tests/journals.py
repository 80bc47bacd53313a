"""Journals for tests that open many: they share what SQLAlchemy has compiled, as the accounts of one process do."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nija.journal.opening import Journals
from nija.log.event_log import get_log
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine
    from structlog.typing import FilteringBoundLogger

    from brokers.clock import Clock


def journals_in(folder: Path, clock: Clock, log: FilteringBoundLogger) -> Journals:
    """Compiling the same statements for each test takes longer than most of the tests."""
    journals = Journals(folder, clock, log)
    journals._shared, journals._compiled = _compiled_once()
    return journals


@cache
def _compiled_once() -> tuple[Engine, dict[Any, Any]]:
    """The statements are kept by the dialect of this engine, which connects to nothing."""
    journals = Journals(Path(), ManualClock(), get_log("test"))
    return journals._shared, journals._compiled
