"""The evaluator's fill rules on a few hand-made candles: the basis of the regression facts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from brokers.model import Timeframe
from nija.strategy.base import Signals
from tests.nija.strategy.evaluation import Costs, Evaluation
from tests.nija.strategy.generated import candles_of
from tests.nija.strategy.real_candles import resampled

if TYPE_CHECKING:
    from brokers.model import Candles

COSTS = Costs(entry_fee=Decimal("0.01"), exit_fee=Decimal("0.02"), slippage=Decimal("0.1"))
QUIET = (100.0, 100.0, 100.0, 100.0)


@dataclass(frozen=True)
class Scripted:
    """Returns the given signals, per candle."""

    entries: frozenset[int]
    exits: frozenset[int] = frozenset()
    stop: float = np.nan
    trails: tuple[float, ...] = ()
    fee_gate: float = 0.0
    name: str = "scripted"
    warmup: int = 1

    def evaluate(self, candles: Candles) -> Signals:
        trail = np.full(len(candles), np.nan)
        trail[: len(self.trails)] = self.trails
        return Signals(
            entry=np.isin(np.arange(len(candles)), list(self.entries)),
            exit=np.isin(np.arange(len(candles)), list(self.exits)),
            initial_stop=np.full(len(candles), self.stop),
            trail=trail,
        )


def net(sold_at: str, bought_at: str = "110") -> Decimal:
    """(received - notional·(1+f)) ÷ notional, with the fees of COSTS."""
    return Decimal(sold_at) / Decimal(bought_at) * Decimal("0.98") - Decimal("1.01")


def test_a_signal_fills_at_the_next_open_with_slippage_and_leaves_the_same_way() -> None:
    result = Evaluation(COSTS).run(candles_of([QUIET] * 4), Scripted(frozenset({0}), exits=frozenset({2})))
    assert [trade.net for trade in result.trades] == [pytest.approx(net("90"))]
    assert result.total == pytest.approx(net("90") / Decimal("1.01"))
    assert result.trades[0].entered == 86_400


def test_no_entry_fills_in_a_candle_in_which_an_exit_sold() -> None:
    strategy = Scripted(frozenset({0, 1, 2}), exits=frozenset({1}))
    result = Evaluation(COSTS).run(candles_of([QUIET] * 5), strategy)
    assert [trade.entered for trade in result.trades] == [86_400, 3 * 86_400]


def test_what_is_open_at_the_end_is_closed_at_the_last_close() -> None:
    candles = candles_of([QUIET, QUIET, (100, 200, 100, 200)])
    result = Evaluation(COSTS).run(candles, Scripted(frozenset({0})))
    assert [trade.net for trade in result.trades] == [pytest.approx(net("180"))]


def test_a_stop_rests_from_the_entry_candle_on_and_sells_at_its_price() -> None:
    candles = candles_of([QUIET, (100, 100, 79, 100), QUIET])
    result = Evaluation(COSTS).run(candles, Scripted(frozenset({0}), stop=80))
    assert [trade.net for trade in result.trades] == [pytest.approx(net("72"))]


def test_a_gap_below_the_stop_sells_at_the_open() -> None:
    candles = candles_of([QUIET, QUIET, (50, 60, 50, 60)])
    result = Evaluation(COSTS).run(candles, Scripted(frozenset({0}), stop=80))
    assert [trade.net for trade in result.trades] == [pytest.approx(net("45"))]


def test_a_trailing_candidate_counts_from_the_next_candle_on_and_never_lowers_the_stop() -> None:
    dip = (100.0, 100.0, 89.0, 100.0)
    strategy = Scripted(frozenset({0}), stop=80, trails=(np.nan, 90, 85))
    result = Evaluation(COSTS).run(candles_of([QUIET, QUIET, dip, QUIET]), strategy)
    assert [trade.net for trade in result.trades] == [pytest.approx(net("81"))]
    assert Evaluation(COSTS).run(candles_of([QUIET, dip, QUIET]), strategy).trades[0].net == pytest.approx(net("90"))


def test_nothing_is_bought_at_or_below_the_stop() -> None:
    assert Evaluation(COSTS).run(candles_of([QUIET] * 3), Scripted(frozenset({0}), stop=110)).trades == ()


def test_the_fee_gate_keeps_narrow_stops_out() -> None:
    # A round trip costs 0.01 + 0.02 + 2·0.1 = 23 %, so a gate of 2 requires 46 %.
    near, far = Scripted(frozenset({0}), stop=55, fee_gate=2.0), Scripted(frozenset({0}), stop=53, fee_gate=2.0)
    assert len(Evaluation(COSTS).run(candles_of([QUIET] * 3), near).trades) == 0
    assert len(Evaluation(COSTS).run(candles_of([QUIET] * 3), far).trades) == 1


def test_a_maker_entry_fills_at_its_limit_or_one_candle_later_at_market() -> None:
    costs = Costs(Decimal("0.01"), Decimal("0.02"), Decimal("0.1"), maker_fee=Decimal("0.005"))
    through = candles_of([QUIET, (100, 100, 99.9, 100), QUIET])
    missed = candles_of([QUIET] * 3)
    made = Evaluation(costs).run(through, Scripted(frozenset({0}))).trades
    taken = Evaluation(costs).run(missed, Scripted(frozenset({0}))).trades
    assert [trade.net for trade in made] == [pytest.approx(Decimal("0.9") * Decimal("0.98") - Decimal("1.005"))]
    assert [trade.net for trade in taken] == [pytest.approx(net("90"))]
    assert [trade.entered for trade in taken] == [2 * 86_400]
    assert Evaluation(costs).run(missed, Scripted(frozenset({0}), exits=frozenset({1}))).trades == ()


def test_slower_candles_are_summed_on_their_bounds_and_an_unfinished_one_is_dropped() -> None:
    day = candles_of([(1, 5, 1, 2), (2, 3, 0.5, 3), (3, 4, 2, 4)])
    minutes = type(day)(
        day.market,
        Timeframe.M1,
        time=np.array([0, 120, 300]),  # the minutes between had no trade
        open=day.open,
        high=day.high,
        low=day.low,
        close=day.close,
        volume=day.volume,
    )
    fives = resampled(minutes, Timeframe.M5)
    assert (fives.time.tolist(), fives.open.tolist(), fives.high.tolist()) == ([0], [1.0], [5.0])
    assert (fives.low.tolist(), fives.close.tolist(), fives.volume.tolist()) == ([0.5], [3.0], [2.0])
