"""The demo starts over when its market has reached today, until somebody stops it, and grows little until then."""

from __future__ import annotations

import threading
from decimal import Decimal

from brokers.model import Exchange, Side
from brokers.simulator.engine.hands import Hands
from brokers.simulator.prices import running_time, synthetic_prices
from brokers.simulator.world import build_world
from nija.supervisor.demo import LIFE_SECONDS, SPEED, demo_lives, exchange_config
from tests.fakes import ManualClock

# A test that fails may wait this long.
_PATIENCE = 10.0


def test_one_life_follows_another() -> None:
    lives = demo_lives(threading.Event(), seconds=0)
    assert next(lives).wait(_PATIENCE)
    assert next(lives).wait(_PATIENCE)


def test_a_stop_ends_the_life_and_no_other_begins() -> None:
    stop = threading.Event()
    lives = demo_lives(stop, seconds=3_600)
    over = next(lives)
    assert not over.is_set()
    stop.set()
    assert over.wait(_PATIENCE)
    assert next(lives, None) is None


def test_it_ends_before_market_time_reaches_the_real_time() -> None:
    clock = synthetic_prices(wall_start=1_700_000_000.0, speed=SPEED).clock
    end, wall = 1_700_000_000.0 + LIFE_SECONDS, 1_700_000_000.0 + running_time(SPEED)
    assert clock.market_time(end) < end
    assert clock.market_time(wall + 60) == wall + 60


def test_it_lasts_for_hours() -> None:
    assert LIFE_SECONDS > 2 * 3_600


def test_its_exchange_forgets_old_orders_and_candles() -> None:
    clock = ManualClock()
    engine = build_world(exchange_config(), clock).faces[Exchange.KRAKEN].engine
    hands = Hands(engine, engine.accounts["master"])
    for _ in range(170):
        hands.trade("BTC/USD", Side.BUY, Decimal("0.001"))
        hands.trade("BTC/USD", Side.SELL, Decimal("0.001"))
    engine.tick()
    assert len(hands.account.orders) <= 300
    assert len(engine.exchange.board.candles("BTC/USD", 3_600)) < 1_500
