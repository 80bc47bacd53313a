from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given

from brokers.model import Candles, Timeframe
from nija.strategy.trend_ensemble import TrendEnsemble
from tests.nija.strategy.ensemble_evaluation import EnsembleCosts, PlainMembers, Slot, trade
from tests.nija.strategy.generated import candles_of, flat, random_walk, random_walks
from tests.nija.strategy.real_candles import real_candles

if TYPE_CHECKING:
    from nija.strategy.base import Signals

KRAKEN = EnsembleCosts(fee=0.004, slippage=0.0005)


@dataclass(frozen=True)
class Fact:
    file: str
    strategy: TrendEnsemble
    costs: EnsembleCosts
    changes: int
    total: str
    mean_weight: str


# The first four are numbers 11 to 14 of the evidence; the others agree between the strategy and the plain program.
FACTS = {
    "11": Fact("binance-BTC-USDT-1d", TrendEnsemble(stop_atr=None), KRAKEN, 145, "2.5930420253", "0.1756834362"),
    "12": Fact("binance-ETH-USDT-1d", TrendEnsemble(), KRAKEN, 104, "2.0461362709", "0.1185918417"),
    "13": Fact(
        "binance-LINK-USDT-1d",
        TrendEnsemble(target=0.40, band=0.05, stop_atr=None),
        EnsembleCosts(0.006, 0.0010),
        *(209, "1.9812697184", "0.1238514613"),
    ),
    "14": Fact(
        "kraken-BTC-USD-1h",
        TrendEnsemble(stop_atr=None),
        EnsembleCosts(0.012, 0.0005),
        *(126, "4.2892006450", "0.1389266988"),
    ),
    "a near stop": Fact(
        "binance-LTC-USDT-1d",
        TrendEnsemble(stop_atr=0.1),
        EnsembleCosts(0.004, 0.0010),
        102,
        "-0.1198770136",
        "0.0662589053",
    ),
    "other channels": Fact(
        "kraken-ETH-USD-1h",
        TrendEnsemble((10, 40, 200), 0.5, 0.2, 2.0),
        EnsembleCosts(0.012, 0.0005),
        108,
        "9.5511884891",
        "0.1699091270",
    ),
}


@dataclass
class Evaluated:
    """The strategy's own signals, which know nothing of the account."""

    signals: Signals

    def at_close(self, index: int, *, was_stopped: bool) -> tuple[float, float]:
        del was_stopped
        assert self.signals.weight is not None
        return float(self.signals.weight[index]), float(self.signals.initial_stop[index])


@dataclass
class Recorded:
    members: PlainMembers
    weights: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)

    def at_close(self, index: int, *, was_stopped: bool) -> tuple[float, float]:
        weight, floor = self.members.at_close(index, was_stopped=was_stopped)
        self.weights.append(weight)
        self.floors.append(floor)
        return weight, floor


@pytest.mark.parametrize("name", FACTS)
def test_a_regression_fact_is_reproduced_to_every_digit(name: str) -> None:
    fact = FACTS[name]
    candles = real_candles(fact.file, Timeframe.D1)
    result = trade([Slot(candles, Evaluated(fact.strategy.evaluate(candles)))], fact.costs, fact.strategy.band)
    assert (result.changes, f"{result.total:.10f}", f"{result.mean_weight:.10f}") == (
        *(fact.changes, fact.total, fact.mean_weight),
    )


@pytest.mark.parametrize("name", ["12", "a near stop", "other channels"])
def test_a_plain_program_that_sees_its_account_wants_the_same_at_every_close(name: str) -> None:
    fact = FACTS[name]
    candles, strategy = real_candles(fact.file, Timeframe.D1), fact.strategy
    plain = Recorded(PlainMembers(candles, strategy.lookbacks, strategy.target, strategy.stop_atr))
    trade([Slot(candles, plain)], fact.costs, strategy.band)
    signals = strategy.evaluate(candles)
    np.testing.assert_allclose(np.asarray(signals.weight), plain.weights, rtol=1e-12)
    np.testing.assert_allclose(signals.initial_stop[90:], plain.floors[90:], rtol=1e-12)


