"""Where stops move all the time, the moves of a minute are one line, and nothing else waits."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest
import structlog
from structlog.testing import CapturingLogger

from brokers.client_order_id import Purpose
from brokers.model import Side
from nija.events import OrderFilled, StopMoved, StopPlaced
from nija.log.event_lines import EventLines
from nija.log.grouped_stops import GroupedStops
from tests.fakes import ManualClock
from tests.nija.notify.account_states import MASTER, TANIA

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

MILLI = Decimal("0.001")
SOLD = OrderFilled(MASTER, "BTC/USD", Side.SELL, MILLI, Decimal(90), "O-2", Purpose.STOP)


def moved(stop: int, market: str = "BTC/USD") -> StopMoved:
    return StopMoved(MASTER, market, MILLI, Decimal(stop), f"O-{stop}")


class Written:
    """What the log was given so far, as text and number of moves."""

    def __init__(self) -> None:
        self._sink = CapturingLogger()
        self.clock = ManualClock()
        log = cast("FilteringBoundLogger", structlog.wrap_logger(self._sink, processors=[]))
        self.stops = GroupedStops(EventLines(log), self.clock)

    def move(self, *stops: int) -> None:
        for stop in stops:
            self.stops.on_event(moved(stop))

    @property
    def lines(self) -> list[tuple[str, int]]:
        calls = [call.kwargs for call in self._sink.calls]
        return [(call["event"].rpartition(" ")[2], call.get("moves", 1)) for call in calls]


@pytest.fixture
def written() -> Written:
    return Written()


def test_the_first_move_is_written_at_once(written: Written) -> None:
    written.move(81)
    assert written.lines == [("$81.00", 1)]


def test_the_moves_of_the_following_minute_are_one_line_with_the_last_stop_and_their_number(written: Written) -> None:
    written.move(81, 82, 83, 84)
    written.stops.look()
    assert written.lines == [("$81.00", 1)]
    written.clock.advance(60)
    written.stops.look()
    assert written.lines == [("$81.00", 1), ("$84.00", 3)]


def test_a_lasting_series_of_moves_is_one_line_a_minute(written: Written) -> None:
    for stop in range(100, 400):
        written.move(stop)
        written.clock.advance(1)
        written.stops.look()
    assert written.lines == [
        ("$100.00", 1),
        *((f"${stop}.00", 60 - (stop == 159)) for stop in (159, 219, 279, 339, 399)),
    ]


def test_the_move_that_ends_a_minute_is_written_with_those_before_it(written: Written) -> None:
    written.move(81, 82, 83)
    written.clock.advance(60)
    written.move(84)
    assert written.lines == [("$81.00", 1), ("$84.00", 3)]


def test_a_move_after_a_quiet_minute_is_written_at_once_again(written: Written) -> None:
    written.move(81)
    written.clock.advance(61)
    written.stops.look()
    written.move(82)
    assert written.lines == [("$81.00", 1), ("$82.00", 1)]


def test_moves_that_wait_are_written_before_the_sale_that_ends_them(written: Written) -> None:
    written.move(81, 82, 83)
    written.stops.on_event(SOLD)
    assert written.lines == [("$81.00", 1), ("$83.00", 2), ("$90.00", 1)]
    written.move(70)
    assert written.lines[-1] == ("$70.00", 1)


def test_a_stop_placed_anew_for_the_same_amount_counts_as_a_move(written: Written) -> None:
    for stop in (81, 82, 83):
        written.stops.on_event(StopPlaced(MASTER, "BTC/USD", MILLI, Decimal(stop), "O"))
    written.stops.flush()
    assert written.lines == [("$81.00", 1), ("$83.00", 2)]


def test_a_stop_for_another_amount_is_written_at_once(written: Written) -> None:
    written.move(81, 82)
    written.stops.on_event(replace(moved(83), amount=2 * MILLI))
    assert written.lines == [("$81.00", 1), ("$82.00", 1), ("$83.00", 1)]


def test_accounts_and_markets_have_lines_of_their_own(written: Written) -> None:
    for event in (moved(81), moved(31, "ETH/USD"), replace(moved(82), account=TANIA)):
        written.stops.on_event(event)
    assert written.lines == [("$81.00", 1), ("$31.00", 1), ("$82.00", 1)]


def test_nothing_that_waits_is_lost_at_the_end(written: Written) -> None:
    written.move(81, 82)
    written.stops.flush()
    written.stops.flush()
    assert written.lines == [("$81.00", 1), ("$82.00", 1)]
