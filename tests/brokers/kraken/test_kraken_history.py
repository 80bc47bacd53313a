from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.kraken.history import PAGE, Rows, all_rows, start_param


class Archive:
    """Kraken's paging: newest first, 50 a page, `end` inclusive in seconds; rows arrive while it is read."""

    def __init__(self, times: list[int], arriving: int = 0) -> None:
        self.rows: Rows = {f"T{n:05d}": {"time": Decimal(time) / 10} for n, time in enumerate(sorted(times))}
        self.newest = max(times, default=0)
        self.arriving = arriving
        self.pages = 0

    def page(self, cursor: dict[str, str]) -> Rows:
        self.pages += 1
        assert self.pages < 100, "the paging never ends"
        end = Decimal(cursor.get("end", "Infinity"))
        offset = int(cursor.get("ofs", "0"))
        listed = [item for item in reversed(self.rows.items()) if item[1]["time"] <= end]
        for _ in range(self.arriving):
            self.newest += 10
            self.rows[f"T{len(self.rows):05d}"] = {"time": Decimal(self.newest) / 10}
        return dict(listed[offset : offset + PAGE])


@settings(max_examples=50, deadline=None)
@given(times=st.lists(st.integers(min_value=0, max_value=300), max_size=400), arriving=st.integers(0, 30))
def test_every_row_that_was_there_is_read_however_many_arrive_meanwhile(times: list[int], arriving: int) -> None:
    archive = Archive(times, arriving)
    before = set(archive.rows)
    assert before <= set(all_rows(archive.page, "time"))


def test_an_account_that_trades_faster_than_pages_are_read_is_read_to_its_end() -> None:
    """By offsets the rows would move away as fast as they are followed."""
    archive = Archive(list(range(200)), arriving=60)
    before = set(archive.rows)
    assert before <= set(all_rows(archive.page, "time"))


def test_more_than_a_page_within_one_second_is_read_to_its_end() -> None:
    archive = Archive([100] * 180)
    assert len(all_rows(archive.page, "time")) == 180


def test_the_start_is_early_enough_for_an_exclusive_bound_in_whole_seconds() -> None:
    moment = datetime(2025, 11, 22, 14, 0, 0, 900_000, UTC)
    assert int(start_param(moment)) < int(moment.timestamp())
