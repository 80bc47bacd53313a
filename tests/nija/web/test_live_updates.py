"""An open page gets what has changed, costs little, and comes back after a lost connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from nija.web.context import Viewer
from nija.web.pages.live import SlotStream, message, pause_after, shape_of
from nija.web.pages.readings import PageReadings
from nija.web.pages.recorder import ChartPoint, EquityRecorder, EquityTrack, SteadyCapital
from tests.nija.web.page_world import DAIVON, OWNER, account

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Message

    from tests.nija.web.page_world import World

SLOTS = {"clock": "12:00:00", "summary": "two accounts", "account-kraken-master": "5231.42"}


def stream_of(slots: dict[str, str], seen: str = "") -> SlotStream:
    return SlotStream(shape_of(slots), seen)


class TestAStream:
    def test_begins_with_every_slot(self) -> None:
        sent = stream_of(SLOTS).news(SLOTS).decode()
        assert [line for line in sent.splitlines() if line.startswith("event:")] == [f"event: {name}" for name in SLOTS]

    def test_then_sends_only_what_has_changed(self) -> None:
        stream = stream_of(SLOTS)
        stream.news(SLOTS)
        sent = stream.news(SLOTS | {"summary": "three accounts"}).decode()
        assert sent.startswith("event: summary\ndata: three accounts\nid: ")
        assert sent.count("event:") == 1

    def test_sends_nothing_while_nothing_changes(self) -> None:
        stream = stream_of(SLOTS)
        stream.news(SLOTS)
        assert stream.news(SLOTS) == b""

    def test_goes_on_where_the_lost_connection_ended(self) -> None:
        before = stream_of(SLOTS).news(SLOTS).decode()
        seen = before.rpartition("id: ")[2].strip()
        assert stream_of(SLOTS, seen).news(SLOTS).startswith(b"event: clock\n")
        assert stream_of(SLOTS, seen).news(SLOTS).count(b"event:") == 1

    def test_has_the_page_loaded_again_when_an_account_comes_or_goes(self) -> None:
        assert stream_of(SLOTS).news(SLOTS | {"account-kraken-new": "1.00"}) == b"event: reload\ndata: \n\n"

    def test_keeps_the_lines_of_a_text_together(self) -> None:
        assert message("summary", "<p>\n</p>") == b"event: summary\ndata: <p>\ndata: </p>\n\n"


class TestThePaceOfUpdates:
    def test_is_once_in_two_seconds_at_most(self) -> None:
        assert pause_after(0.0) == 2.0

    @pytest.mark.parametrize("cost", [0.005, 0.03, 0.2])
    def test_costs_less_than_half_a_percent_of_a_core(self, cost: float) -> None:
        assert cost / (cost + pause_after(cost)) <= 0.005


class TestTheRoute:
    def test_streams_the_slots_of_a_page(self, world: World) -> None:
        status, body = first_bytes(world, "/events?page=/&shape=old", OWNER)
        assert (status, body) == (200, b"retry: 1000\n\nevent: reload\ndata: \n\n")

    def test_ends_when_nija_stops(self, world: World) -> None:
        world.clock.stopping = True
        assert world.client().get("/events?page=/").text == "retry: 1000\n\n"

    def test_knows_no_page_that_does_not_exist(self, world: World) -> None:
        assert world.client().get("/events?page=/account/kraken/nobody").status_code == 404
        assert world.client().get("/events?page=/elsewhere").status_code == 404

    @pytest.mark.parametrize("page", ["/", "/account/kraken/master"])
    def test_shows_an_accounts_owner_nothing_of_others(self, world: World, page: str) -> None:
        assert world.client(Viewer(only=DAIVON)).get(f"/events?page={page}").status_code == 404


def first_bytes(world: World, target: str, viewer: Viewer) -> tuple[int, bytes]:
    """The status, and the first two messages; then the browser leaves."""
    world.viewer = viewer
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
        "http_version": "1.1",
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    seen: list[Message] = []

    async def ask() -> None:
        enough = anyio.Event()

        async def receive() -> Message:
            await enough.wait()
            return {"type": "http.disconnect"}

        async def send(part: Message) -> None:
            seen.append(part)
            if len(seen) == 3:
                enough.set()

        await world.app()(scope, receive, send)

    anyio.run(ask)
    return seen[0]["status"], b"".join(part.get("body", b"") for part in seen[1:3])


class TestTheRecorder:
    def test_keeps_a_bounded_number_of_points_of_the_last_two_days(self) -> None:
        track = EquityTrack()
        for second in range(0, 4 * 86_400, 30):
            track.add(ChartPoint(float(second), 1.0, 0.0))
        points = track.points()
        assert len(points) <= 720
        assert points[0].time > 86_400
        assert points[-1].time > 4 * 86_400 - 1_200

    def test_records_nothing_while_the_equity_is_unknown(self, world: World) -> None:
        recorder = EquityRecorder()
        world.accounts = (account(equity=None),)
        PageReadings(world.context(), world.clock, recorder.record).latest()
        assert recorder.points("kraken:master") == ()

    def test_records_each_reading(self, world: World) -> None:
        recorder = EquityRecorder()
        readings = PageReadings(world.context(), world.clock, recorder.record)
        for _ in range(3):
            readings.latest()
            world.clock.advance(1)
        assert [round(point.equity, 2) for point in recorder.points("kraken:master")] == [5231.42] * 3


class TestTheEquityShown:
    @pytest.fixture
    def steady(self) -> Callable[[float, float, float], float]:
        return SteadyCapital().equity

    def test_follows_what_is_earned(self, steady: Callable[[float, float, float], float]) -> None:
        assert [steady(0, 1000, 0), steady(1, 1010, 10), steady(2, 990, -10)] == [1000, 1010, 990]

    def test_leaves_out_a_balance_that_lags_behind_a_fill(self, steady: Callable[[float, float, float], float]) -> None:
        assert [steady(0, 1000, 0), steady(1, 800, 1), steady(9, 1002, 2)] == [1000, 1001, 1002]

    def test_follows_a_deposit_once_it_has_lasted(self, steady: Callable[[float, float, float], float]) -> None:
        assert [steady(0, 1000, 0), steady(1, 1500, 0), steady(61, 1500, 0)] == [1000, 1000, 1500]

    def test_goes_on_at_midnight(self, steady: Callable[[float, float, float], float]) -> None:
        assert [steady(0, 1000, 50), steady(1, 1000, 0)] == [1000, 1000]
