"""The value of an account's unit across cycles, days and processes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from nija.journal.opening import Journals
from nija.trader.return_tracker import AccountValue, ReturnTracker
from tests.fakes import ManualClock
from tests.nija.journal.equity_days import equity_day
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.trader.trader_rig import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.journal.equity import EquityStore
    from nija.risk.returns import EquityState

MONDAY = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EquityStore]:
    journals = Journals(tmp_path, ManualClock(), CapturedLog().logger)
    journal = journals.open(ACCOUNT)
    yield journal.equity
    journal.close()
    journals.close()


class Trading:
    """One process of the account's trader; its steady clock starts at 0."""

    def __init__(self, store: EquityStore, now: datetime = MONDAY) -> None:
        self.returns = ReturnTracker(store)
        self.began = now

    def look(self, equity: int | str, earned: int | str, after: float, currency: str = "USD") -> EquityState:
        worth = AccountValue(Decimal(equity), Decimal(earned), currency)
        moment = self.returns.read_clock(self.began + timedelta(seconds=after), after)
        return self.returns.observe(worth, moment, after)


def test_a_deposit_dilutes_no_loss_and_a_withdrawal_enlarges_none(store: EquityStore) -> None:
    trading = Trading(store)
    trading.look(1000, 0, 0)
    assert trading.look(900, -100, 1).daily_loss == Decimal("0.1")
    assert trading.look(90_900, -100, 2).daily_loss == Decimal("0.1")
    assert trading.look(50, -100, 3).daily_loss == Decimal("0.1")


def test_a_loss_counts_by_the_money_that_was_at_work(store: EquityStore) -> None:
    trading = Trading(store)
    trading.look(1000, 0, 0)
    trading.look(100, 0, 1)
    assert trading.look(90, -10, 2).daily_loss == Decimal("0.1")


def test_opening_peak_and_loss_survive_a_restart(store: EquityStore) -> None:
    trading = Trading(store)
    trading.look(1000, 0, 0)
    trading.look(1300, 300, 1)
    trading.look(910, -90, 400)
    again = Trading(store, MONDAY + timedelta(seconds=500)).look(910, -90, 0)
    assert (again.unit.opening, again.drawdown) == (Decimal(1), Decimal("0.3"))


def test_what_was_lost_while_no_nija_ran_is_lost_today(store: EquityStore) -> None:
    Trading(store).look(1000, 0, 0)
    assert Trading(store, MONDAY + timedelta(days=2)).look(900, -100, 0).daily_loss == Decimal("0.1")


def test_what_the_owner_moved_while_no_nija_ran_is_no_loss(store: EquityStore) -> None:
    Trading(store).look(1000, 0, 0)
    assert Trading(store, MONDAY + timedelta(hours=2)).look(10, 0, 0).daily_loss == 0


def test_a_new_peak_a_change_by_a_hundredth_and_every_fifth_minute_go_to_disk(store: EquityStore) -> None:
    trading = Trading(store)
    written = []
    for equity, after in ((1000, 0), (999, 1), (1001, 2), (995, 3), (901, 4), (902, 303), (903, 304)):
        trading.look(equity, equity - 1000, after)
        day = store.latest()
        assert day is not None
        written.append(day.earned)
    assert written == [0, 0, 1, 1, -99, -99, -97]


def test_the_curve_gets_a_point_for_each_change_by_a_hundredth_and_every_fifth_minute(store: EquityStore) -> None:
    trading = Trading(store)
    for equity, after in ((1000, 0), (1001, 1), (1020, 2), (1021, 17), (1022, 40), (1023, 317)):
        trading.look(equity, equity - 1000, after)
    assert [point.equity for point in store.points()] == [1000, 1021, 1023]
    assert [point.time for point in store.points()] == [MONDAY + timedelta(seconds=after) for after in (0, 17, 317)]


def test_the_prices_of_a_measurement_are_kept_with_its_day(store: EquityStore) -> None:
    trading = Trading(store)
    worth = AccountValue(Decimal(1000), Decimal(0), "USD", {"BTC/USD": Decimal(95_000)})
    trading.returns.observe(worth, trading.returns.read_clock(MONDAY, 0), 0)
    day = store.latest()
    assert day is not None
    assert day.prices == {"BTC/USD": Decimal(95_000)}


def test_resuming_measures_the_losses_anew_also_for_the_next_process(store: EquityStore) -> None:
    trading = Trading(store)
    trading.look(1000, 0, 0)
    trading.look(500, -500, 1)
    trading.returns.reset(trading.returns.read_clock(MONDAY, 2), 2)
    assert trading.look(500, -500, 3).drawdown == 0
    assert Trading(store, MONDAY + timedelta(hours=1)).look(450, -550, 0).drawdown == Decimal("0.1")


def test_another_quote_currency_begins_no_unit_anew(store: EquityStore) -> None:
    trading = Trading(store)
    trading.look(1000, 0, 0)
    trading.look(900, -100, 301)
    assert Trading(store, MONDAY + timedelta(hours=1)).look(42, 7, 0, "EUR").daily_loss == Decimal("0.1")


class TestARowOfBeforeReturns:
    """Its opening, latest and peak are what NIJA had earned, in currency."""

    @pytest.fixture(autouse=True)
    def row(self, store: EquityStore) -> None:
        store.save(equity_day(MONDAY, "100", "40", "300"))

    def test_keeps_the_days_loss_and_the_drawdown_as_they_were_measured(self, store: EquityStore) -> None:
        seen = Trading(store, MONDAY + timedelta(minutes=10)).look(900, 0, 0)
        assert seen.daily_loss == Decimal("0.1")
        assert seen.drawdown == Decimal("0.25")

    def test_keeps_the_drawdown_when_a_new_day_has_come(self, store: EquityStore) -> None:
        trading = Trading(store, MONDAY + timedelta(days=1))
        trading.look(900, 40, 0)
        seen = trading.look(900, 40, 3_600)
        assert (seen.day, seen.daily_loss) == (date(2026, 1, 6), Decimal(0))
        assert round(seen.drawdown, 6) == round(Decimal(260) / 1160, 6)

    def test_is_written_in_returns_from_then_on(self, store: EquityStore) -> None:
        Trading(store, MONDAY + timedelta(minutes=10)).look(900, 0, 0)
        row = store.latest()
        assert row is not None
        assert (row.earned, row.capital) == (Decimal(0), Decimal(900))
        assert Trading(store, MONDAY + timedelta(minutes=20)).look(10_000, 0, 0).daily_loss == Decimal("0.1")

    def test_without_money_nothing_is_measured_of_it(self, store: EquityStore) -> None:
        assert Trading(store).look(0, 40, 0).drawdown == 0