@pytest.mark.parametrize("file", ["kraken-BTC-USD-1h", "binance-ETH-USDT-1d", "binance-LINK-USDT-1d"])
@pytest.mark.parametrize("count", [TrendEnsemble().warmup, 700])
def test_the_candles_that_an_exchange_provides_give_the_weights_of_the_whole_history(file: str, count: int) -> None:
    candles, strategy = real_candles(file, Timeframe.D1), TrendEnsemble()
    whole = np.asarray(strategy.evaluate(candles).weight)
    ends = range(count, len(candles), 61)
    recent = [np.asarray(strategy.evaluate(part(candles, end - count, end)).weight)[-1] for end in ends]
    assert recent == [whole[end - 1] for end in ends]


def part(candles: Candles, start: int, end: int) -> Candles:
    columns = ("time", "open", "high", "low", "close", "volume")
    return replace(candles, **{name: getattr(candles, name)[start:end].copy() for name in columns})


def closes(values: list[float], wick: float = 0.0) -> Candles:
    """Each opens at the close before it."""
    opened = [values[0], *values[:-1]]
    return candles_of(
        [(a, max(a, b) + wick, min(a, b) - wick, b) for a, b in zip(opened, values, strict=True)],
    )


def settled(*last: float) -> list[float]:
    """99 closes that swing by 1 around 100, the highest at 101, and then these."""
    return [100 + (-1) ** index for index in range(99)] + list(last)


def weights(candles: Candles, strategy: TrendEnsemble) -> list[float]:
    weight = strategy.evaluate(candles).weight
    assert weight is not None
    return [float(one) for one in weight]


# The closes swing by 2 % a day, 38 % a year: within the target, so the vote alone makes the weight.
VOTE = TrendEnsemble(lookbacks=(2, 4), target=1.0, band=0.10, stop_atr=1.0)


def test_a_member_is_on_after_a_close_above_the_highest_close_before_it() -> None:
    assert weights(closes(settled(100, 100, 100.5)), VOTE)[-1] == 0.5
    assert weights(closes(settled(100, 100, 101)), VOTE)[-1] == 0.5
    assert weights(closes(settled(100, 100, 101.5)), VOTE)[-1] == 1.0


def test_a_member_is_off_after_a_close_below_its_line_which_rises_with_its_channel() -> None:
    short = replace(VOTE, lookbacks=(2,))
    # On at 104: the line is 102, the middle of 100 and 104; at 110 it rises to 107.
    assert weights(closes(settled(100, 104, 110, 107)), short)[-1] == 1.0
    assert weights(closes(settled(100, 104, 110, 106.9)), short)[-1] == 0.0
    # And at 103 to 103.5, the middle of 104 and 103.
    assert weights(closes(settled(100, 104, 103, 103.4)), short)[-1] == 0.0


def test_a_member_that_goes_off_does_not_come_on_at_the_same_close() -> None:
    falling = closes(settled(100, 104, 110, 106.9))
    assert weights(falling, replace(VOTE, lookbacks=(2, 3)))[-1] < 1.0


def test_the_vote_is_scaled_down_to_the_target_volatility() -> None:
    rising = closes(settled(100, 104))
    returns = rising.close[1:] / rising.close[:-1] - 1
    volatility = float(np.std(returns[-90:], ddof=1)) * 365**0.5
    assert weights(rising, replace(VOTE, target=0.1))[-1] == pytest.approx(0.1 / volatility)


def test_the_volatility_of_any_timeframe_is_that_of_a_year() -> None:
    daily, four_hourly = closes(settled(100, 104)), replace(closes(settled(100, 104)), timeframe=Timeframe.H4)
    scaled = replace(VOTE, target=0.1)
    assert weights(four_hourly, scaled)[-1] == pytest.approx(weights(daily, scaled)[-1] / 6**0.5)


