"""The comparisons: holding, random entries, late signals."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from nija.analysis.buy_and_hold import held_coins
from nija.analysis.lateness import one_candle_late
from nija.analysis.outcomes import outcomes
from nija.analysis.random_entries import random_entries
from nija.backtest.endings import end_by_signals
from nija.backtest.engine import backtest, evaluate
from nija.backtest.traded_market import price_of, traded_market
from nija.strategy.base import Signals
from tests.nija.analysis.made_up import BTC, FEES, SLIPPAGE, account, result, walk

WIDE = {"max_drawdown": Decimal(1), "max_daily_loss": Decimal(1)}


def test_holding_buys_at_the_second_open_and_sells_at_the_last_close() -> None:
    held = held_coins(result([], [1000.0] * 4, closes=[50, 100, 300, 200]))
    assert held is not None
    fee, slippage = 0.004, 0.0005
    # The made-up candles open at their close.
    expected = 200 / 100 * (1 - slippage) * (1 - fee) / (1 + slippage) / (1 + fee) - 1
    assert held.net_return == pytest.approx(expected)
    assert held.curve.equity[:2].tolist() == [1000.0, 1000.0]


def test_holding_falls_with_its_coins() -> None:
    held = held_coins(result([], [1000.0] * 4, closes=[100, 100, 200, 100]))
    assert held is not None
    assert held.max_drawdown == pytest.approx(0.5, abs=0.005)


def test_a_single_candle_holds_nothing() -> None:
    assert held_coins(result([], [1000.0], closes=[100])) is None


@pytest.mark.parametrize("seed", range(3))
def test_every_possible_trade_ends_as_the_engine_ends_it(seed: int) -> None:
    history = walk(seed, 300)
    one = account()
    signals = evaluate([one], {"BTC/USD": history})[one.plan.subscription("BTC/USD")]
    market = traded_market(BTC, history.candles, signals, SLIPPAGE, 0, 2**40)
    bought = np.arange(30, market.last + 1)
    stop = signals.initial_stop[bought - 1]
    found = outcomes(market, bought, stop, float(FEES.taker))
    for at, index in enumerate(bought.tolist()):
        price = price_of(history.candles.open, index) * market.ask
        (sale,) = end_by_signals(market, index, price, Decimal(repr(stop.item(at)))).sales
        assert found.end[at] == sale.index
        assert found.net[at] == pytest.approx(float(sale.price * (1 - FEES.taker) / price - (1 + FEES.taker)), abs=2e-4)


def test_random_entries_of_a_strategy_without_an_edge_are_as_good_as_its_own() -> None:
    """On a random walk every entry is random: over many markets the strategy beats about half of the runs."""
    beaten = []
    for seed in range(12):
        history, one = walk(seed, 500), account(**WIDE)
        table = evaluate([one], {"BTC/USD": history})
        (found,) = backtest([one], {"BTC/USD": history}, signals=table)
        random = random_entries(found, table, runs=100, seed=1)
        assert random is not None
        beaten.append(random.beaten)
    assert 0.25 < sum(beaten) / len(beaten) < 0.75


def test_random_runs_make_as_many_trades_as_the_strategy() -> None:
    history, one = walk(3, 900), account(**WIDE)
    table = evaluate([one], {"BTC/USD": history})
    (found,) = backtest([one], {"BTC/USD": history}, signals=table)
    random = random_entries(found, table, runs=200, seed=1)
    assert random is not None
    assert random.trades == len(found.trades)
    assert random.runs == 200


def test_the_same_seed_draws_the_same_entries() -> None:
    history, one = walk(3, 400), account(**WIDE)
    table = evaluate([one], {"BTC/USD": history})
    (found,) = backtest([one], {"BTC/USD": history}, signals=table)
    first, again, other = (random_entries(found, table, runs=50, seed=seed) for seed in (4, 4, 5))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.means.tolist() == again.means.tolist() != other.means.tolist()


def test_a_strategy_that_resizes_has_no_random_entries() -> None:
    history, one = walk(3, 400), account(**WIDE)
    table = evaluate([one], {"BTC/USD": history})
    (found,) = backtest([one], {"BTC/USD": history}, signals=table)
    wanted = one.plan.subscription("BTC/USD")
    signals = table[wanted]
    resizing = Signals(
        signals.entry, signals.exit, signals.initial_stop, signals.trail, weight=np.zeros(len(signals)), band=0.1
    )
    assert random_entries(found, {wanted: resizing}, runs=50, seed=1) is None


def test_late_signals_are_those_of_the_candle_before() -> None:
    history, one = walk(1, 200), account()
    table = evaluate([one], {"BTC/USD": history})
    late = one_candle_late(table)
    wanted = one.plan.subscription("BTC/USD")
    for name in ("entry", "exit", "initial_stop", "trail"):
        np.testing.assert_array_equal(getattr(late[wanted], name)[1:], getattr(table[wanted], name)[:-1])
    assert not late[wanted].entry[0]
    assert np.isnan(late[wanted].initial_stop[0])
