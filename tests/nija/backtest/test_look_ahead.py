from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from brokers.figures import exact
from brokers.model import Timeframe
from nija.backtest.look_ahead import FindingKind, LookAheadFinding, check_look_ahead
from nija.strategy.base import Signals
from nija.strategy.ema_cross import EmaCross
from nija.strategy.indicators import ema, highest
from nija.strategy.registry import STRATEGY_TABLES, load_strategy
from nija.strategy.trend import Trend
from tests.nija.strategy.generated import random_walk
from tests.nija.strategy.real_candles import real_candles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from brokers.model import Candles
    from nija.strategy.base import Strategy

CANDLES = random_walk(seed=5, count=600)


def signals_of(entry: NDArray[np.bool_], stop: NDArray[np.float64] | None = None) -> Signals:
    none = np.full(len(entry), np.nan)
    return Signals(entry=entry, exit=~entry, initial_stop=none if stop is None else stop, trail=none.copy())


@dataclass(frozen=True)
class Cheat:
    """A strategy that would be honest but for `evaluate`."""

    name: str = "cheat"
    warmup: int = 2
    fee_gate: float = 0.0


class OneCandleAhead(Cheat):
    def evaluate(self, candles: Candles) -> Signals:
        tomorrow = np.append(candles.close[1:], candles.close[-1:])
        return signals_of(tomorrow > candles.close)


class ResampledAhead(Cheat):
    """Every candle of a week knows the close of its Sunday."""

    def evaluate(self, candles: Candles) -> Signals:
        week = candles.time // (7 * 86_400)
        last = np.searchsorted(week, week, side="right") - 1
        return signals_of(candles.close[last] > candles.open)


class ScaledByTheHighestOfAll(Cheat):
    def evaluate(self, candles: Candles) -> Signals:
        scaled = candles.close / candles.close.max()
        return signals_of(np.zeros(len(candles), dtype=bool), scaled)


class CentredAverage(Cheat):
    def evaluate(self, candles: Candles) -> Signals:
        padded = np.pad(candles.close, 2, mode="edge")
        average = np.convolve(padded, np.full(5, 0.2), mode="valid")
        return signals_of(candles.close > average, average)


class OneCandleAheadInTheWeight(Cheat):
    def evaluate(self, candles: Candles) -> Signals:
        entry = np.zeros(len(candles), dtype=bool)
        none = np.full(len(candles), np.nan)
        weight = np.append(candles.close[1:] > candles.close[:-1], [False]).astype(np.float64)
        return Signals(entry, ~entry, none, none.copy(), weight)


@dataclass(frozen=True)
class RemembersWhatItSaid:
    """It peeks, and says of a candle what it said of it first, however much was known then."""

    name: str = "cheat"
    warmup: int = 2
    fee_gate: float = 0.0
    said: dict[int, bool] = field(default_factory=dict, compare=False)

    def evaluate(self, candles: Candles) -> Signals:
        ahead = OneCandleAhead().evaluate(candles).entry.tolist()
        entry = [self.said.setdefault(time, one) for time, one in zip(candles.time.tolist(), ahead, strict=True)]
        return signals_of(np.array(entry, dtype=bool))


_OF_ALL_RUNS: dict[str, Signals] = {}


class ServesFromACache(Cheat):
    """The signals of the longest series it has seen of a market, cut to the length of this one."""

    def evaluate(self, candles: Candles) -> Signals:
        if len(_OF_ALL_RUNS.get(candles.market, ())) < len(candles):
            _OF_ALL_RUNS[candles.market] = OneCandleAhead().evaluate(candles)
        return signals_of(_OF_ALL_RUNS[candles.market].entry[: len(candles)])


@dataclass(frozen=True)
class RemembersThePeak:
    """Honest in one call, but a second call knows the highest close of the first."""

    name: str = "cheat"
    warmup: int = 2
    fee_gate: float = 0.0
    peaks: list[float] = field(default_factory=list, compare=False)

    def evaluate(self, candles: Candles) -> Signals:
        self.peaks.append(float(candles.close.max()))
        return signals_of(candles.close > np.maximum.accumulate(candles.close) - 1, candles.close - max(self.peaks))


class Chance(Cheat):
    def evaluate(self, candles: Candles) -> Signals:
        return signals_of(np.random.default_rng().random(len(candles)) > 0.5)


class ChangesItsCandles(Cheat):
    def evaluate(self, candles: Candles) -> Signals:
        candles.close.flags.writeable = True
        candles.close[3:] *= 1.01
        return signals_of(candles.close > candles.open)


class Fails(Cheat):
    def evaluate(self, candles: Candles) -> Signals:
        return signals_of(candles.close[99] > candles.close)


class Short(Cheat):
    def evaluate(self, candles: Candles) -> Signals:
        return signals_of(candles.close[1:] > candles.close[:-1])


@dataclass(frozen=True)
class NewHigh:
    """An honest one that forgets."""

    warmup: int
    name: str = "new_high"
    fee_gate: float = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        top = highest(candles.high, 30)
        return signals_of(candles.high >= top, top)


