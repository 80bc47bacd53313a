from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.model import Market
from nija.risk.costs import fee_gate, round_trip_cost, slippage
from nija.risk.no_trade import Rule

BTC = Market(
    symbol="BTC/USD",
    base="BTC",
    quote="USD",
    amount_step=Decimal("0.00000001"),
    price_step=Decimal("0.1"),
    min_amount=Decimal("0.00005"),
    min_cost=Decimal("0.5"),
)
TAKER = Decimal("0.004")
ROUND_TRIP = round_trip_cost(TAKER, TAKER, slippage(BTC))


@pytest.mark.parametrize(("base", "expected"), [("BTC", "0.0005"), ("ETH", "0.0005"), ("SOL", "0.0010")])
def test_deeper_markets_have_less_slippage(base: str, expected: str) -> None:
    assert slippage(replace(BTC, base=base)) == Decimal(expected)


def test_a_round_trip_on_kraken_costs_nine_tenths_of_a_percent() -> None:
    assert round_trip_cost(TAKER, TAKER, slippage(BTC)) == Decimal("0.0090")


def test_a_stop_exactly_at_the_gate_passes_and_one_nearer_is_refused() -> None:
    # 2 x 0.9 % = 1.8 %
    assert fee_gate(close=Decimal(1000), stop=Decimal(982), round_trip=ROUND_TRIP, gate=2.0) is None
    refusal = fee_gate(close=Decimal(1000), stop=Decimal("982.01"), round_trip=ROUND_TRIP, gate=2.0)
    assert refusal is not None
    assert (refusal.rule, refusal.value, refusal.limit) == (Rule.FEE_GATE, "0.01799", "0.01800")


def test_the_refusal_says_what_a_round_trip_costs() -> None:
    refusal = fee_gate(close=Decimal(1000), stop=Decimal(990), round_trip=ROUND_TRIP, gate=2.0)
    assert refusal is not None
    assert refusal.text == (
        "the stop is 1.00 % away, but a round trip costs 0.90 % and fee_gate = 2 requires 1.80 %:"
        " fees would eat it; a slower timeframe has wider stops"
    )


@given(stop=st.decimals(min_value="0.01", max_value="99.99", places=2))
def test_a_gate_of_zero_lets_everything_pass(stop: Decimal) -> None:
    assert fee_gate(close=Decimal(100), stop=stop, round_trip=ROUND_TRIP, gate=0.0) is None


@given(stop=st.decimals(min_value="1", max_value="99.9", places=2), gate=st.floats(0.1, 5))
def test_a_wider_stop_never_fails_where_a_nearer_one_passed(stop: Decimal, gate: float) -> None:
    near = fee_gate(close=Decimal(100), stop=stop, round_trip=ROUND_TRIP, gate=gate)
    wide = fee_gate(close=Decimal(100), stop=stop / 2, round_trip=ROUND_TRIP, gate=gate)
    assert near is not None or wide is None
