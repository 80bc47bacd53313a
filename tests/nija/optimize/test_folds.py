"""How the days are divided into what is fitted, tested and held back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nija.optimize.errors import OptimizeError
from nija.optimize.folds import DayRange, divide

WHOLE = DayRange(1000, 2000)


def test_the_tests_take_half_of_what_is_not_held_back() -> None:
    known = divide(WHOLE, folds=4, test_days=None, held_back=0.2, is_rolling=False)
    assert known.fitted == DayRange(1000, 1800)
    assert known.held_back == DayRange(1800, 2000)
    assert known.in_sample == DayRange(1000, 1400)
    assert known.walk_forward == DayRange(1400, 1800)
    assert [fold.test.days for fold in known.folds] == [100, 100, 100, 100]


def test_an_anchored_training_grows_and_a_rolling_one_keeps_its_length() -> None:
    anchored = divide(WHOLE, folds=2, test_days=100, held_back=0.2, is_rolling=False)
    rolling = divide(WHOLE, folds=2, test_days=100, held_back=0.2, is_rolling=True)
    assert [fold.train for fold in anchored.folds] == [DayRange(1000, 1600), DayRange(1000, 1700)]
    assert [fold.train for fold in rolling.folds] == [DayRange(1000, 1600), DayRange(1100, 1700)]


def test_nothing_may_be_held_back() -> None:
    known = divide(WHOLE, folds=2, test_days=100, held_back=0, is_rolling=False)
    assert known.held_back is None
    assert known.fitted == WHOLE


@given(days=st.integers(450, 5000), folds=st.integers(1, 5), held_back=st.floats(0.1, 0.3), is_rolling=st.booleans())
def test_no_day_is_trained_and_tested_in_one_fold_and_none_that_is_held_back_is_fitted(
    days: int, folds: int, held_back: float, *, is_rolling: bool
) -> None:
    known = divide(DayRange(0, days), folds=folds, test_days=None, held_back=held_back, is_rolling=is_rolling)
    assert known.held_back is not None
    assert known.held_back == DayRange(known.fitted.end, days)
    for fold in known.folds:
        assert fold.train.start >= known.fitted.start
        assert fold.train.end == fold.test.start
    tests = [fold.test for fold in known.folds]
    assert [one.end for one in tests] == [*(one.start for one in tests[1:]), known.fitted.end]


@pytest.mark.parametrize(
    ("folds", "test_days", "held_back", "fault"),
    [
        (4, 200, 0.2, "the first training would have 0 days of the 800"),
        (4, 20, 0.2, "each test would have 20 days"),
        (20, None, 0.2, "each test would have 20 days"),
        (4, None, 0.01, "--hold-back keeps 10 days back, at least 30"),
    ],
)
def test_a_part_that_is_too_short_is_refused(folds: int, test_days: int | None, held_back: float, fault: str) -> None:
    with pytest.raises(OptimizeError, match=fault):
        divide(WHOLE, folds=folds, test_days=test_days, held_back=held_back, is_rolling=False)
