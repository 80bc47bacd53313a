from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from brokers.model import ZERO, Fill, Side
from nija.journal.positions import fold
from nija.journal.records import PositionPlan, WriteOff

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ONE = Decimal(1)
PLAN = PositionPlan("id", "BTC/USD", NOW, "trend")


def fill(side: Side, amount: str, price: str, fee: str = "0", fee_currency: str = "USD", number: int = 1) -> Fill:
    return Fill(f"T{number}", "O1", "BTC/USD", side, Decimal(amount), Decimal(price), Decimal(fee), fee_currency, NOW)


def test_a_bought_position_costs_its_price_and_fee() -> None:
    position = fold(PLAN, [fill(Side.BUY, "0.5", "100", "0.2")])
    assert (position.amount, position.entry_price, position.cost) == (Decimal("0.5"), Decimal(100), Decimal("50.2"))
    assert position.profit_at(Decimal(110)) == Decimal("4.8")


def test_a_fee_in_base_currency_reduces_what_is_held() -> None:
    position = fold(PLAN, [fill(Side.BUY, "0.5", "100", "0.002", "BTC")])
    assert position.amount == Decimal("0.498")
    assert position.fees == {"BTC": Decimal("0.002")}


def test_a_sold_position_shows_its_profit_after_all_fees() -> None:
    position = fold(PLAN, [fill(Side.BUY, "1", "100", "0.4"), fill(Side.SELL, "1", "120", "0.5", number=2)])
    assert (position.amount, position.cost) == (ZERO, ZERO)
    assert position.realised == Decimal("19.1")


def test_a_half_sold_position_keeps_half_its_cost() -> None:
    position = fold(PLAN, [fill(Side.BUY, "1", "100"), fill(Side.SELL, "0.5", "120", number=2)])
    assert (position.amount, position.cost, position.realised) == (Decimal("0.5"), Decimal(50), Decimal(10))


def test_the_profit_after_a_sale_in_part_is_in_percent_of_all_that_was_paid() -> None:
    position = fold(PLAN, [fill(Side.BUY, "1", "99.5", "0.5"), fill(Side.SELL, "0.9", "120", number=2)])
    assert (position.profit_at(Decimal(120)), position.profit_percent_at(Decimal(120))) == (Decimal(20), Decimal(20))


def later(of: Fill, seconds: int) -> Fill:
    return replace(of, time=NOW + timedelta(seconds=seconds))


def test_a_purchase_after_a_sale_changes_the_average_cost_and_not_what_the_sale_earned() -> None:
    bought, part = fill(Side.BUY, "1", "100"), later(fill(Side.SELL, "0.5", "120", number=2), 1)
    more = later(fill(Side.BUY, "0.5", "200", number=3), 2)
    before, after = fold(PLAN, [bought, part]), fold(PLAN, [more, part, bought])
    assert (before.realised, after.realised) == (Decimal(10), Decimal(10))
    assert (after.amount, after.cost) == (ONE, Decimal(150))
    assert after.entry_price == Decimal(200) / Decimal("1.5")


def test_what_is_bought_after_everything_was_sold_costs_what_it_cost() -> None:
    sold = later(fill(Side.SELL, "1", "90", number=2), 1)
    position = fold(PLAN, [fill(Side.BUY, "1", "100"), sold, later(fill(Side.BUY, "1", "80", number=3), 2)])
    assert (position.cost, position.realised) == (Decimal(80), Decimal(-10))


def test_a_sale_that_says_it_is_older_than_its_purchase_costs_the_average() -> None:
    """The exchange's clock was set back between the two."""
    sold = later(fill(Side.SELL, "1", "120", number=2), -1)
    position = fold(PLAN, [fill(Side.BUY, "2", "100"), sold])
    assert (position.amount, position.cost, position.realised) == (ONE, Decimal(100), Decimal(20))


def test_what_is_written_off_is_not_held() -> None:
    position = fold(PLAN, [fill(Side.BUY, "1", "100")], [WriteOff("id", Decimal("0.25"), "gone", NOW)])
    assert position.amount == Decimal("0.75")


fills = st.lists(
    st.builds(
        fill,
        side=st.sampled_from(Side),
        amount=st.decimals("0.0001", 10, places=8).map(str),
        price=st.decimals(1, 100, places=2).map(str),
        fee=st.decimals(0, 1, places=4).map(str),
        fee_currency=st.sampled_from(["USD", "BTC", "KFEE"]),
    ),
    max_size=8,
)


@given(fills=fills, seed=st.integers(0, 100))
def test_the_order_of_the_fills_does_not_matter(fills: list[Fill], seed: int) -> None:
    shuffled = list(fills)
    Random(seed).shuffle(shuffled)
    one, other = fold(PLAN, fills), fold(PLAN, shuffled)
    assert one.amount == other.amount
    assert one.fees == other.fees
    assert abs(one.realised - other.realised) < Decimal("1e-15")
