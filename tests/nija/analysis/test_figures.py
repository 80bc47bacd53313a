"""The figures of made-up backtests, against values computed by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from nija.analysis.figures import changes_of_equity, figures, slippage_paid
from nija.analysis.without_best import without_best
from nija.backtest.records import FillReason
from tests.nija.analysis.made_up import SLIPPAGE, at, result, trade


def test_trades_are_counted_and_their_nets_averaged() -> None:
    trades = [trade(at("2024-01-02"), "10"), trade(at("2024-01-05"), "-4"), trade(at("2024-01-09"), "-3")]
    found = figures(result(trades), seed=1)
    assert (found.trades, found.won, found.unfinished) == (3, 1, 0)
    assert found.mean_net == pytest.approx(0.01)
    assert found.median_net == pytest.approx(-0.03)
    assert found.win_share == pytest.approx(1 / 3)
    assert found.net_return == pytest.approx(0.003)


def test_a_position_that_the_end_closes_is_said_to_be_unfinished() -> None:
    assert figures(result([trade(at("2024-01-02"), "1", reason=FillReason.END)]), seed=1).unfinished == 1


def test_a_trade_that_nets_nothing_is_not_won() -> None:
    assert figures(result([trade(at("2024-01-02"), "0")]), seed=1).won == 0


def test_few_trades_are_called_few() -> None:
    days = [at("2024-01-01") + 3_600 * hour for hour in range(30)]
    assert figures(result([trade(day, "1") for day in days[:29]]), seed=1).is_few
    assert not figures(result([trade(day, "1") for day in days]), seed=1).is_few


def test_without_a_trade_nothing_is_averaged() -> None:
    found = figures(result(), seed=1)
    assert (found.trades, found.mean_net, found.median_net, found.interval, found.fee_share) == (
        0,
        None,
        None,
        None,
        None,
    )
    assert found.win_share is None
    assert found.net_return == 0


def test_the_slippage_of_a_trade_is_what_its_prices_were_worse_by() -> None:
    one = trade(at("2024-01-02"), "0", cost="100.05")
    # Bought at 100 × 1.0005 and sold for the same: that was 100.10 less a slippage of 0.0500…
    sold = Decimal("100.05") * SLIPPAGE / (1 - SLIPPAGE)
    assert slippage_paid(one, SLIPPAGE) == Decimal("0.05") + sold


def test_the_fee_share_is_all_costs_over_the_winners_profit_before_them() -> None:
    trades = [trade(at("2024-01-02"), "8", fee="1"), trade(at("2024-01-05"), "-12", fee="1")]
    run = result(trades)
    run = type(run)(**{name: getattr(run, name) for name in run.__slots__} | {"slippage": {"BTC/USD": Decimal(0)}})
    assert figures(run, seed=1).fee_share == pytest.approx(4 / 10)


def test_exposure_is_time_in_the_market_and_the_part_of_equity_in_it() -> None:
    found = figures(result([], [1000.0] * 4, invested=[0, 500, 250, 0]), seed=1)
    assert found.exposed == pytest.approx(0.5)
    assert found.invested == pytest.approx(0.1875)


def test_less_than_a_year_has_no_annualised_figure() -> None:
    rising = [1000.0 + day + day % 3 for day in range(400)]
    assert figures(result([], rising[:364]), seed=1).sharpe is None
    assert figures(result([], rising), seed=1).sharpe is not None


def test_a_part_has_the_trades_opened_in_it_and_the_change_of_its_equity() -> None:
    trades = [trade(at("2024-01-02"), "100"), trade(at("2024-01-05"), "-50")]
    run = result(trades, [1000.0, 1100.0, 1100.0, 1100.0, 1080.0, 1050.0])
    before, after = figures(run, 1, until=at("2024-01-05")), figures(run, 1, since=at("2024-01-05"))
    assert (before.trades, after.trades) == (1, 1)
    assert before.net_return == pytest.approx(0.1)
    assert after.net_return == pytest.approx(-50 / 1100)
    assert after.max_drawdown == pytest.approx(50 / 1100)


def test_the_change_of_a_trade_is_measured_on_the_equity_at_its_opening() -> None:
    trades = [trade(at("2024-01-02"), "100"), trade(at("2024-01-04"), "-110", days=1)]
    run = result(trades, [1000.0, 1050.0, 1100.0, 1000.0, 990.0])
    assert changes_of_equity(run) == pytest.approx((0.1, -0.1))


def test_the_best_trades_are_left_out_by_their_return() -> None:
    nets = ("40", "-5", "10", "2")
    trades = [trade(at(f"2024-01-0{day}"), net) for day, net in enumerate(nets, start=2)]
    found = without_best(result(trades))
    assert [(one.left_out, one.net) for one in found] == [(1, Decimal(7)), (3, Decimal(-5))]
    assert found[0].mean_net == pytest.approx(7 / 300)
