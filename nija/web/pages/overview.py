"""The overview: every account on one page, and first what needs a person."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from nija.web.pages.live import CLOCK, shape_of
from nija.web.pages.overview_view import AccountRow, account_row, mode_words, summary, urgent
from nija.web.pages.words import address_of
from nija.web.rendering import render, render_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from nija.web.context import Viewer
    from nija.web.pages.readings import PageReading, PageReadings

_SEE_OTHER = 303


class Overview:
    """Shows all accounts, so an account's owner is sent to their own page instead."""

    def __init__(self, readings: PageReadings) -> None:
        self._readings = readings

    def route(self) -> Route:
        return Route("/", self._page)

    def slots(self, reading: PageReading, viewer: Viewer) -> Mapping[str, str] | None:
        if viewer.only is not None:
            return None
        report = reading.report
        return {
            CLOCK: clock_text(reading),
            "urgent": render_part(
                "parts/urgent.html", urgent=urgent(report.accounts, report.notices), verdict=reading.verdict
            ),
            "summary": render_part("parts/summary.html", summary=summary(report)),
            **{slot_of(account.id): _row(account_row(account)) for account in report.accounts},
        }

    def _page(self, request: Request) -> Response:
        viewer: Viewer = request.state.viewer
        if viewer.only is not None:
            return RedirectResponse(address_of(str(viewer.only)), _SEE_OTHER)
        reading = self._readings.latest()
        slots = self.slots(reading, viewer)
        assert slots is not None  # noqa: S101  only an owner's viewer gets None
        rows = [(slot_of(account.id), slots[slot_of(account.id)]) for account in reading.report.accounts]
        return render(
            request, "overview.html", mode=mode_words(reading.report), slots=slots, rows=rows, shape=shape_of(slots)
        )


def slot_of(account_id: str) -> str:
    return "account-" + account_id.replace(":", "-", 1)


def clock_text(reading: PageReading) -> str:
    return f"{reading.now:%H:%M:%S} UTC"


@lru_cache(maxsize=512)
def _row(row: AccountRow) -> str:
    """Most rows are the same at the next look."""
    return render_part("parts/account_row.html", row=row)
