from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from nija.events import AccountFailed, AccountRecovered, DaemonStarted, PositionOpened
from nija.notify.throttle import HELD_AT_MOST, WINDOW_SECONDS, NotificationThrottle
from tests.nija.notify.account_states import MASTER, TANIA

if TYPE_CHECKING:
    from accounts.identity import AccountId
    from nija.notify.wording import NotifiedEvent


def failed(reason: str = "x") -> AccountFailed:
    return AccountFailed(MASTER, reason)


def test_the_first_event_is_due_at_once_and_the_next_after_the_window() -> None:
    pace = NotificationThrottle()
    pace.offer(failed("first"))
    assert pace.due(0.0).events == (failed("first"),)
    pace.offer(failed("second"))
    pace.offer(failed("third"))
    assert pace.due(WINDOW_SECONDS - 1).events == ()
    assert pace.wait(WINDOW_SECONDS - 1) == 1.0
    assert pace.due(WINDOW_SECONDS).events == (failed("second"), failed("third"))
    assert pace.wait(WINDOW_SECONDS) is None


def test_accounts_and_kinds_do_not_wait_for_each_other() -> None:
    pace = NotificationThrottle()
    pace.offer(failed())
    pace.due(0.0)
    others: tuple[NotifiedEvent, ...] = (
        AccountFailed(TANIA, "y"),
        PositionOpened(MASTER, "BTC/USD", Decimal(1), Decimal(1), None, "entry-1"),
        DaemonStarted("live", ()),
    )
    for event in others:
        pace.offer(event)
    assert pace.due(1.0).events == others


def test_failure_and_recovery_are_sent_in_order() -> None:
    pace = NotificationThrottle()
    story = (failed("a"), AccountRecovered(MASTER), failed("b"), AccountRecovered(MASTER))
    pace.offer(story[0])
    first = pace.due(0.0).events
    for event in story[1:]:
        pace.offer(event)
    assert (*first, *pace.due(WINDOW_SECONDS).events) == story


def test_of_a_flood_the_last_are_kept_and_the_others_counted() -> None:
    pace = NotificationThrottle()
    flood = tuple(failed(str(number)) for number in range(HELD_AT_MOST + 7))
    for event in flood:
        pace.offer(event)
    batch = pace.due(0.0)
    assert (batch.events, batch.left_out) == (flood[7:], 7)
    pace.offer(failed("after it"))
    assert pace.everything(0.0).left_out == 0


def test_the_end_sends_everything_without_a_wait() -> None:
    pace = NotificationThrottle()
    pace.offer(failed("a"))
    pace.due(0.0)
    pace.offer(failed("b"))
    assert pace.everything(1.0).events == (failed("b"),)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from([MASTER, TANIA])), max_size=80))
def test_no_account_is_sent_twice_in_a_window_and_every_event_is_sent_or_counted(
    steps: list[tuple[float, AccountId]],
) -> None:
    pace, now, told = NotificationThrottle(), 0.0, 0
    heard: dict[AccountId, float] = {}
    for number, (passed, account) in enumerate(steps):
        now += passed
        pace.offer(AccountFailed(account, str(number)))
        batch = pace.due(now)
        told += len(batch.events) + batch.left_out
        for one in {event.account for event in batch.events if isinstance(event, AccountFailed)}:
            assert now - heard.get(one, float("-inf")) >= WINDOW_SECONDS
            heard[one] = now
    rest = pace.everything(now)
    assert len(rest.events) <= 2 * HELD_AT_MOST
    assert told + len(rest.events) + rest.left_out == len(steps)
