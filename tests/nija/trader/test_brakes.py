from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.setting_tables import RiskSettings
from brokers.clock import utc_now
from nija.events import LimitReached
from nija.journal.opening import Journals
from nija.journal.records import LatchName
from nija.trader.brakes import Brakes, LatchReporter
from nija.trader.commands import CommandQueue
from nija.trader.measure import Worth
from tests.fakes import ManualClock
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.trader.trader_rig import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.journal.journal import Journal

CLOCK = ManualClock()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journals = Journals(tmp_path, CLOCK, CapturedLog().logger)
    journal = journals.open(ACCOUNT)
    yield journal
    journal.close()
    journals.close()


def observe(brakes: Brakes, earned: int) -> None:
    worth = Worth(Decimal(1000 + earned), Decimal(earned), "USD")
    brakes.observe(worth, brakes.see(utc_now(CLOCK), CLOCK.monotonic()), CLOCK.monotonic())


def braked(journal: Journal, log: CapturedLog | None = None, news: LatchReporter | None = None) -> Brakes:
    log = log or CapturedLog()
    news = news or LatchReporter(ACCOUNT, log.events, utc_now(CLOCK))
    commands = CommandQueue(ACCOUNT, CLOCK, log.logger, lambda: None)
    limits = RiskSettings(max_drawdown=Decimal("0.1"), max_daily_loss=Decimal(1))
    return Brakes(journal, limits, log.logger, commands, news)


def in_drawdown(journal: Journal) -> Brakes:
    brakes = braked(journal)
    brakes.look()
    observe(brakes, 0)
    observe(brakes, -200)
    assert set(brakes.latches) == {LatchName.DRAWDOWN}
    return brakes


def test_a_resume_in_the_middle_of_a_cycle_is_not_undone_by_that_cycle(journal: Journal) -> None:
    brakes = in_drawdown(journal)
    brakes.look()

    journal.latches.reset(LatchName.DRAWDOWN)
    observe(brakes, -200)
    brakes.look()
    observe(brakes, -200)

    assert journal.latches.all() == {}


def test_what_is_lost_after_a_resume_latches_again(journal: Journal) -> None:
    brakes = in_drawdown(journal)
    journal.latches.reset(LatchName.DRAWDOWN)
    brakes.look()
    observe(brakes, -200)
    assert journal.latches.all() == {}

    observe(brakes, -400)

    assert set(brakes.latches) == set(journal.latches.all()) == {LatchName.DRAWDOWN}


def test_once_everything_is_sold_trading_stays_stopped(journal: Journal) -> None:
    brakes = in_drawdown(journal)
    journal.latches.set(LatchName.FLATTEN, "flatten", utc_now(CLOCK))

    brakes.flattened(utc_now(CLOCK))

    assert set(brakes.latches) == {LatchName.STOP_TRADING, LatchName.DRAWDOWN}


@pytest.mark.parametrize(
    "name",
    [LatchName.STOP_TRADING, LatchName.DRAWDOWN, LatchName.PORTFOLIO_DRAWDOWN, LatchName.ANOTHER_PROGRAM],
)
def test_a_resume_is_noticed_once(journal: Journal, name: LatchName) -> None:
    brakes = braked(journal)
    journal.latches.set(name, "for a reason", utc_now(CLOCK))
    brakes.look()
    assert not brakes.take_resume()

    journal.latches.reset(name)
    brakes.look()

    assert [brakes.take_resume(), brakes.take_resume()] == [True, False]


def test_the_end_of_a_sale_or_of_a_day_is_no_resume(journal: Journal) -> None:
    brakes = braked(journal)
    for name in (LatchName.FLATTEN, LatchName.STOP_TRADING, LatchName.DAILY_LOSS, LatchName.PORTFOLIO_DAILY_LOSS):
        journal.latches.set(name, "for a reason", utc_now(CLOCK))
    brakes.look()

    brakes.flattened(utc_now(CLOCK))
    journal.latches.reset(LatchName.DAILY_LOSS)
    journal.latches.reset(LatchName.PORTFOLIO_DAILY_LOSS)
    brakes.look()

    assert not brakes.take_resume()


def test_a_latch_says_until_when_it_lasts(journal: Journal) -> None:
    in_drawdown(journal)
    latch = journal.latches.all()[LatchName.DRAWDOWN]
    assert latch.reason == "drawdown of 20.00 % reached the limit of 10.00 %, until nija resume"


class TestWhatIsPublished:
    def test_a_limit_is_published_when_it_is_reached_and_again_after_a_resume(self, journal: Journal) -> None:
        log = CapturedLog()
        brakes = braked(journal, log)
        brakes.look()
        for _ in range(2):
            observe(brakes, 0)
            observe(brakes, -200)
            brakes.look()
            journal.latches.reset(LatchName.DRAWDOWN)
            brakes.look()
        reached = LimitReached(
            ACCOUNT, "drawdown", "drawdown of 20.00 % reached the limit of 10.00 %, until nija resume"
        )
        assert log.published == [reached, reached]

    def test_only_what_was_set_since_the_daemon_started_is_published(self, journal: Journal) -> None:
        log = CapturedLog()
        brakes = braked(journal, log)
        journal.latches.set(LatchName.DRAWDOWN, "of an earlier run", utc_now(CLOCK) - timedelta(days=1))
        journal.latches.set(LatchName.STOP_TRADING, "stopped by command", utc_now(CLOCK) + timedelta(seconds=1))
        brakes.look()
        assert log.published == [LimitReached(ACCOUNT, "stop_trading", "stopped by command")]

    def test_a_new_trader_repeats_nothing_and_publishes_what_was_set_in_between(self, journal: Journal) -> None:
        log = CapturedLog()
        news = LatchReporter(ACCOUNT, log.events, utc_now(CLOCK))
        journal.latches.set(LatchName.STOP_TRADING, "stopped by command", utc_now(CLOCK))
        braked(journal, log, news).look()
        journal.latches.set(LatchName.FLATTEN, "to be sold by command", utc_now(CLOCK))
        braked(journal, log, news).look()
        assert [event.limit for event in log.published if isinstance(event, LimitReached)] == [
            "stop_trading",
            "flatten",
        ]

    def test_another_program_is_published_by_the_desk_that_saw_it(self, journal: Journal) -> None:
        log = CapturedLog()
        brakes = braked(journal, log)
        brakes.look()
        journal.latches.set(LatchName.ANOTHER_PROGRAM, "another NIJA", utc_now(CLOCK))
        brakes.look()
        assert log.published == []
