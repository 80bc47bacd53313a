"""The end of a demo says what happened and what to do next."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from nija.events import DaemonStopped, PositionClosed
from nija.supervisor.demo_ending import DemoEnding
from tests.fakes import ManualClock
from tests.nija.notify.account_states import MASTER

if TYPE_CHECKING:
    from nija.events import Event


def closed(net: str, market: str = "BTC/USD") -> PositionClosed:
    return PositionClosed(MASTER, market, Decimal(1), Decimal(net), Decimal(0), "", "entry-1")


def said(*nets: PositionClosed, seconds: float = 320.0, open_positions: int = 3) -> str:
    clock = ManualClock()
    ending = DemoEnding(57_600.0, clock)
    events: tuple[Event, ...] = (*nets, DaemonStopped())
    for event in events:
        ending.on_event(event)
    clock.advance(seconds)
    first, _ = ending.lines(open_positions)
    return first


def test_it_says_how_long_it_ran_and_what_was_earned() -> None:
    assert said(closed("10.50"), closed("-3.25")) == (
        "🎭 The demo ran 5 min 20 s, 213 market days: 2 positions closed with +$7.25 after fees, 3 still open. "
        "No real money moved"
    )


def test_a_demo_that_sold_nothing_names_no_result() -> None:
    assert said(seconds=4.0, open_positions=0) == (
        "🎭 The demo ran 4 s, 2 market days: 0 positions closed, 0 still open. No real money moved"
    )


def test_each_currency_has_its_own_result() -> None:
    assert "1 position closed with +€2.00 after fees" in said(closed("2", "BTC/EUR"))
    assert "2 positions closed with +€2.00 and -$1.00 after fees" in said(closed("2", "BTC/EUR"), closed("-1"))


def test_the_next_step_is_a_command() -> None:
    _, last = DemoEnding(57_600.0, ManualClock()).lines(0)
    assert "./start.sh setup" in last
    assert "NIJA_MODE=paper ./start.sh" in last
