"""How long a journal keeps what is neither an order nor a fill: those are kept for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class JournalRetention:
    """`history` are the events for people, `transitions` the steps of settled orders. Old rows go every `interval`."""

    history: timedelta = timedelta(days=400)
    transitions: timedelta = timedelta(days=90)
    interval: timedelta = timedelta(days=1)


KEPT_FOR_LONG = JournalRetention()
