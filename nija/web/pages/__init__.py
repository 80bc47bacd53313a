"""The pages that show NIJA: all of them only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.clock import SystemClock
from nija.web.pages.account import AccountPages
from nija.web.pages.beside import BacktestPart
from nija.web.pages.charts import Charts
from nija.web.pages.health import HealthPage
from nija.web.pages.history import HistoryPage
from nija.web.pages.live import EventStream, LivePage
from nija.web.pages.overview import Overview
from nija.web.pages.readings import PageReadings
from nija.web.pages.recorder import EquityRecorder
from nija.web.rendering import compile_templates

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from brokers.clock import Clock
    from nija.web.context import WebContext


def page_routes(context: WebContext, clock: Clock | None = None) -> list[BaseRoute]:
    """All pages, the data of their charts, and the event stream; `request.state.viewer` says what each may show."""
    clock = clock or SystemClock()
    compile_templates()
    recorder = EquityRecorder()
    readings = PageReadings(context, clock, recorder.record)
    overview = Overview(readings)
    accounts = AccountPages(context, readings, clock)
    health = HealthPage(context, readings, clock)

    def find(path: str) -> LivePage | None:
        live: dict[str, LivePage] = {"/": overview, "/health": health}
        return live.get(path) or accounts.live(path)

    return [
        overview.route(),
        accounts.route(),
        BacktestPart(context, readings, clock).route(),
        HistoryPage(context, readings, clock).route(),
        health.route(),
        EventStream(find, readings, clock).route(),
        *Charts(context, readings, recorder, clock).routes(),
    ]
