"""Section 7 of the strategy evidence: real candles, exact results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from brokers.model import Candles, Timeframe
from nija.strategy.base import Signals, Strategy
from nija.strategy.ema_cross import EmaCross
from nija.strategy.indicators import atr
from nija.strategy.parameters import ATR_PERIOD
from nija.strategy.trend import Trend
from tests.nija.strategy.evaluation import Costs, Evaluation, Result
from tests.nija.strategy.real_candles import real_candles

DEFAULT = Trend(entry=20, exit=10, stop_atr=3.0, trail_atr=1.0, fee_gate=0.0)
KRAKEN = Costs(Decimal("0.004"), Decimal("0.004"), Decimal("0.0005"))
KRAKEN_MAKER = Costs(Decimal("0.004"), Decimal("0.004"), Decimal("0.0005"), maker_fee=Decimal("0.0025"))
KRAKEN_THIN = Costs(Decimal("0.004"), Decimal("0.004"), Decimal("0.0010"))
COINBASE = Costs(Decimal("0.012"), Decimal("0.012"), Decimal("0.0005"))
COINBASE_THIN = Costs(Decimal("0.006"), Decimal("0.006"), Decimal("0.0010"))


@dataclass(frozen=True)
class Fact:
    number: int
    file: str
    timeframe: Timeframe
    candles: int
    strategy: Strategy
    costs: Costs
    trades: int
    total: str
    mean_net: str
    first_entry: str = ""
    risk: Decimal | None = None


FACTS = [
    Fact(
        *(1, "kraken-BTC-USD-1h", Timeframe.D1, 3368, DEFAULT, KRAKEN, 40, "227.0380", "0.238075"),
        first_entry="2013-11-04",
    ),
    Fact(
        *(2, "kraken-ETH-USD-1h", Timeframe.D1, 2788, DEFAULT, KRAKEN, 33, "2262.7350", "0.585329"),
        first_entry="2015-10-27",
    ),
    Fact(
        3,
        "kraken-BTC-USD-1h",
        Timeframe.D1,
        3368,
        Trend(entry=20, exit=10, stop_atr=3.0, trail_atr=1.0, fee_gate=3.0),
        COINBASE,
        39,
        "78.9397",
        "0.214288",
    ),
    Fact(
        *(4, "coinbase-LTC-USD-1h", Timeframe.D1, 703, DEFAULT, COINBASE_THIN, 9, "2.0552", "0.261415"),
        first_entry="2017-08-09",
    ),
    Fact(
        *(5, "kraken-ETH-USD-1h", Timeframe.D1, 2788, DEFAULT, KRAKEN, 33, "15.6054", "0.585329"),
        risk=Decimal("0.04"),
    ),
    Fact(
        6,
        "kraken-ETH-USD-1h",
        Timeframe.H4,
        16316,
        EmaCross(fast=20, slow=50, stop_atr=None, fee_gate=0.0),
        KRAKEN,
        137,
        "1619.3594",
        "0.125138",
    ),
    Fact(
        7,
        "kraken-BTC-USD-1h",
        Timeframe.H4,
        19188,
        Trend(entry=55, exit=20, stop_atr=None, trail_atr=None, fee_gate=0.0),
        KRAKEN_MAKER,
        108,
        "383.9862",
        "0.088925",
    ),
    Fact(
        8,
        "kraken-SOL-USD-15m",
        Timeframe.M15,
        26179,
        Trend(entry=55, exit=20, stop_atr=3.0, trail_atr=None, fee_gate=0.0),
        KRAKEN_THIN,
        197,
        "-0.8272",
        "-0.008188",
    ),
]


def shown(result: Result) -> tuple[int, str, str]:
    return len(result.trades), f"{result.total:.4f}", f"{result.mean_net:.6f}"


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"fact {fact.number}")
def test_a_regression_fact_is_reproduced_to_every_digit(fact: Fact) -> None:
    candles = real_candles(fact.file, fact.timeframe)
    result = Evaluation(fact.costs, risk=fact.risk).run(candles, fact.strategy)
    assert len(candles) == fact.candles
    assert shown(result) == (fact.trades, fact.total, fact.mean_net)
    if fact.first_entry:
        assert datetime.fromtimestamp(result.trades[0].entered, tz=UTC).date().isoformat() == fact.first_entry


class ChannelTrail:
    """C(20, 3): the default's entries and initial stop without its exits; the evaluator trails the stop."""

    name = "channel_trail"
    warmup = 21
    fee_gate = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        signals = Trend(trail_atr=None).evaluate(candles)
        return Signals(signals.entry, np.zeros(len(candles), dtype=bool), signals.initial_stop, signals.trail)


def test_fact_9_a_stop_hung_from_the_highest_high_is_reproduced_to_every_digit() -> None:
    candles = real_candles("kraken-BTC-USD-15m", Timeframe.H1)
    hang = 3 * atr(candles.high, candles.low, candles.close, ATR_PERIOD)
    result = Evaluation(KRAKEN, hang=hang).run(candles, ChannelTrail())
    assert len(candles) == 6551
    assert shown(result) == (118, "-0.5360", "-0.006282")
