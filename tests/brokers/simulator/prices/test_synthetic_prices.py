from __future__ import annotations

import itertools
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from brokers.simulator.prices import MarketPrices, synthetic_prices

if TYPE_CHECKING:
    from brokers.simulator.engine.market_data import CandleRow

NOW = 1_795_000_000.0
DAY = 86_400
SYMBOLS = ("BTC/USD", "ETH/USD", "SOL/USD", "ADA/USD", "XRP/USD", "LTC/USD", "DOT/USD", "AVAX/USD")


@pytest.fixture(scope="module")
def demo() -> MarketPrices:
    return synthetic_prices(wall_start=NOW, speed=float(DAY))


def daily(prices: MarketPrices, exchange: str, symbol: str, days: int) -> list[CandleRow]:
    """All closed daily candles `days` after the start."""
    return prices.sources[exchange].candles(symbol, DAY, prices.clock.market_start + days * DAY)[:-1]


def returns(rows: list[CandleRow]) -> np.typing.NDArray[np.float64]:
    return np.diff(np.log([float(row.close) for row in rows]))


@pytest.mark.parametrize("speed", [1.0, 60.0, 3_600.0, 43_200.0, 86_400.0])
def test_there_are_more_than_720_daily_candles_before_the_start(speed: float) -> None:
    prices = synthetic_prices(wall_start=NOW, speed=speed)
    for source in prices.sources.values():
        rows = source.candles("BTC/USD", DAY, prices.clock.market_start)
        assert len(rows) > 720
        assert rows[-1].time <= NOW
        assert all(after.time - before.time == DAY for before, after in itertools.pairwise(rows))


def test_at_speed_one_market_time_is_the_wall_clock_and_minutes_are_shown() -> None:
    prices = synthetic_prices(wall_start=NOW, speed=1.0)
    assert prices.clock.is_wall_time
    assert len(prices.sources["kraken"].candles("BTC/USD", 60, NOW)) > 720
    assert len(prices.sources["kraken"].candles("BTC/USD", 1_800, NOW)) > 720


def test_a_month_at_speed_200_stays_behind_the_wall_clock() -> None:
    clock = synthetic_prices(wall_start=NOW, speed=200.0).clock
    month = 31 * DAY
    assert clock.market_time(NOW + month) == clock.market_start + 200 * month
    assert clock.market_time(NOW + month) < NOW + month


def test_at_a_day_per_second_it_runs_90_minutes_and_starts_within_reach_of_clients() -> None:
    clock = synthetic_prices(wall_start=NOW, speed=float(DAY)).clock
    assert clock.market_time(NOW + 5_400) == clock.market_start + 5_400 * DAY
    assert NOW - clock.market_start < 19 * 350 * DAY


def test_the_demo_breaks_out_within_fifteen_days_and_leaves_soon_after(demo: MarketPrices) -> None:
    for exchange in ("kraken", "coinbase"):
        for symbol in ("BTC/USD", "ETH/USD"):
            rows = daily(demo, exchange, symbol, 60)
            first_day = len(rows) - 60
            entries = [
                index - first_day
                for index in range(first_day, len(rows))
                if rows[index].close > max(row.high for row in rows[index - 20 : index])
            ]
            exits = [
                index - first_day
                for index in range(first_day, len(rows))
                if rows[index].close < min(row.low for row in rows[index - 10 : index])
            ]
            assert entries[0] <= 15
            # An account that connects a little later still finds an entry.
            assert len([day for day in entries if day <= 15]) >= 3
            assert entries[0] < exits[0] <= 30
            assert entries[-1] > exits[0]


def test_the_same_seed_gives_the_same_prices_whenever_it_starts(demo: MarketPrices) -> None:
    again = synthetic_prices(wall_start=NOW + 12_345, speed=float(DAY))
    for before, after in zip(
        daily(demo, "coinbase", "SOL/USD", 40), daily(again, "coinbase", "SOL/USD", 40), strict=True
    ):
        assert (before.open, before.high, before.low, before.close) == (after.open, after.high, after.low, after.close)


