"""How far chance explains a result: bootstrap, deflated Sharpe ratio, and trades in another order."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nija.analysis.bootstrap import mean_interval
from nija.analysis.deflated import best_of, deflated_sharpe, kurtosis, skewness
from nija.analysis.trade_order import shuffled_drawdowns
from tests.nija.analysis.made_up import DAY, at, trade

if TYPE_CHECKING:
    from numpy.typing import NDArray


def returns_with(sharpe_a_year: float, days: int) -> NDArray[np.float64]:
    """Normal daily returns with exactly this Sharpe ratio."""
    noise = np.random.default_rng(1).normal(0, 1, days)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return np.asarray(noise + sharpe_a_year / sqrt(365))


def test_whole_months_are_drawn() -> None:
    """A gain and a loss in each month cancel out however the months are drawn."""
    months = [at(f"2024-{month:02}-03") for month in range(1, 13)]
    trades = [trade(when + days * DAY, net) for when in months for days, net in ((0, "5"), (9, "-5"))]
    interval = mean_interval(trades, seed=1)
    assert interval is not None
    assert (interval.low, interval.high) == (0.0, 0.0)


def test_the_interval_of_one_trade_a_month_is_that_of_its_mean() -> None:
    nets = np.random.default_rng(5).normal(2, 10, 120)
    trades = [trade(at(f"{2014 + month // 12}-{month % 12 + 1:02}-03"), f"{net:.8f}") for month, net in enumerate(nets)]
    interval = mean_interval(trades, seed=1)
    assert interval is not None
    half = 1.96 * nets.std(ddof=1) / sqrt(120) / 100
    assert interval.low == pytest.approx(nets.mean() / 100 - half, abs=0.003)
    assert interval.high == pytest.approx(nets.mean() / 100 + half, abs=0.003)


def test_the_same_seed_gives_the_same_interval() -> None:
    trades = [trade(at(f"2024-{month:02}-03"), str(month - 6)) for month in range(1, 13)]
    assert mean_interval(trades, seed=7) == mean_interval(trades, seed=7) != mean_interval(trades, seed=8)


def test_trades_of_two_months_have_no_interval() -> None:
    assert mean_interval([trade(at("2024-01-03"), "1"), trade(at("2024-02-03"), "2")], seed=1) is None


def test_with_one_variant_it_is_the_probability_of_a_ratio_above_nothing() -> None:
    assert deflated_sharpe(returns_with(0.0, 500), 1) == pytest.approx(0.5)
    one = deflated_sharpe(returns_with(1.0, 730), 1)
    assert one == pytest.approx(NormalDist().cdf(sqrt(2)), abs=0.002)


@pytest.mark.parametrize(("ratio", "days", "told"), [(1.04, 885, 0.24), (1.08, 1369, 0.40)])
def test_the_best_of_60_tries_is_deflated_as_the_evidence_says(ratio: float, days: int, told: float) -> None:
    """Section 8: 0.24 and 0.40 if the 60 variants are taken as independent tries."""
    assert deflated_sharpe(returns_with(ratio, days), 60) == pytest.approx(told, abs=0.02)


def test_variants_that_are_near_relatives_deflate_less() -> None:
    returns = returns_with(1.04, 885)
    alone, related = deflated_sharpe(returns, 60), deflated_sharpe(returns, 60, deviation=0.005)
    assert alone is not None
    assert related is not None
    assert related > alone


def test_the_expected_best_of_many_draws_is_that_of_a_simulation() -> None:
    draws = np.random.default_rng(2).normal(0, 1, (4_000, 60)).max(axis=1)
    assert best_of(60) == pytest.approx(draws.mean(), abs=0.03)
    assert best_of(1) == 0.0


def test_skewness_and_kurtosis_of_known_values() -> None:
    values = np.array([-1.0, -1.0, 2.0])
    assert skewness(values) == pytest.approx(2 / 2**1.5)
    assert kurtosis(values) == pytest.approx(1.5)


def test_every_order_of_two_trades_is_found() -> None:
    order = shuffled_drawdowns([0.5, -0.5], runs=200, seed=1)
    assert order is not None
    # Loss after gain and gain after loss both fall by half of the highest value.
    assert order.true == pytest.approx(0.5)
    assert set(order.shuffled.round(9)) == {0.5}


def test_drawdowns_of_three_trades_are_those_of_their_orders() -> None:
    order = shuffled_drawdowns([-0.1, 0.2, -0.1], runs=500, seed=1)
    assert order is not None
    assert order.true == pytest.approx(0.1)
    assert set(order.shuffled.round(9)) == {0.1, 0.19}
    assert order.quantiles[2] == pytest.approx(0.19)


def test_one_trade_has_no_other_order() -> None:
    assert shuffled_drawdowns([0.1], runs=100, seed=1) is None
