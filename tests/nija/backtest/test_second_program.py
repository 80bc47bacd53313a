"""The backtest against a plain program that was written from the text of the evidence alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.model import Candles, Fees, Timeframe
from nija.backtest.assumptions import Assumptions
from nija.backtest.full_size import FullSize
from nija.strategy.ema_cross import EmaCross
from nija.strategy.trend import Trend
from nija.strategy.trend_ensemble import TrendEnsemble
from tests.nija.backtest.runs import run_alone
from tests.nija.backtest.second_program import Brakes, Costs, Rows, channel, crossing, plain_trades
from tests.nija.strategy.ensemble_evaluation import EnsembleCosts, PlainMembers, Slot, trade
from tests.nija.strategy.generated import random_walks
from tests.nija.strategy.real_candles import real_candles

if TYPE_CHECKING:
    from nija.backtest.records import BacktestResult
    from nija.strategy.base import Strategy

SLIPPAGE = 0.0005
FEE = Decimal("0.004")


def run(strategy: Strategy, candles: Candles, fee: Decimal = FEE, risk: Decimal | None = None) -> BacktestResult:
    return run_alone(strategy, candles, Fees(Decimal(0), fee), Assumptions(sizing=FullSize(risk)))


def assert_same(result: BacktestResult, candles: Candles, rows: Rows, costs: Costs, risk: float | None = None) -> None:
    trades, total = plain_trades(candles, rows, costs, risk)
    time = candles.time.tolist()
    assert [(time[trade.entered], time[trade.left]) for trade in trades] == [
        (trade.opened, trade.closed) for trade in result.trades
    ]
    assert [trade.net for trade in trades] == pytest.approx(
        [float(trade.net_return) for trade in result.trades], abs=1e-9
    )
    assert total == pytest.approx(float(result.total_return), abs=1e-9)


@given(
    candles=random_walks,
    entry=st.integers(2, 30),
    leave=st.integers(2, 30),
    stop=st.sampled_from([None, 0.5, 1.0, 3.0]),
    lag=st.sampled_from([None, 0.0, 1.0]),
    gate=st.sampled_from([0.0, 3.0]),
)
def test_a_breakout_on_any_candles_trades_as_the_plain_program(
    candles: Candles, entry: int, leave: int, stop: float | None, lag: float | None, gate: float
) -> None:
    trail = None if stop is None else lag
    strategy = Trend(entry, leave, stop, trail, gate)
    result = run(strategy, candles) if len(candles) else None
    if result is not None:
        rows = channel(candles, entry, leave, stop, trail)
        assert_same(result, candles, rows, Costs(0.004, SLIPPAGE, gate))


@given(candles=random_walks, fast=st.integers(2, 10), more=st.integers(1, 30))
def test_a_crossing_on_any_candles_trades_as_the_plain_program(candles: Candles, fast: int, more: int) -> None:
    if len(candles):
        result = run(EmaCross(fast, fast + more, None, 0.0), candles)
        assert_same(result, candles, crossing(candles, fast, fast + more), Costs(0.004, SLIPPAGE))


@given(candles=random_walks, risk=st.sampled_from([0.01, 0.02, 0.3]))
def test_sizes_by_risk_on_any_candles_are_those_of_the_plain_program(candles: Candles, risk: float) -> None:
    if len(candles):
        result = run(Trend(fee_gate=0.0), candles, risk=Decimal(repr(risk)))
        assert_same(result, candles, channel(candles, 20, 10, 3.0, 1.0), Costs(0.004, SLIPPAGE), risk)


@given(
    candles=random_walks,
    daily=st.sampled_from([0.01, 0.05, 0.2]),
    drawdown=st.sampled_from([0.05, 0.2, 0.6]),
    timeframe=st.sampled_from([Timeframe.H4, Timeframe.D1]),
)
def test_loss_limits_on_any_candles_pause_as_in_the_plain_program(
    candles: Candles, daily: float, drawdown: float, timeframe: Timeframe
) -> None:
    if len(candles):
        scaled = replace(candles, timeframe=timeframe, time=candles.time * timeframe.seconds // 86_400)
        limits = {"max_daily_loss": Decimal(repr(daily)), "max_drawdown": Decimal(repr(drawdown))}
        strategy, fees = Trend(5, 3, 2.0, 0.5, 0.0), Fees(Decimal(0), FEE)
        result = run_alone(strategy, scaled, fees, Assumptions(sizing=FullSize()), limits=limits)
        trades, total = plain_trades(
            scaled, channel(scaled, 5, 3, 2.0, 0.5), Costs(0.004, SLIPPAGE), brakes=Brakes(daily, drawdown)
        )
        assert [scaled.time[trade.entered] for trade in trades] == [trade.opened for trade in result.trades]
        assert total == pytest.approx(float(result.total_return), abs=1e-9)


@given(
    candles=random_walks,
    target=st.sampled_from([0.3, 3.0]),
    band=st.sampled_from([0.05, 0.2]),
    stop=st.sampled_from([0.3, 1.0]),
)
def test_an_ensemble_on_any_candles_trades_as_its_plain_program(
    candles: Candles, target: float, band: float, stop: float
) -> None:
    if len(candles):
        result = run(TrendEnsemble((5, 10, 20), target, band, stop), candles)
        members = PlainMembers(candles, (5, 10, 20), target, stop)
        plain = trade([Slot(candles, members)], EnsembleCosts(0.004, SLIPPAGE), band)
        assert sum(len(one.fills) for one in result.trades) == plain.changes
        assert float(result.total_return) == pytest.approx(plain.total, abs=1e-9)
        assert result.curve.equity[:-1].tolist() == pytest.approx(plain.equity[:-1], abs=1e-9)


@dataclass(frozen=True)
class Fact:
    """Agreed on by the backtest and the plain program, and first computed by the latter."""

    file: str
    timeframe: Timeframe
    strategy: Trend | EmaCross
    costs: Costs
    trades: int
    total: str
    mean_net: str
    risk: float | None = None


FACTS = [
    Fact(
        "kraken-DOT-USD-15m",
        Timeframe.H1,
        Trend(40, 20, 2.5, 0.5, 0.0),
        Costs(0.0016, 0.0010),
        66,
        "-0.3251971318",
        "-0.0055029955",
    ),
    Fact(
        "coinbase-BTC-USD-1h",
        Timeframe.D1,
        Trend(15, 7, 2.0, 0.0, 0.0),
        Costs(0.006, 0.0005),
        20,
        "1.2746681501",
        "0.0547694792",
    ),
    Fact(
        "kraken-AVAX-USD-15m",
        Timeframe.H4,
        EmaCross(10, 30, None, 0.0),
        Costs(0.004, 0.0010),
        26,
        "-0.1459738677",
        "-0.0035118410",
    ),
    Fact(
        "binance-ADA-USDT-1d",
        Timeframe.D1,
        Trend(55, 20, 4.0, None, 0.0),
        Costs(0.012, 0.0010),
        12,
        "0.5662580261",
        "0.9315891466",
        risk=0.01,
    ),
    Fact(
        "binance-XRP-USDT-1d",
        Timeframe.D1,
        EmaCross(15, 45, None, 0.0),
        Costs(0.0025, 0.0010),
        35,
        "-0.1870178396",
        "0.0579990032",
    ),
    Fact(
        "freqtrade-XRP-ETH-1m",
        Timeframe.M5,
        Trend(20, 10, 3.0, 1.0, 1.5),
        Costs(0.001, 0.0010, 1.5),
        9,
        "-0.0353059741",
        "-0.0039496922",
    ),
    Fact(
        "kraken-ETH-USD-15m",
        Timeframe.M30,
        Trend(20, 10, 3.0, 1.0, 2.0),
        Costs(0.004, 0.0005, 2.0),
        35,
        "-0.3144760751",
        "-0.0107609614",
        risk=0.02,
    ),
]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact.file} {fact.timeframe}")
def test_more_facts_are_reproduced_to_every_digit_by_both(fact: Fact) -> None:
    candles = real_candles(fact.file, fact.timeframe)
    risk = None if fact.risk is None else Decimal(repr(fact.risk))
    result = run(fact.strategy, candles, Decimal(repr(fact.costs.fee)), risk)
    mean_net = sum((trade.net_return for trade in result.trades), Decimal(0)) / len(result.trades)
    assert (len(result.trades), f"{result.total_return:.10f}", f"{mean_net:.10f}") == (
        *(fact.trades, fact.total, fact.mean_net),
    )
    assert_same(result, candles, rows_of(fact.strategy, candles), fact.costs, fact.risk)


def rows_of(strategy: Trend | EmaCross, candles: Candles) -> Rows:
    if isinstance(strategy, EmaCross):
        return crossing(candles, strategy.fast, strategy.slow)
    return channel(candles, strategy.entry, strategy.exit, strategy.stop_atr, strategy.trail_atr)
