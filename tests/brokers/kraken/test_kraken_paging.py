from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.errors import BudgetSpent, Unavailable
from brokers.kraken.paging import PAGE, KrakenHistory, Rows, start_param
from tests.fakes import ManualClock

EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Archive:
    """Kraken's paging: newest first, 50 a page, `end` inclusive in seconds; rows arrive while it is read."""

    def __init__(self, times: list[int], arriving: int = 0) -> None:
        self.rows: Rows = {f"T{n:05d}": {"time": Decimal(time) / 10} for n, time in enumerate(sorted(times))}
        self.newest = max(times, default=0)
        self.arriving = arriving
        self.pages = 0

    def page(self, cursor: dict[str, str], urgent: bool = False) -> Rows:  # noqa: FBT001, FBT002 - as History asks
        self.pages += 1
        assert self.pages < 100, "the paging never ends"
        end = Decimal(cursor.get("end", "Infinity"))
        offset = int(cursor.get("ofs", "0"))
        begin = int(cursor.get("start", "-1"))
        listed = [item for item in reversed(self.rows.items()) if begin < item[1]["time"] <= end]
        for _ in range(self.arriving):
            self.newest += 10
            self.rows[f"T{len(self.rows):05d}"] = {"time": Decimal(self.newest) / 10}
        return dict(listed[offset : offset + PAGE])


@settings(max_examples=50, deadline=None)
@given(times=st.lists(st.integers(min_value=0, max_value=300), max_size=400), arriving=st.integers(0, 30))
def test_every_row_that_was_there_is_read_however_many_arrive_meanwhile(times: list[int], arriving: int) -> None:
    archive = Archive(times, arriving)
    before = set(archive.rows)
    assert before <= set(KrakenHistory(archive.page, "time", ManualClock()).rows(EVER))


def test_an_account_that_trades_faster_than_pages_are_read_is_read_to_its_end() -> None:
    """With offsets, the rows would move away as fast as they are read."""
    archive = Archive(list(range(200)), arriving=60)
    before = set(archive.rows)
    assert before <= set(KrakenHistory(archive.page, "time", ManualClock()).rows(EVER))


def test_more_than_a_page_within_one_second_is_read_to_its_end() -> None:
    archive = Archive([100] * 180)
    assert len(KrakenHistory(archive.page, "time", ManualClock()).rows(EVER)) == 180


class Rationed(Archive):
    """Every page after the first few of a call is refused for lack of budget, or lost."""

    def __init__(self, times: list[int], arriving: int, pages_per_call: int, fault: Exception) -> None:
        super().__init__(times, arriving)
        self.pages_per_call = pages_per_call
        self.fault = fault
        self.left = pages_per_call

    def page(self, cursor: dict[str, str], urgent: bool = False) -> Rows:  # noqa: FBT001, FBT002 - as History asks
        if self.left == 0:
            raise self.fault
        self.left -= 1
        return super().page(cursor, urgent)


@settings(max_examples=50, deadline=None)
@given(
    times=st.lists(st.integers(min_value=0, max_value=300), max_size=400),
    arriving=st.integers(0, 20),
    pages_per_call=st.integers(1, 3),
    fault=st.sampled_from([BudgetSpent("no capacity", 5.0), Unavailable("down")]),
)
def test_a_history_read_in_slices_is_whole_and_no_page_is_read_in_vain(
    times: list[int], arriving: int, pages_per_call: int, fault: Exception
) -> None:
    archive = Rationed(times, arriving, pages_per_call, fault)
    history = KrakenHistory(archive.page, "time", ManualClock())
    before: set[str] = set()
    while True:
        archive.left = pages_per_call
        before = set(archive.rows)
        try:
            rows = history.rows(EVER)
        except (BudgetSpent, Unavailable):
            continue
        break
    assert before <= set(rows)


def test_a_complete_history_costs_one_page_for_some_minutes() -> None:
    clock, archive = ManualClock(), Archive(list(range(0, 2_000, 10)), arriving=1)
    history = KrakenHistory(archive.page, "time", clock)
    history.rows(EVER)
    whole = archive.pages
    assert whole > 3
    before = set(archive.rows)
    clock.advance(60)
    assert before <= set(history.rows(EVER))
    assert archive.pages == whole + 1
    clock.advance(3_600)
    assert before <= set(history.rows(EVER))
    assert archive.pages > whole + 4


def test_a_short_history_does_not_wait_for_a_long_one() -> None:
    """A stop's fills must be booked while years of the owner's trades are still being read."""
    archive = Rationed([10 * 3_600 * hour for hour in range(500)], 0, 2, BudgetSpent("no capacity", 5.0))
    history = KrakenHistory(archive.page, "time", ManualClock())
    with pytest.raises(BudgetSpent):
        history.rows(EVER)
    archive.left = 2
    recent = datetime.fromtimestamp(490 * 3_600, UTC)
    assert len(history.rows(recent)) >= 10
    assert archive.left == 1
    archive.left = 20
    assert len(history.rows(EVER)) == 500
    assert archive.left >= 10


def test_histories_not_requested_recently_are_dropped() -> None:
    clock, archive = ManualClock(), Archive(list(range(0, 2_000, 10)))
    history = KrakenHistory(archive.page, "time", clock)
    history.rows(EVER)
    clock.advance(3_600)
    history.rows(datetime(1970, 1, 2, tzinfo=UTC))
    assert [len(span.complete) for span in history._spans] == [0]


def test_a_call_that_runs_out_of_budget_reports_its_progress() -> None:
    archive = Rationed(list(range(200)), 0, 2, BudgetSpent("no capacity", 5.0))
    with pytest.raises(BudgetSpent, match="99 rows") as spent:
        KrakenHistory(archive.page, "time", ManualClock()).rows(EVER)
    assert spent.value.retry_after == 5.0


def test_a_row_without_its_time_hides_no_other() -> None:
    archive = Archive(list(range(0, 1_000, 10)))
    archive.rows["T00070"] = {"vol": "1"}
    archive.page = lambda cursor, urgent=False: {  # type: ignore[method-assign]  # noqa: ARG005 - its own sorting needs every time
        trade: row
        for trade, row in list(reversed(archive.rows.items()))
        if "time" not in row or row["time"] <= Decimal(cursor.get("end", "Infinity"))
    }
    assert len(KrakenHistory(archive.page, "time", ManualClock()).rows(EVER)) == 100


def test_the_start_is_early_enough_for_an_exclusive_bound_in_whole_seconds() -> None:
    moment = datetime(2025, 11, 22, 14, 0, 0, 900_000, UTC)
    assert int(start_param(moment)) < int(moment.timestamp())