def test_another_seed_gives_other_prices(demo: MarketPrices) -> None:
    other = synthetic_prices(wall_start=NOW, seed=2, speed=float(DAY))
    assert daily(other, "kraken", "BTC/USD", 40)[-1].close != daily(demo, "kraken", "BTC/USD", 40)[-1].close


def test_looking_far_ahead_or_step_by_step_is_the_same() -> None:
    far, near = (synthetic_prices(wall_start=NOW, speed=float(DAY)) for _ in range(2))
    start = far.clock.market_start
    at_once = list(far.sources["kraken"].advance("BTC/USD", start + 25 * DAY))
    source = near.sources["kraken"]
    stepwise = [tick for day in range(26) for tick in source.advance("BTC/USD", start + day * DAY)]
    assert at_once == stepwise


def test_both_exchanges_see_nearly_equal_prices(demo: MarketPrices) -> None:
    for symbol in SYMBOLS:
        kraken, coinbase = (daily(demo, exchange, symbol, 30) for exchange in ("kraken", "coinbase"))
        apart = [abs(float(one.close / other.close) - 1) for one, other in zip(kraken, coinbase, strict=True)]
        assert max(apart) < 0.005
        assert any(one.close != other.close for one, other in zip(kraken, coinbase, strict=True))


def test_prices_start_at_believable_levels_on_their_tick(demo: MarketPrices) -> None:
    levels = (68_400, 3_450, 162, 0.62, 0.58, 84, 7.1, 35)
    ticks = ("0.1", "0.01", "0.01", "0.0001", "0.0001", "0.01", "0.001", "0.01")
    source = demo.sources["kraken"]
    assert source.symbols() == SYMBOLS
    for symbol, level, tick in zip(SYMBOLS, levels, ticks, strict=True):
        (first,) = source.advance(symbol, demo.clock.market_start)
        assert float(first.price) == pytest.approx(level, rel=0.01)
        assert first.price % Decimal(tick) == 0
        assert first.volume > 0


def test_markets_move_together_and_volatility_clusters(demo: MarketPrices) -> None:
    moves = np.array([returns(daily(demo, "kraken", symbol, 200)) for symbol in SYMBOLS])
    assert np.corrcoef(moves)[0, 1:].min() > 0.3
    hours = demo.sources["kraken"].candles("BTC/USD", 3_600, demo.clock.market_start + 200 * DAY)
    size = np.abs(returns(hours[:-1]))
    assert np.corrcoef(size[:-1], size[1:])[0, 1] > 0.05


def test_years_of_market_time_leave_believable_prices_and_bounded_memory() -> None:
    prices = synthetic_prices(wall_start=NOW, speed=float(DAY))
    source = prices.sources["kraken"]
    for year in range(1, 6):
        rows = source.candles("BTC/USD", DAY, prices.clock.market_start + year * 365 * DAY)
        assert 2_000 < rows[-1].close < 2_000_000
    assert len(rows) > 5 * 365
    assert len(source.candles("BTC/USD", 3_600, prices.clock.market_start + 5 * 365 * DAY)) < 1_100 * 24


def test_old_minutes_are_summed_up_and_the_days_stay_the_same() -> None:
    prices = synthetic_prices(wall_start=NOW, speed=1.0)
    source = prices.sources["kraken"]
    before = {row.time: row for row in source.candles("BTC/USD", 14_400, NOW)[:-1]}
    minutes = len(source.candles("BTC/USD", 60, NOW))
    later = synthetic_prices(wall_start=NOW, speed=1.0).sources["kraken"]
    after = {row.time: row for row in later.candles("BTC/USD", 14_400, NOW + 60 * DAY)}
    assert all(after[time].close == row.close and after[time].volume == row.volume for time, row in before.items())
    assert len(later.candles("BTC/USD", 60, NOW + 60 * DAY)) <= minutes + 10 * 1_440
