"""Combines any number of events into one message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.notify.wording import Severity, wording_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from nija.notify.wording import NotifiedEvent, Wording

_NOTES_AT_MOST = 25
_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Note:
    """One event's wording, and when it was noticed."""

    time: datetime
    wording: Wording


@dataclass(frozen=True, slots=True)
class Message:
    title: str
    body: str
    severity: Severity


def note(event: NotifiedEvent, time: datetime) -> Note:
    return Note(time, wording_of(event))


def message(sender: str, notes: Sequence[Note], left_out: int, redact: Callable[[str], str]) -> Message:
    """A single note as it is; several as a list with times, which keeps the newest if there are too many."""
    severity = max((one.wording.severity for one in notes), key=_SEVERITIES.index)
    if len(notes) == 1 and not left_out:
        only = notes[0].wording
        return Message(redact(f"{sender} {only.title}"), redact(only.text), severity)
    shown = notes[-_NOTES_AT_MOST:]
    missing = left_out + len(notes) - len(shown)
    lines = [f"{one.time:%H:%M} {one.wording.title}: {one.wording.text}" for one in shown]
    if missing:
        lines.insert(0, f"({missing} earlier events are left out; see nija.log)")
    return Message(f"{sender}: {len(notes) + left_out} events", redact("\n".join(lines)), severity)
