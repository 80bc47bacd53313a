"""What an equity curve shows, against values computed by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from nija.analysis.curve import (
    Curve,
    account_curve,
    daily_returns,
    longest_under_water,
    max_drawdown,
    monthly_returns,
    sharpe_ratio,
)
from tests.nija.analysis.made_up import DAY, at, result, trade


def curve(start: str, *equity: float, step: int = DAY) -> Curve:
    return Curve(at(start) + step * np.arange(len(equity), dtype=np.int64), np.array(equity))


def test_the_drawdown_is_the_deepest_fall_below_an_earlier_high() -> None:
    assert max_drawdown(np.array([100.0, 120.0, 90.0, 130.0, 110.0])) == pytest.approx(0.25)


def test_a_curve_that_only_rises_has_no_drawdown() -> None:
    assert max_drawdown(np.array([1.0, 1.0, 2.0])) == 0.0


def test_the_longest_time_under_water_lasts_until_the_old_high_is_reached_again() -> None:
    water = longest_under_water(curve("2024-01-01", 100, 90, 95, 100, 99, 101))
    assert (water.since, water.until, water.is_over) == (at("2024-01-01"), at("2024-01-04"), True)
    assert water.days == 3


def test_a_time_under_water_that_does_not_end_is_said_to_go_on() -> None:
    water = longest_under_water(curve("2024-01-01", 100, 110, 90, 95))
    assert (water.since, water.until, water.is_over) == (at("2024-01-02"), at("2024-01-04"), False)


def test_the_value_at_midnight_belongs_to_the_month_that_ends() -> None:
    months = monthly_returns(curve("2024-01-30", 100, 110, 121, 121, 242))
    assert [(one.month, round(one.rate, 9)) for one in months] == [
        (date(2024, 1, 1), 0.21),
        (date(2024, 2, 1), 1.0),
    ]


def test_the_returns_of_all_months_together_are_that_of_the_curve() -> None:
    values = 100 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.02, 500)))
    whole = curve("2023-03-17", *values)
    together = np.prod([1 + one.rate for one in monthly_returns(whole)]) - 1
    assert together == pytest.approx(whole.change)


def test_daily_returns_of_faster_candles_use_the_last_value_of_each_day() -> None:
    hourly = curve("2024-01-01", 100, *[105.0] * 23, 110, *[1.0] * 23, 121, step=3_600)
    assert daily_returns(hourly) == pytest.approx([0.1, 0.1])


def test_a_flat_curve_has_no_sharpe_ratio() -> None:
    assert sharpe_ratio(np.zeros(10)) is None


def test_the_sharpe_ratio_is_mean_over_sample_deviation() -> None:
    assert sharpe_ratio(np.array([0.01, 0.03])) == pytest.approx(0.02 / np.std([0.01, 0.03], ddof=1))


def test_an_accounts_curve_begins_with_its_cash_and_ends_after_the_last_sale() -> None:
    found = account_curve(result([trade(at("2024-01-02"), "-3")], [990.0, 999.0, 998.0]))
    assert found.equity.tolist() == [1000.0, 990.0, 999.0, 997.0]
    assert found.time.tolist() == [at("2024-01-01") + DAY * days for days in range(4)]


def test_a_part_of_a_curve_begins_with_the_value_before_it() -> None:
    part = curve("2024-01-01", 100, 110, 120, 130).between(at("2024-01-02"), at("2024-01-03"))
    assert part.equity.tolist() == [110.0, 120.0]
