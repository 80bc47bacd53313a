"""Which close of the next candle would buy or sell, asked of the strategy itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nija.explain.next_candle import Outlooks
from nija.strategy.base import Signals
from nija.strategy.ema_cross import EmaCross
from nija.strategy.trend import Trend
from tests.nija.strategy.generated import candles_of, flat, random_walk

if TYPE_CHECKING:
    from brokers.model import Candles


@dataclass(frozen=True, slots=True)
class Always:
    """Buys and sells at every close, or never."""

    does: bool = False
    name: str = "always"
    warmup: int = 1
    fee_gate: float = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        length = len(candles)
        none = np.full(length, np.nan)
        return Signals(np.full(length, self.does), np.full(length, self.does), none, none)


@dataclass(frozen=True, slots=True)
class Counting(Always):
    """Never buys, and counts how often it was asked."""

    asked: list[int] = field(default_factory=list, compare=False)

    def evaluate(self, candles: Candles) -> Signals:
        self.asked.append(len(candles))
        return Always.evaluate(self, candles)


@pytest.mark.parametrize("seed", range(5))
def test_the_breakout_buys_above_its_highest_high_and_sells_below_its_lowest_low(seed: int) -> None:
    candles = random_walk(seed, 120)
    ahead = Outlooks().next_candle(Trend(), candles)
    assert ahead.buys_above == pytest.approx(float(candles.high[-20:].max()), rel=1e-7)
    assert ahead.sells_below == pytest.approx(float(candles.low[-10:].min()), rel=1e-7)


@pytest.mark.parametrize("strategy", [Trend(), EmaCross(5, 10)])
def test_any_strategy_buys_just_above_the_bound_and_not_below_it(strategy: Trend | EmaCross) -> None:
    candles = random_walk(3, 120)
    above = Outlooks().next_candle(strategy, candles).buys_above
    assert above is not None
    assert Outlooks().signal(strategy, candles, above * 1.0001).entry
    assert not Outlooks().signal(strategy, candles, above * 0.9999).entry


@pytest.mark.parametrize("does", [True, False])
def test_there_is_no_bound_where_every_close_does_it_or_none(does: bool) -> None:  # noqa: FBT001
    ahead = Outlooks().next_candle(Always(does), candles_of(flat(30)))
    assert (ahead.buys_above, ahead.sells_below) == (None, None)


def test_a_strategy_is_asked_once_however_many_accounts_follow_the_market() -> None:
    counting = Counting()
    outlooks, candles = Outlooks(), random_walk(1, 50)
    first = outlooks.next_candle(counting, candles)
    asked = len(counting.asked)
    assert outlooks.next_candle(counting, candles) is first
    assert len(counting.asked) == asked


def test_the_candles_themselves_stay_as_they_are() -> None:
    candles = random_walk(1, 50)
    before = replace(candles, close=candles.close.copy())
    Outlooks().next_candle(Trend(), candles)
    assert (candles.close == before.close).all()
    assert len(candles) == 50
