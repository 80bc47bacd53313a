"""The ranges of parameters: what is accepted, and how a fault is named."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from nija.optimize.errors import OptimizeError
from nija.optimize.grid import make_grid
from nija.optimize.ranges import count_variants, read_ranges, read_ranges_file
from nija.strategy.trend import Trend

if TYPE_CHECKING:
    from pathlib import Path


def test_a_range_has_its_first_and_its_last_value() -> None:
    assert read_ranges(["entry=10..40..10"])["entry"] == tuple(map(Decimal, (10, 20, 30, 40)))


def test_a_range_that_its_step_does_not_end_on_ends_before() -> None:
    assert read_ranges(["entry=10..45..10"])["entry"][-1] == 40


def test_steps_are_exact_decimals() -> None:
    (values,) = read_ranges(["stop_atr=2..2.3..0.1"]).values()
    assert values == (Decimal(2), Decimal("2.1"), Decimal("2.2"), Decimal("2.3"))


def test_listed_values_are_sorted() -> None:
    assert read_ranges(["exit=20, 5,10"])["exit"] == tuple(map(Decimal, (5, 10, 20)))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("entry", "expected KEY=FIRST..LAST..STEP"),
        ("entry=10..40", "expected FIRST..LAST..STEP"),
        ("entry=40..10..5", "expected a step above 0 and a last value from the first on"),
        ("entry=10..40..0", "expected a step above 0"),
        ("entry=10..40..0.001", "30001 values of one parameter; at most 1000"),
        ("entry=ten", "ten is no number"),
        ("entry=10,,20", "nothing is no number"),
        ("entry=nan", "nan is no number"),
        ("entry=10,10", "expected each value once"),
    ],
)
def test_a_range_that_cannot_be_read_is_named_with_what_was_expected(text: str, fault: str) -> None:
    with pytest.raises(OptimizeError, match=rf"^--range {text}: .*") as raised:
        read_ranges([text])
    assert fault in str(raised.value)


def test_a_parameter_has_one_range() -> None:
    with pytest.raises(OptimizeError, match="entry has a range already"):
        read_ranges(["entry=10,20", "entry=30"])


def test_variants_are_counted_without_being_made() -> None:
    assert count_variants(read_ranges(["entry=1..1000..1", "exit=1..1000..1", "stop_atr=1..1000..1"])) == 10**9


def test_a_file_has_the_strategy_and_its_ranges(tmp_path: Path) -> None:
    path = tmp_path / "ranges.toml"
    path.write_text('strategy = "trend"\n[ranges]\nentry = "10..40..10"\nexit = [5, 10]\nstop_atr = 2.5\n')
    known = read_ranges_file(path)
    assert known.strategy == "trend"
    assert known.ranges == {"entry": (10, 20, 30, 40), "exit": (5, 10), "stop_atr": (Decimal("2.5"),)}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("entry = 10", "entry is unknown; expected strategy and [ranges]"),
        ("strategy = 1\n[ranges]\nentry = 10", "strategy = 1: expected the name of a strategy"),
        ('strategy = "trend"', "a table [ranges] is expected"),
        ('[ranges]\nentry = ["x"]', "entry = ['x']: x is no number"),
        ("[ranges\n", "cannot be read"),
    ],
)
def test_a_fault_in_a_file_is_named_with_the_file(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "ranges.toml"
    path.write_text(text)
    with pytest.raises(OptimizeError) as raised:
        read_ranges_file(path)
    assert str(path) in str(raised.value)
    assert fault in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptimizeError, match=r"nowhere\.toml: cannot be read"):
        read_ranges_file(tmp_path / "nowhere.toml")


def test_the_grid_has_every_combination_and_keeps_the_other_parameters() -> None:
    grid = make_grid("trend", {"stop_atr": 2.5}, read_ranges(["entry=20,30", "exit=5,10"]))
    assert grid.shape == (2, 2)
    assert [variant.cell for variant in grid.variants] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert grid.variants[2].strategy == Trend(entry=30, exit=5, stop_atr=2.5)
    assert grid.named(grid.variants[2]) == "entry = 30, exit = 5"


def test_a_combination_that_the_strategy_refuses_is_left_out_and_counted() -> None:
    grid = make_grid("ema_cross", {}, read_ranges(["fast=10,30", "slow=20,40"]))
    assert [variant.values for variant in grid.variants] == [(10, 20), (10, 40), (30, 40)]
    assert grid.refused == 1
    assert "fast = 30: expected fewer candles than slow = 20" in grid.refusal


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("entri=10,20", "entri: trend has no such parameter, the nearest is entry; it has entry, exit, stop_atr"),
        ("entry=1,20", "entry = 1: expected at least 2, at most 500"),
        ("entry=20,501", "entry = 501: expected at least 2, at most 500"),
        ("stop_atr=0,3", "stop_atr = 0: expected above 0, at most 100"),
        ("entry=20,20.5", "entry = 20.5: expected a whole number"),
    ],
)
def test_a_range_that_the_strategy_cannot_take_says_what_it_can(text: str, fault: str) -> None:
    with pytest.raises(OptimizeError) as raised:
        make_grid("trend", {}, read_ranges([text]))
    assert fault in str(raised.value)


def test_nothing_to_try_is_a_fault() -> None:
    with pytest.raises(OptimizeError, match="at least one --range"):
        make_grid("trend", {}, {})


def test_ranges_without_any_possible_combination_are_a_fault() -> None:
    with pytest.raises(OptimizeError, match="accepts no combination"):
        make_grid("ema_cross", {}, read_ranges(["fast=50", "slow=20,40"]))
