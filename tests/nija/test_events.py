from __future__ import annotations

from typing import TYPE_CHECKING

from nija.events import Events, Flattened
from tests.nija.notify.account_states import MASTER, TANIA
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from nija.events import Event


def test_every_listener_hears_every_event_in_the_order_of_publishing() -> None:
    events = Events(CapturedLog().logger)
    first: list[Event] = []
    second: list[Event] = []
    events.listen(first.append)
    events.listen(second.append)
    published = [Flattened(MASTER), Flattened(TANIA)]
    for event in published:
        events.publish(event)
    assert first == second == published


def test_a_listener_that_raises_is_reported_and_hurts_nobody() -> None:
    def broken(_event: Event) -> None:
        raise RuntimeError("a fault of our own")

    log = CapturedLog()
    events = Events(log.logger)
    heard: list[Event] = []
    events.listen(broken)
    events.listen(heard.append)
    events.publish(Flattened(MASTER))
    assert heard == [Flattened(MASTER)]
    assert log.lines == ["❌ Flattened could not be delivered to a listener; trading is not affected"]