def test_prices_that_never_move_scale_nothing_down() -> None:
    assert weights(candles_of([*flat(100), (100, 101, 99, 100.5)]), replace(VOTE, target=0.0001))[-1] > 0
    assert weights(candles_of(flat(100)), VOTE)[-1] == 0.0


def test_the_weight_is_unknown_and_nothing_is_signalled_until_the_volatility_is_known() -> None:
    rising = closes([100.0 + index for index in range(95)])
    signals = VOTE.evaluate(rising)
    assert np.isnan(np.asarray(signals.weight)[:90]).all()
    assert not signals.entry[:90].any()
    assert not signals.exit[:90].any()
    assert signals.entry[90]
    assert signals.at(rising, 0).weight is None


def test_it_enters_from_a_weight_of_the_band_on_and_leaves_at_none() -> None:
    candles = random_walk(seed=5, count=700)
    signals = TrendEnsemble().evaluate(candles)
    weight = np.asarray(signals.weight)[90:]
    assert np.array_equal(signals.entry[90:], weight >= 0.10)
    assert np.array_equal(signals.exit[90:], weight == 0)


def test_the_stop_lies_under_the_lowest_line_of_the_members_that_are_on() -> None:
    rising = closes(settled(100, 104, 110))
    average = TrendEnsemble(lookbacks=(2,), stop_atr=1.0, target=1.0).evaluate(rising).initial_stop[-1] - 107
    # The member of 4 has its line at (100 + 110) ÷ 2.
    assert VOTE.evaluate(rising).initial_stop[-1] == pytest.approx(105 + average)
    assert np.isnan(replace(VOTE, stop_atr=None).evaluate(rising).initial_stop).all()


def test_a_low_at_the_stop_switches_all_members_off_before_the_close_is_looked_at() -> None:
    calm = closes(settled(100, 104, 105, 105))
    stop = VOTE.evaluate(calm).initial_stop[-2]
    held, hit = calm.low.copy(), calm.low.copy()
    held[-1], hit[-1] = stop + 0.01, stop
    assert weights(replace(calm, low=held), VOTE)[-1] == 1.0
    assert weights(replace(calm, low=hit), VOTE)[-1] == 0.0


def test_the_stop_of_what_is_held_does_not_fall_with_the_floor() -> None:
    calm = closes(settled(100, 104, 105, 105, 105, 105))
    high, low = calm.high.copy(), calm.low.copy()
    high[-2] = 400
    floors = VOTE.evaluate(replace(calm, high=high)).initial_stop
    assert floors[-2] < floors[-3]
    low[-1] = floors[-3]
    assert weights(replace(calm, high=high, low=low), VOTE)[-1] == 0.0


def test_a_low_below_the_line_of_a_market_that_is_not_held_switches_nothing_off() -> None:
    calm = closes(settled(100, 104, 105, 105))
    low = calm.low.copy()
    low[-1] = 1.0
    never_held = replace(VOTE, target=0.01, band=0.5)
    assert weights(replace(calm, low=low), never_held)[-1] > 0


def test_nothing_is_bought_at_an_open_below_the_stop_so_no_stop_is_hit() -> None:
    calm = closes(settled(100, 104, 104))
    opened, low = calm.open.copy(), calm.low.copy()
    opened[-1] = low[-1] = VOTE.evaluate(calm).initial_stop[-2]
    assert weights(replace(calm, open=opened, low=low), VOTE)[-1] == 1.0


@given(candles=random_walks)
def test_every_weight_is_a_part_and_every_stop_lies_below_its_close(candles: Candles) -> None:
    signals = TrendEnsemble(lookbacks=(5, 12, 30)).evaluate(candles)
    known = np.asarray(signals.weight)[90:]
    assert ((known >= 0) & (known <= 1)).all()
    wanted = np.flatnonzero(signals.entry)
    assert (signals.initial_stop[wanted] < candles.close[wanted]).all()
    assert not (signals.entry & signals.exit).any()