@dataclass(frozen=True)
class LongAverage:
    """An honest one whose average remembers more than a daemon reads."""

    name: str = "slow"
    warmup: int = 500
    fee_gate: float = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        return signals_of(candles.close > candles.open, ema(candles.close, self.warmup))


def check(strategy: Strategy, candles: Candles = CANDLES) -> dict[tuple[FindingKind, str], LookAheadFinding]:
    findings = check_look_ahead(strategy, candles, points=40, seed=3)
    assert len({(one.kind, one.column) for one in findings}) == len(findings)
    return {(one.kind, one.column): one for one in findings}


@pytest.mark.parametrize(
    ("cheat", "column"),
    [
        (OneCandleAhead(), "entry"),
        (OneCandleAhead(), "exit"),
        (ResampledAhead(), "entry"),
        (ScaledByTheHighestOfAll(), "initial_stop"),
        (CentredAverage(), "initial_stop"),
        (OneCandleAheadInTheWeight(), "weight"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_strategy_that_uses_the_future_is_found(cheat: Strategy, column: str) -> None:
    finding = check(cheat)[FindingKind.LOOK_AHEAD, column]
    assert finding.is_fault


def test_a_finding_names_the_column_and_the_candle_with_both_values() -> None:
    finding = check(OneCandleAhead())[FindingKind.LOOK_AHEAD, "entry"]
    at = int(np.flatnonzero(CANDLES.time == finding.time)[0])
    rises = bool(CANDLES.close[at + 1] > CANDLES.close[at])
    assert finding.seen == at + 1
    assert (finding.value, finding.other) == (str(rises).lower(), "false")
    day = np.datetime_as_string(np.datetime64(finding.time, "s"), unit="m").replace("T", " ")
    assert finding.text == (
        f"entry of the candle of {day} UTC is true, but false while later candles are unknown: it uses the future"
    )


@pytest.mark.parametrize(
    "cheat",
    [RemembersWhatItSaid(), ServesFromACache(), RemembersThePeak(), Chance()],
    ids=lambda one: type(one).__name__,
)
def test_a_strategy_that_says_something_else_when_asked_again_is_found(cheat: Strategy) -> None:
    """Also where what it remembers hides that it uses the future."""
    assert {FindingKind.NOT_REPEATABLE, FindingKind.LOOK_AHEAD} & {kind for kind, _ in check(cheat)}


def test_a_strategy_that_changes_its_candles_is_found() -> None:
    finding = check(ChangesItsCandles())[FindingKind.CHANGES_CANDLES, "close"]
    before, after = float(CANDLES.close[3]), float(CANDLES.close[3]) * 1.01
    assert (finding.time, finding.value, finding.other) == (int(CANDLES.time[3]), exact(before), exact(after))


def test_the_candles_it_was_given_stay_as_they_are() -> None:
    before = CANDLES.close.copy()
    check(ChangesItsCandles())
    assert np.array_equal(CANDLES.close, before)


def test_a_strategy_that_fails_on_few_candles_is_found() -> None:
    assert "IndexError" in check(Fails())[FindingKind.FAILS, "evaluate"].text


def test_a_strategy_that_gives_too_few_signals_is_found() -> None:
    assert check(Short())[FindingKind.FAILS, "evaluate"].other.startswith("it gives ")


def test_a_warm_up_that_is_too_short_is_found_with_the_history_that_is_enough() -> None:
    finding = check(NewHigh(warmup=10))[FindingKind.SHORT_WARMUP, "initial_stop"]
    assert (finding.other, finding.seen, finding.settled) == ("none", 10, 40)
    assert finding.is_fault


def test_an_honest_strategy_that_forgets_is_without_a_finding() -> None:
    assert check(NewHigh(warmup=30)) == {}


def test_an_average_that_never_forgets_is_said_to_settle_and_is_no_fault() -> None:
    findings = check(EmaCross(fast=3, slow=8))
    assert {kind for kind, _ in findings} == {FindingKind.SETTLING}
    stop = findings[FindingKind.SETTLING, "initial_stop"]
    assert not stop.is_fault
    assert stop.settled is not None
    assert f"they agree from {stop.settled} candles on" in stop.text


def test_an_average_that_has_not_settled_within_what_a_daemon_reads_is_a_fault() -> None:
    findings = check(LongAverage(), random_walk(seed=2, count=2_500))
    finding = findings[FindingKind.SETTLING, "initial_stop"]
    assert finding.settled is None
    assert finding.is_fault


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_few_candles_are_no_fault(count: int) -> None:
    assert not any(finding.is_fault for finding in check(Trend(), random_walk(seed=1, count=count)).values())


def test_the_same_seed_finds_the_same() -> None:
    assert check(CentredAverage()) == check(CentredAverage())


@pytest.mark.parametrize("name", STRATEGY_TABLES.built_in())
@pytest.mark.parametrize("market", ["kraken-BTC-USD-1h", "binance-ETH-USDT-1d"])
def test_no_built_in_strategy_uses_the_future_of_real_candles(name: str, market: str) -> None:
    findings = check_look_ahead(load_strategy(name, {}), real_candles(market, Timeframe.D1), points=60, seed=1)
    assert [finding.text for finding in findings if finding.kind is not FindingKind.SETTLING] == []
