from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from accounts.connect import ConnectRefused
from accounts.identity import AccountId
from accounts.key_watch import KeyWatch
from brokers.clock import utc_now
from brokers.errors import BrokerError, Unavailable
from brokers.model import KeyInfo
from tests.fakes import ManualClock

MASTER = AccountId.parse("kraken:master")
HOUR, DAY = 3_600, 86_400
GOOD = KeyInfo("A", frozenset(), frozenset(), can_withdraw=False, clock_skew=timedelta(seconds=40))


@dataclass
class Exchange:
    answer: KeyInfo | BrokerError
    asked: int = 0

    def connect(self) -> KeyInfo:
        self.asked += 1
        if isinstance(self.answer, BrokerError):
            raise self.answer
        return self.answer


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(GOOD)


@pytest.fixture
def watch(exchange: Exchange, clock: ManualClock) -> KeyWatch:
    made = KeyWatch(MASTER, exchange, clock, allow_withdrawal_keys=False)
    made.looked()
    return made


def test_a_key_is_looked_at_once_a_day(watch: KeyWatch, exchange: Exchange, clock: ManualClock) -> None:
    for _ in range(3 * 24):
        clock.advance(HOUR)
        assert watch.look() == ()
    assert exchange.asked == 3


def test_a_key_that_expires_soon_is_reported_on_each_of_its_last_days(
    watch: KeyWatch, exchange: Exchange, clock: ManualClock
) -> None:
    exchange.answer = replace(GOOD, expires=utc_now(clock) + timedelta(days=9))
    told = []
    for _ in range(8):
        clock.advance(DAY)
        told.append(len(watch.look()))
    assert told == [0, 0, 1, 1, 1, 1, 1, 1]


def test_a_right_to_withdraw_that_was_given_later_is_refused(
    watch: KeyWatch, exchange: Exchange, clock: ManualClock
) -> None:
    exchange.answer = replace(GOOD, can_withdraw=True)
    clock.advance(DAY)
    with pytest.raises(ConnectRefused, match="withdraw"):
        watch.look()


def test_if_the_exchange_does_not_answer_the_next_try_is_an_hour_later(
    watch: KeyWatch, exchange: Exchange, clock: ManualClock
) -> None:
    exchange.answer = Unavailable("down")
    clock.advance(DAY)
    with pytest.raises(Unavailable):
        watch.look()
    clock.advance(60)
    assert watch.look() == ()
    exchange.answer = GOOD
    clock.advance(HOUR)
    watch.look()
    assert exchange.asked == 2
