from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.setting_tables import RiskSettings
from brokers.clock import utc_now
from nija.events import LimitReached
from nija.journal.opening import Journals
from nija.journal.records import HaltName
from nija.trader.commands import CommandQueue
from nija.trader.halts import HaltReporter, TradingHalts
from nija.trader.return_tracker import AccountValue
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


def observe(halts: TradingHalts, earned: int) -> None:
    worth = AccountValue(Decimal(1000 + earned), Decimal(earned), "USD")
    halts.observe(worth, halts.read_clock(utc_now(CLOCK), CLOCK.monotonic()), CLOCK.monotonic())


def halts_over(journal: Journal, log: CapturedLog | None = None, news: HaltReporter | None = None) -> TradingHalts:
    log = log or CapturedLog()
    news = news or HaltReporter(ACCOUNT, log.events, utc_now(CLOCK))
    commands = CommandQueue(ACCOUNT, CLOCK, log.logger, lambda: None)
    limits = RiskSettings(max_drawdown=Decimal("0.1"), max_daily_loss=Decimal(1))
    return TradingHalts(journal, limits, log.logger, commands, news)


def in_drawdown(journal: Journal) -> TradingHalts:
    halts = halts_over(journal)
    halts.refresh()
    observe(halts, 0)
    observe(halts, -200)
    assert set(halts.halts) == {HaltName.DRAWDOWN}
    return halts


def test_a_resume_in_the_middle_of_a_cycle_is_not_undone_by_that_cycle(journal: Journal) -> None:
    halts = in_drawdown(journal)
    halts.refresh()

    journal.halts.reset(HaltName.DRAWDOWN)
    observe(halts, -200)
    halts.refresh()
    observe(halts, -200)

    assert journal.halts.all() == {}


def test_what_is_lost_after_a_resume_halts_again(journal: Journal) -> None:
    halts = in_drawdown(journal)
    journal.halts.reset(HaltName.DRAWDOWN)
    halts.refresh()
    observe(halts, -200)
    assert journal.halts.all() == {}

    observe(halts, -400)

    assert set(halts.halts) == set(journal.halts.all()) == {HaltName.DRAWDOWN}


def test_once_everything_is_sold_trading_stays_stopped(journal: Journal) -> None:
    halts = in_drawdown(journal)
    journal.halts.set(HaltName.FLATTEN, "flatten", utc_now(CLOCK))

    halts.flattened(utc_now(CLOCK))

    assert set(halts.halts) == {HaltName.STOP_TRADING, HaltName.DRAWDOWN}


@pytest.mark.parametrize(
    "name",
    [HaltName.STOP_TRADING, HaltName.DRAWDOWN, HaltName.PORTFOLIO_DRAWDOWN, HaltName.ANOTHER_PROGRAM],
)
def test_a_resume_is_noticed_once(journal: Journal, name: HaltName) -> None:
    halts = halts_over(journal)
    journal.halts.set(name, "for a reason", utc_now(CLOCK))
    halts.refresh()
    assert not halts.pop_resume()

    journal.halts.reset(name)
    halts.refresh()

    assert [halts.pop_resume(), halts.pop_resume()] == [True, False]


def test_the_end_of_a_sale_or_of_a_day_is_no_resume(journal: Journal) -> None:
    halts = halts_over(journal)
    for name in (HaltName.FLATTEN, HaltName.STOP_TRADING, HaltName.DAILY_LOSS, HaltName.PORTFOLIO_DAILY_LOSS):
        journal.halts.set(name, "for a reason", utc_now(CLOCK))
    halts.refresh()

    halts.flattened(utc_now(CLOCK))
    journal.halts.reset(HaltName.DAILY_LOSS)
    journal.halts.reset(HaltName.PORTFOLIO_DAILY_LOSS)
    halts.refresh()

    assert not halts.pop_resume()


def test_a_halt_says_until_when_it_lasts(journal: Journal) -> None:
    in_drawdown(journal)
    halt = journal.halts.all()[HaltName.DRAWDOWN]
    assert halt.reason == "drawdown of 20.00 % reached the limit of 10.00 %, until nija resume"


class TestWhatIsPublished:
    def test_a_limit_is_published_when_it_is_reached_and_again_after_a_resume(self, journal: Journal) -> None:
        log = CapturedLog()
        halts = halts_over(journal, log)
        halts.refresh()
        for _ in range(2):
            observe(halts, 0)
            observe(halts, -200)
            halts.refresh()
            journal.halts.reset(HaltName.DRAWDOWN)
            halts.refresh()
        reached = LimitReached(
            ACCOUNT, "drawdown", "drawdown of 20.00 % reached the limit of 10.00 %, until nija resume"
        )
        assert log.published == [reached, reached]

    def test_only_what_was_set_since_the_daemon_started_is_published(self, journal: Journal) -> None:
        log = CapturedLog()
        halts = halts_over(journal, log)
        journal.halts.set(HaltName.DRAWDOWN, "of an earlier run", utc_now(CLOCK) - timedelta(days=1))
        journal.halts.set(HaltName.STOP_TRADING, "stopped by command", utc_now(CLOCK) + timedelta(seconds=1))
        halts.refresh()
        assert log.published == [LimitReached(ACCOUNT, "stop_trading", "stopped by command")]

    def test_a_new_trader_repeats_nothing_and_publishes_what_was_set_in_between(self, journal: Journal) -> None:
        log = CapturedLog()
        news = HaltReporter(ACCOUNT, log.events, utc_now(CLOCK))
        journal.halts.set(HaltName.STOP_TRADING, "stopped by command", utc_now(CLOCK))
        halts_over(journal, log, news).refresh()
        journal.halts.set(HaltName.FLATTEN, "to be sold by command", utc_now(CLOCK))
        halts_over(journal, log, news).refresh()
        assert [event.limit for event in log.published if isinstance(event, LimitReached)] == [
            "stop_trading",
            "flatten",
        ]

    def test_another_program_is_published_by_the_desk_that_saw_it(self, journal: Journal) -> None:
        log = CapturedLog()
        halts = halts_over(journal, log)
        halts.refresh()
        journal.halts.set(HaltName.ANOTHER_PROGRAM, "another NIJA", utc_now(CLOCK))
        halts.refresh()
        assert log.published == []
