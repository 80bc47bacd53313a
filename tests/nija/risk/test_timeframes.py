"""A fast timeframe comes with a warning about its costs."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.model import Timeframe
from nija.risk.costs import cost_of

FEE, ROUND_TRIP = Decimal("0.004"), Decimal("0.009")


@pytest.mark.parametrize("timeframe", [Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.M30, Timeframe.H1])
def test_a_timeframe_below_four_hours_is_answered_with_its_cost(timeframe: Timeframe) -> None:
    told = cost_of(timeframe, FEE, ROUND_TRIP)
    assert told is not None
    assert "your fee is 0.40 %, a round trip 0.90 %" in told
    assert "% a trade" in told


@pytest.mark.parametrize("timeframe", [Timeframe.H4, Timeframe.D1])
def test_slow_candles_need_no_warning(timeframe: Timeframe) -> None:
    assert cost_of(timeframe, FEE, ROUND_TRIP) is None
