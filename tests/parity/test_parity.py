"""The daemon and the backtest do the same on the same candles: 52 seeded markets, each traded by every strategy.

The daemon's side is its own feed, brokers, desks, journals and traders over a socket against the simulator, whose books
are read; tests/parity/both.py runs both, tests/parity/comparison.py says what equal is.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.model import Exchange, Timeframe
from tests.parity.both import Both, Trading, World, through_both

# So that an account of some thousand dollars can trade markets whose price is thirty thousand; ETH's own bites.
SMALL_ORDERS = {market: {"min_amount": Decimal("0.0002")} for market in ("SOL/USD", "LTC/USD")}
BOLD = "risk_per_trade = 0.3\nmax_position = 0.9\nmax_exposure = 1\n"
LOSS_LIMITS = "max_daily_loss = 0.03\nmax_drawdown = 0.1\n"

TRENDS = (
    ('strategy = "trend"\nentry = 8\nexit = 4\n', 10_000),
    ('strategy = "trend"\nentry = 5\nexit = 3\nstop_atr = 0.6\nmax_positions = 2\n', 5_000),
    ('strategy = "trend"\nentry = 5\nexit = 4\nstop_atr = 2\ntrail_atr = 0.2\n', 90),
    ('strategy = "trend"\nentry = 6\nexit = 3\ndisabled_markets = ["ETH/USD"]\nrisk_multiplier = 3\n', 1_000),
)
CROSSES = (
    ('strategy = "ema_cross"\nfast = 3\nslow = 8\n', 2_500),
    ('strategy = "ema_cross"\nfast = 2\nslow = 5\nmax_exposure = 0.3\n', 400),
    ('strategy = "ema_cross"\nfast = 4\nslow = 9\nstop_atr = 1\nrisk_per_trade = 0.05\n', 60),
)
ENSEMBLES = (
    ('strategy = "trend_ensemble"\nlookbacks = [4, 8, 15]\n', 10_000),
    ('strategy = "trend_ensemble"\nlookbacks = [3, 6, 10, 20]\nband = 0.05\ntarget = 0.4\n', 3_000),
    ('strategy = "trend_ensemble"\nlookbacks = [4, 10]\nstop_atr = 0.5\n', 250),
)
TIMEFRAMES = (Timeframe.D1, Timeframe.H4, Timeframe.D1, Timeframe.H1)
SLIPPAGES = (Decimal("0.001"), Decimal("0.0005"))


def world(seed: int) -> World:
    """Exchanges, timeframes, fees, cash and settings take turns, each at its own pace."""
    chosen = TRENDS[seed % 4], CROSSES[seed % 3], ENSEMBLES[(seed // 2) % 3]
    owners = ("master", "daivon_frazier", "tania_gilbert")
    return World(
        seed=seed,
        exchange=Exchange.KRAKEN if seed % 2 else Exchange.COINBASE,
        traders=tuple(
            Trading(owner, settings, Decimal(cash), fee_tier=(seed + number) % 3)
            for number, (owner, (settings, cash)) in enumerate(zip(owners, chosen, strict=True))
        ),
        timeframe=TIMEFRAMES[seed % 4],
        slippage=SLIPPAGES[seed // 2 % 2],
        changes=SMALL_ORDERS,
    )


def assert_equal(both: dict[str, Both]) -> None:
    assert [f"{name}: {difference}" for name, one in both.items() for difference in one.differences()] == []


@pytest.mark.parametrize("seed", range(1, 14))
def test_the_daemon_and_the_backtest_make_the_same_trades(seed: int) -> None:
    both = through_both(world(seed))
    assert_equal(both)
    assert any(one.daemon for one in both.values())


def test_loss_limits_stop_both_at_the_same_candle() -> None:
    """In real time: the losses of a day are those of the exchange's UTC day."""
    traders = (
        Trading("master", f'strategy = "trend"\nentry = 4\nexit = 3\n{BOLD}{LOSS_LIMITS}'),
        Trading("daivon_frazier", f'strategy = "ema_cross"\nfast = 2\nslow = 5\n{BOLD}{LOSS_LIMITS}', Decimal(2_500)),
    )
    both = through_both(World(10, Exchange.KRAKEN, traders, candles=24, real_time=True, changes=SMALL_ORDERS))
    assert_equal(both)
    assert all(any(one.rule == "paused" for one in result.backtest.not_opened) for result in both.values())
