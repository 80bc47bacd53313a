"""How often someone is told: at once, then not again for a while of the same kind and account.

What comes meanwhile is summed up.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nija.events import (
    AccountFailed,
    AccountRecovered,
    FeedBack,
    FeedSilent,
    PositionBare,
    PositionCertain,
    PositionInDoubt,
    PositionProtected,
)

if TYPE_CHECKING:
    from nija.notify.wording import NotifiedEvent

# Something's beginning and its end are one story, which must not be told in two orders.
_STORIES: tuple[tuple[type, ...], ...] = (
    (AccountFailed, AccountRecovered),
    (FeedSilent, FeedBack),
    (PositionBare, PositionProtected),
    (PositionInDoubt, PositionCertain),
)
WINDOW_SECONDS = 60.0
# Of one kind and account in one window; the oldest give way, for the last ones say how things stand.
HELD_AT_MOST = 10


@dataclass(slots=True)
class _Lane:
    """One kind of event of one account."""

    told: float = float("-inf")
    held: deque[NotifiedEvent] = field(default_factory=lambda: deque(maxlen=HELD_AT_MOST))
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Events to be told now, in their order; `left_out` more were too many."""

    events: tuple[NotifiedEvent, ...] = ()
    left_out: int = 0


class NotificationThrottle:
    """Holds events until they are due. Times are seconds of a clock that never steps back."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[str, str], _Lane] = {}

    def offer(self, event: NotifiedEvent) -> None:
        lane = self._lanes.setdefault(_lane_of(event), _Lane())
        if len(lane.held) == HELD_AT_MOST:
            lane.left_out += 1
        lane.held.append(event)

    def due(self, now: float) -> Batch:
        return self._take(now, [lane for lane in self._lanes.values() if lane.told + WINDOW_SECONDS <= now])

    def everything(self, now: float) -> Batch:
        return self._take(now, list(self._lanes.values()))

    def wait(self, now: float) -> float | None:
        """Seconds until something held becomes due; None where nothing is held."""
        waits = [lane.told + WINDOW_SECONDS - now for lane in self._lanes.values() if lane.held]
        return max(0.0, min(waits)) if waits else None

    def _take(self, now: float, lanes: list[_Lane]) -> Batch:
        events: list[NotifiedEvent] = []
        left_out = 0
        for lane in lanes:
            if lane.held:
                events += lane.held
                left_out += lane.left_out
                lane.held.clear()
                lane.told, lane.left_out = now, 0
        return Batch(tuple(events), left_out)


def _lane_of(event: NotifiedEvent) -> tuple[str, str]:
    kind = next((story[0] for story in _STORIES if isinstance(event, story)), type(event))
    return kind.__name__, str(getattr(event, "account", ""))
