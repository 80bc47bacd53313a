"""Figures of the strategy evidence, by the command's own analysis, on the candles it used."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

import pytest

from brokers.model import Fees, Market, Timeframe
from nija.analysis.analysis import Analysis, Questions, analyse
from nija.analysis.lateness import one_candle_late
from nija.backtest.engine import backtest, evaluate
from nija.backtest.records import BacktestAccount, MarketHistory
from nija.strategy.trend import Trend
from nija.trader.plan import TradingPlan
from tests.nija.analysis.made_up import at
from tests.nija.risk.settings_of import settings_of
from tests.nija.strategy.real_candles import real_candles

STEPS = (Decimal("0.00000001"), Decimal("0.01"), Decimal("0.0001"), Decimal("0.5"))
KRAKEN, COINBASE = "0.004", "0.012"
FRESH, TRAIN = ("2023-10-01", "2026-03-03"), ("2014-01-01", "2019-12-31")


@cache
def analysed(files: tuple[str, ...], span: tuple[str, str], fee: str = KRAKEN, *, unlimited: bool = False) -> Analysis:
    """The default at its shipped size in one account; `unlimited`: no loss limit, so that every trade is made."""
    markets = {}
    for file in files:
        candles = real_candles(file, Timeframe.D1)
        base, quote = candles.market.split("/")
        markets[candles.market] = MarketHistory(Market(candles.market, base, quote, *STEPS), candles)
    limits = {"max_drawdown": Decimal(2), "max_daily_loss": Decimal(2), "max_exposure": Decimal(1)} if unlimited else {}
    settings = settings_of(markets=tuple(markets), **limits)
    account = BacktestAccount("a", TradingPlan(settings, Trend()), Fees(Decimal(fee), Decimal(fee)), Decimal(100_000))
    table = evaluate([account], markets)
    start, end = (at(day) for day in span)
    (result,) = backtest([account], markets, start=start, end=end, signals=table)
    (late,) = backtest([account], markets, start=start, end=end, signals=one_candle_late(table))
    return analyse(result, table, Questions(), late)


BOTH = ("binance-BTC-USDT-1d", "binance-ETH-USDT-1d")
HOURS = ("kraken-BTC-USD-1h", "kraken-ETH-USD-1h")


def percent(value: float | None) -> float:
    assert value is not None
    return 100 * value


@pytest.mark.parametrize(
    ("fee", "total", "drawdown", "sharpe", "net"), [(KRAKEN, 13, 17, 0.45, 1.9), (COINBASE, 4, 21, 0.18, 0.3)]
)
def test_the_fresh_years_are_those_of_section_5(
    fee: str, total: float, drawdown: float, sharpe: float, net: float
) -> None:
    figures = analysed(BOTH, FRESH, fee).figures
    assert figures.trades == 30
    assert percent(figures.net_return) == pytest.approx(total, abs=0.5)
    assert percent(figures.max_drawdown) == pytest.approx(drawdown, abs=0.5)
    assert figures.sharpe == pytest.approx(sharpe, abs=0.01)
    assert percent(figures.mean_net) == pytest.approx(net, abs=0.05)


def test_the_interval_median_and_wins_of_the_fresh_years_are_those_of_section_5() -> None:
    figures = analysed(BOTH, FRESH).figures
    assert figures.interval is not None
    assert percent(figures.interval.low) == pytest.approx(-3.9, abs=0.5)
    assert percent(figures.interval.high) == pytest.approx(7.8, abs=0.5)
    assert percent(figures.median_net) == pytest.approx(-4.6, abs=0.05)
    assert round(percent(figures.win_share)) == 37


def test_the_fresh_years_one_by_one_are_those_of_section_5() -> None:
    years: dict[int, float] = {}
    for one in analysed(BOTH, FRESH).months:
        years[one.month.year] = (1 + years.get(one.month.year, 0.0)) * (1 + one.rate) - 1
    assert [round(100 * years[year]) for year in (2023, 2024, 2025, 2026)] == [9, 13, -6, -3]


def test_without_its_best_trades_the_fresh_years_are_those_of_section_5() -> None:
    one, three, _ = analysed(BOTH, FRESH).without_best
    assert (round(percent(one.mean_net), 1), round(percent(three.mean_net), 1)) == (0.7, -1.6)


@pytest.mark.parametrize(("file", "total", "pct"), [(BOTH[0], 142, 71), (BOTH[1], 13, 44)])
def test_holding_a_coin_made_what_section_5_says(file: str, total: float, pct: float) -> None:
    found = analysed((file,), FRESH, unlimited=True)
    assert found.held is not None
    assert found.random is not None
    assert percent(found.held.net_return) == pytest.approx(total, abs=0.5)
    assert percent(found.random.beaten) == pytest.approx(pct, abs=8)


def test_the_train_years_and_their_control_are_those_of_section_4() -> None:
    found = analysed(HOURS, TRAIN, unlimited=True)
    assert found.figures.trades == 43
    assert percent(found.figures.mean_net) == pytest.approx(42.4, abs=0.1)
    assert [round(percent(one.mean_net), 1) for one in found.without_best] == [22.4, 10.8, 6.9]
    assert found.random is not None
    assert percent(found.random.random_mean) == pytest.approx(20.3, abs=2)
    assert percent(found.random.beaten) == pytest.approx(99, abs=2)


def test_a_day_late_keeps_most_of_the_average_trade() -> None:
    """Section 4, point 1: about 90 %."""
    found = analysed(HOURS, TRAIN, unlimited=True)
    assert found.late is not None
    assert percent(found.late.mean_net) / percent(found.figures.mean_net) == pytest.approx(0.9, abs=0.05)
