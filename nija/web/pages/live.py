"""The event stream: an open page gets those of its slots that have changed, and nothing else."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from hashlib import blake2b
from math import ceil
from typing import TYPE_CHECKING, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from brokers.clock import Clock
    from nija.web.context import Viewer
    from nija.web.pages.readings import PageReading, PageReadings

# The browser connects again by itself, and the session is checked again.
_STREAM_SECONDS = 60.0
_RETRY = b"retry: 1000\n\n"
_LEAST_PAUSE = 2.0
_STOP_NOTICED_SECONDS = 0.5
# The share of one core that the looks of an open page may cost; sending them costs as much again.
_SHARE = 0.002
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_NOT_FOUND = 404
CLOCK = "clock"
_RELOAD = "reload"


class LivePage(Protocol):
    def slots(self, reading: PageReading, viewer: Viewer) -> Mapping[str, str] | None:
        """The HTML of each slot; None if there is no such page for this viewer. Called in a worker thread."""
        ...


def shape_of(slots: Mapping[str, str]) -> str:
    """Which slots a page has, as a short text: a page with other slots must be loaded again."""
    return _digest("\n".join(slots))


def pause_after(cost: float) -> float:
    """Seconds until the next look, after one that took `cost` seconds of a core."""
    return max(_LEAST_PAUSE, cost / _SHARE)


def message(event: str, text: str, event_id: str = "") -> bytes:
    lines = [f"event: {event}", *(f"data: {line}" for line in text.splitlines() or [""])]
    if event_id:
        lines.append(f"id: {event_id}")
    return ("\n".join(lines) + "\n\n").encode()


@dataclass(slots=True)
class SlotStream:
    """What one open page has been sent. `shape` is that of the page, `seen` the id of the last message it got."""

    shape: str
    seen: str
    sent: dict[str, str] = field(default_factory=dict)

    def news(self, slots: Mapping[str, str]) -> bytes:
        """The messages that bring the page up to date."""
        if shape_of(slots) != self.shape:
            return message(_RELOAD, "")
        state = _digest("\n".join(html for name, html in slots.items() if name != CLOCK))
        if not self.sent and state == self.seen:
            self.sent = dict(slots) | {CLOCK: ""}
        changed = [name for name, html in slots.items() if self.sent.get(name) != html]
        self.sent = dict(slots)
        return b"".join(message(name, slots[name], state) for name in changed)


class EventStream:
    """Serves /events?page=PATH&shape=SHAPE."""

    def __init__(self, find: Callable[[str], LivePage | None], readings: PageReadings, clock: Clock) -> None:
        self._find = find
        self._readings = readings
        self._clock = clock

    def route(self) -> Route:
        return Route("/events", self._events)

    async def _events(self, request: Request) -> Response:
        viewer: Viewer = request.state.viewer
        page = self._find(request.query_params.get("page", ""))
        if page is None:
            return PlainTextResponse("no such page", _NOT_FOUND)
        slots = await run_in_threadpool(lambda: page.slots(self._readings.latest(), viewer))
        if slots is None:
            return PlainTextResponse("no such page", _NOT_FOUND)
        stream = SlotStream(request.query_params.get("shape", ""), request.headers.get("last-event-id", ""))
        return StreamingResponse(
            self._messages(page, viewer, stream), media_type="text/event-stream", headers=dict(_HEADERS)
        )

    async def _messages(self, page: LivePage, viewer: Viewer, stream: SlotStream) -> AsyncIterator[bytes]:
        yield _RETRY
        end = self._clock.monotonic() + _STREAM_SECONDS
        while self._clock.monotonic() < end and not self._clock.stopping:
            news, cost = await run_in_threadpool(self._look, page, viewer, stream)
            if news:
                yield news
            await self._pause(pause_after(cost))

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not on while NIJA stops: an open page must not hold it up."""
        for _ in range(ceil(seconds / _STOP_NOTICED_SECONDS)):
            if self._clock.stopping:
                return
            await asyncio.sleep(_STOP_NOTICED_SECONDS)

    def _look(self, page: LivePage, viewer: Viewer, stream: SlotStream) -> tuple[bytes, float]:
        """The news, and what they cost in seconds of a core."""
        started = time.thread_time()
        slots = page.slots(self._readings.latest(), viewer)
        news = message(_RELOAD, "") if slots is None else stream.news(slots)
        return news, time.thread_time() - started


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
