"""The health page: the daemon's own view of itself, without a request to an exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from accounts.identity import AccountId
from nija.web.pages.health_view import daemon, exchange_rows, feed_rows, finding_groups, work_row
from nija.web.pages.journal_parts import JournalPart
from nija.web.pages.live import CLOCK, shape_of
from nija.web.pages.overview import clock_text
from nija.web.pages.overview_view import mode_words
from nija.web.pages.words import moment
from nija.web.rendering import render, render_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from brokers.clock import Clock
    from nija.doctor.finding import Section
    from nija.journal.journal import Journal
    from nija.web.context import Viewer, WebContext
    from nija.web.pages.readings import PageReading, PageReadings

_JOURNAL_SECONDS = 30.0
_FINDINGS_SECONDS = 10.0


class HealthPage:
    """An account's owner sees what concerns that account, and nothing of the machine or of others."""

    def __init__(self, context: WebContext, readings: PageReadings, clock: Clock) -> None:
        self._context = context
        self._readings = readings
        self._clock = clock
        self._journals = JournalPart(context, clock, _JOURNAL_SECONDS, _journal_words)
        self._found: tuple[Section, ...] = ()
        self._found_at = float("-inf")

    def route(self) -> Route:
        return Route("/health", self._page)

    def slots(self, reading: PageReading, viewer: Viewer) -> Mapping[str, str]:
        accounts = tuple(one for one in reading.report.accounts if viewer.sees(one.id))
        work = [
            work_row(one, reading.now, self._journals.of(AccountId.parse(one.id)) or "not readable yet")
            for one in accounts
        ]
        parts = {
            CLOCK: clock_text(reading),
            "exchanges": render_part("parts/exchanges.html", rows=exchange_rows(accounts, reading.now)),
            "feeds": render_part("parts/feeds.html", rows=feed_rows(accounts)),
            "work": render_part("parts/work.html", rows=work),
            "findings": render_part("parts/findings.html", groups=finding_groups(self._sections(viewer))),
        }
        if viewer.only is None:
            parts["daemon"] = render_part(
                "parts/daemon.html", daemon=daemon(reading.report, reading.now), verdict=reading.verdict
            )
            parts["notifications"] = render_part(
                "parts/notifications.html", notifications=self._context.notifications()
            )
        return parts

    def _page(self, request: Request) -> Response:
        reading = self._readings.latest()
        slots = self.slots(reading, request.state.viewer)
        return render(request, "health.html", mode=mode_words(reading.report), slots=slots, shape=shape_of(slots))

    def _sections(self, viewer: Viewer) -> tuple[Section, ...]:
        now = self._clock.monotonic()
        if now - self._found_at >= _FINDINGS_SECONDS:
            self._found, self._found_at = self._context.findings(), now
        return tuple(one for one in self._found if viewer.only is None or one.account == str(viewer.only))


def _journal_words(journal: Journal) -> str:
    newest = journal.history.newest(1)
    return f"last event {moment(newest[0].time)}" if newest else "no event yet"
