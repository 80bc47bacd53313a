"""Section 7 of the strategy evidence through the backtest: real candles, exact results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.model import Fees, Timeframe
from nija.backtest.assumptions import Assumptions
from nija.backtest.full_size import FullSize
from nija.strategy.ema_cross import EmaCross
from nija.strategy.trend import Trend
from nija.strategy.trend_ensemble import TrendEnsemble
from tests.nija.backtest.evidence_rules import Apex, Breakout, Hanging, maker_purchase, thirds
from tests.nija.backtest.runs import FULL_SIZE, run_alone
from tests.nija.strategy.real_candles import real_candles

if TYPE_CHECKING:
    from nija.strategy.base import Strategy

DEFAULT = Trend(entry=20, exit=10, stop_atr=3.0, trail_atr=1.0, fee_gate=0.0)
KRAKEN = Fees(maker=Decimal("0.0025"), taker=Decimal("0.004"))
COINBASE = Fees(maker=Decimal("0.006"), taker=Decimal("0.012"))
LOWER_COINBASE = Fees(maker=Decimal("0.004"), taker=Decimal("0.006"))


@dataclass(frozen=True)
class Fact:
    file: str
    timeframe: Timeframe
    candles: int
    strategy: Strategy
    fees: Fees
    trades: int
    total: str
    mean_net: str
    assumptions: Assumptions = FULL_SIZE
    first_entry: str = ""


D1, H4, H1, M15 = Timeframe.D1, Timeframe.H4, Timeframe.H1, Timeframe.M15
# By number in the evidence.
FACTS = {
    1: Fact(
        *("kraken-BTC-USD-1h", D1, 3368, DEFAULT, KRAKEN, 40, "227.0380", "0.238075"),
        first_entry="2013-11-04",
    ),
    2: Fact(
        *("kraken-ETH-USD-1h", D1, 2788, DEFAULT, KRAKEN, 33, "2262.7350", "0.585329"),
        first_entry="2015-10-27",
    ),
    3: Fact("kraken-BTC-USD-1h", D1, 3368, replace(DEFAULT, fee_gate=3.0), COINBASE, 39, "78.9397", "0.214288"),
    4: Fact(
        *("coinbase-LTC-USD-1h", D1, 703, DEFAULT, LOWER_COINBASE, 9, "2.0552", "0.261415"),
        first_entry="2017-08-09",
    ),
    5: Fact(
        *("kraken-ETH-USD-1h", D1, 2788, DEFAULT, KRAKEN, 33, "15.6054", "0.585329"),
        assumptions=Assumptions(sizing=FullSize(Decimal("0.04"))),
    ),
    6: Fact(
        *("kraken-ETH-USD-1h", H4, 16316, EmaCross(fast=20, slow=50, stop_atr=None, fee_gate=0.0), KRAKEN),
        *(137, "1619.3594", "0.125138"),
    ),
    7: Fact(
        *("kraken-BTC-USD-1h", H4, 19188, Trend(entry=55, exit=20, stop_atr=None, trail_atr=None, fee_gate=0.0)),
        *(KRAKEN, 108, "383.9862", "0.088925"),
        assumptions=Assumptions(sizing=FullSize(), purchase=maker_purchase),
    ),
    8: Fact(
        *("kraken-SOL-USD-15m", M15, 26179, Trend(entry=55, exit=20, stop_atr=3.0, trail_atr=None, fee_gate=0.0)),
        *(KRAKEN, 197, "-0.8272", "-0.008188"),
    ),
    9: Fact(
        *("kraken-BTC-USD-15m", H1, 6551, Breakout(), KRAKEN, 118, "-0.5360", "-0.006282"),
        assumptions=Assumptions(sizing=FullSize(), end=Hanging(3.0)),
    ),
    10: Fact(
        *("kraken-ETH-USD-15m", M15, 26189, Apex(), KRAKEN, 135, "-0.6356", "-0.007417"),
        assumptions=Assumptions(sizing=FullSize(), end=thirds),
    ),
    15: Fact("binance-BTC-USDT-1d", D1, 3121, DEFAULT, KRAKEN, 42, "21.9735380392", "0.1437100516"),
    16: Fact(
        *("binance-ETH-USDT-1d", D1, 3121, Trend(), COINBASE, 43, "0.6747338882", "0.1118838607"),
        assumptions=Assumptions(sizing=FullSize(Decimal("0.02"))),
    ),
}


@pytest.mark.parametrize("number", FACTS)
def test_a_regression_fact_is_reproduced_to_every_digit(number: int) -> None:
    fact = FACTS[number]
    candles = real_candles(fact.file, fact.timeframe)
    result = run_alone(fact.strategy, candles, fact.fees, fact.assumptions)
    mean_net = sum((trade.net_return for trade in result.trades), Decimal(0)) / len(result.trades)
    assert len(candles) == fact.candles
    assert (len(result.trades), as_shown(result.total_return, fact.total), as_shown(mean_net, fact.mean_net)) == (
        *(fact.trades, fact.total, fact.mean_net),
    )
    if fact.first_entry:
        assert datetime.fromtimestamp(result.trades[0].opened, tz=UTC).date().isoformat() == fact.first_entry


def as_shown(value: Decimal, shown: str) -> str:
    """With the digits of `shown`."""
    return f"{value:.{len(shown.partition('.')[2])}f}"


@dataclass(frozen=True)
class EnsembleFact:
    file: str
    strategy: TrendEnsemble
    fees: Fees
    changes: int
    total: str
    mean_weight: str


# The last two agree between the strategy and the plain program of tests/nija/strategy/ensemble_evaluation.py.
ENSEMBLE_FACTS = {
    "11": EnsembleFact(
        *("binance-BTC-USDT-1d", TrendEnsemble(stop_atr=None), KRAKEN, 145, "2.5930420253", "0.1756834362"),
    ),
    "12": EnsembleFact("binance-ETH-USDT-1d", TrendEnsemble(), KRAKEN, 104, "2.0461362709", "0.1185918417"),
    "13": EnsembleFact(
        *("binance-LINK-USDT-1d", TrendEnsemble(target=0.40, band=0.05, stop_atr=None), LOWER_COINBASE),
        *(209, "1.9812697184", "0.1238514613"),
    ),
    "14": EnsembleFact(
        *("kraken-BTC-USD-1h", TrendEnsemble(stop_atr=None), COINBASE, 126, "4.2892006450", "0.1389266988"),
    ),
    "a near stop": EnsembleFact(
        *("binance-LTC-USDT-1d", TrendEnsemble(stop_atr=0.1), KRAKEN, 102, "-0.1198770136", "0.0662589053"),
    ),
    "other channels": EnsembleFact(
        *("kraken-ETH-USD-1h", TrendEnsemble((10, 40, 200), 0.5, 0.2, 2.0), COINBASE),
        *(108, "9.5511884891", "0.1699091270"),
    ),
}


@pytest.mark.parametrize("name", ENSEMBLE_FACTS)
def test_a_fact_of_the_ensemble_is_reproduced_to_every_digit(name: str) -> None:
    fact = ENSEMBLE_FACTS[name]
    result = run_alone(fact.strategy, real_candles(fact.file, D1), fact.fees)
    changes = sum(len(trade.fills) for trade in result.trades)
    mean_weight = float((result.curve.invested / result.curve.equity).mean())
    assert (changes, f"{result.total_return:.10f}", f"{mean_weight:.10f}") == (
        *(fact.changes, fact.total, fact.mean_weight),
    )
