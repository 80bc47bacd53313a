"""Lots, checked by a second computation that shares nothing with the first: fractions on a line of coins."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.identity import AccountId
from brokers.model import Fill, Side
from nija.journal.records import WriteOff
from nija.performance.lots import DisposalKind, LotBook, LotMethod, lot_book, match_lots
from tests.nija.performance.bookkeeper import day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.nija.performance.bookkeeper import Bookkeeper

D = Decimal
DAIVON = AccountId.parse("kraken:daivon_frazier")
CENT_OF_A_CENT = Fraction(1, 10_000)


def fill(number: int, side: Side, amount: str, price: str, fee: str = "0", fee_in: str = "USD") -> Fill:
    at = day(number)
    return Fill(f"T{number}", f"O{number}", "BTC/USD", side, D(amount), D(price), D(fee), fee_in, at)


def matched(*fills: Fill, method: LotMethod = LotMethod.FIFO, losses: Iterable[WriteOff] = ()) -> LotBook:
    return match_lots(DAIVON, fills, [("BTC/USD", loss) for loss in losses], method)


BUYS = (
    fill(1, Side.BUY, "1", "100"),
    fill(2, Side.BUY, "1", "300"),
    fill(3, Side.BUY, "1", "200"),
)


@pytest.mark.parametrize(("method", "used"), [("fifo", ["T1", "T2"]), ("lifo", ["T3", "T2"]), ("hifo", ["T2", "T3"])])
def test_each_method_uses_its_lot_first(method: str, used: list[str]) -> None:
    book = matched(*BUYS, fill(4, Side.SELL, "1.5", "250"), method=LotMethod(method))
    assert [one.bought_by for one in book.disposals] == used
    assert [one.amount for one in book.disposals] == [D(1), D("0.5")]
    assert sum(lot.amount for lot in book.lots) == D("1.5")


def test_the_gain_is_after_the_fees_of_purchase_and_sale() -> None:
    book = matched(fill(1, Side.BUY, "2", "100", "1"), fill(2, Side.SELL, "1", "110", "0.25"))
    (one,) = book.disposals
    assert (one.cost, one.proceeds, one.gain) == (D("100.5"), D("109.75"), D("9.25"))
    assert (one.acquired, one.disposed, one.kind) == (day(1), day(2), DisposalKind.SOLD)


def test_fees_in_the_coin_are_coins_that_are_gone() -> None:
    book = matched(fill(1, Side.BUY, "1", "100", "0.01", "BTC"), fill(2, Side.SELL, "0.98", "100", "0.01", "BTC"))
    assert [(one.amount, one.cost, one.proceeds) for one in book.disposals] == [(D("0.99"), D(100), D("98.00"))]
    assert book.lots == ()


def test_what_left_without_a_sale_uses_its_lot_and_has_no_gain() -> None:
    loss = WriteOff("P", D("0.4"), "sold by the owner's hand", day(2))
    book = matched(fill(1, Side.BUY, "1", "100"), fill(3, Side.SELL, "0.6", "150"), losses=[loss])
    left, sold = book.disposals
    assert (left.kind, left.cost, left.proceeds, left.gain) == (DisposalKind.WRITTEN_OFF, D(40), None, None)
    assert (sold.cost, sold.gain) == (D(60), D(30))


def test_coins_whose_purchase_is_not_in_the_journal_have_an_unknown_cost() -> None:
    book = matched(fill(1, Side.BUY, "1", "100"), fill(2, Side.SELL, "3", "120"))
    known, unknown = book.disposals
    assert (known.amount, known.gain) == (D(1), D(20))
    assert (unknown.amount, unknown.acquired, unknown.cost, unknown.gain) == (D(2), None, None, None)
    assert unknown.proceeds == D(240)


def test_another_market_has_lots_of_its_own(books: Bookkeeper) -> None:
    books.buy("1", "50", day(1), market="BTC/EUR")
    books.trade("100", "120", day(2), day(3))
    book = lot_book(books.journal, LotMethod.FIFO)
    assert [(one.market, one.gain) for one in book.disposals] == [("BTC/USD", D(20))]
    assert [lot.market for lot in book.lots] == ["BTC/EUR"]


trades = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.decimals("0.00000001", 5, places=8),
        st.decimals("0.01", 100_000, places=2),
        st.decimals(0, 3, places=4),
        st.sampled_from(["USD", "USD", "BTC"]),
    ),
    max_size=14,
)


def as_fills(rows: Iterable[tuple[Side, Decimal, Decimal, Decimal, str]]) -> list[Fill]:
    """A fee in the coin is a thousandth of the fee in money, and never more than the coins bought."""
    return [
        Fill(
            f"T{number:02}",
            f"O{number}",
            "BTC/USD",
            side,
            amount,
            price,
            fee if fee_in == "USD" else min(fee / 1000, amount / 2).quantize(D("0.00000001")),
            fee_in,
            day(0) + timedelta(minutes=number),
        )
        for number, (side, amount, price, fee, fee_in) in enumerate(rows)
    ]


def fifo_by_a_line(fills: Sequence[Fill]) -> dict[tuple[str, str], Fraction]:
    """The cost by purchase and sale: all coins bought and all coins sold lie on one line, in the order of time.

    Only for sales that were covered at their time; the caller sees to that.
    """
    bought: list[tuple[Fraction, Fraction, Fraction, str]] = []
    sold: list[tuple[Fraction, Fraction, str]] = []
    ends = {Side.BUY: Fraction(0), Side.SELL: Fraction(0)}
    for one in fills:
        coin_fee = Fraction(one.fee) if one.fee_currency == "BTC" else Fraction(0)
        money_fee = Fraction(one.fee) - coin_fee
        start = ends[one.side]
        if one.side is Side.BUY:
            ends[one.side] = start + Fraction(one.amount) - coin_fee
            cost = Fraction(one.amount) * Fraction(one.price) + (money_fee if one.fee_currency == "USD" else 0)
            bought.append((start, ends[one.side], cost, one.id))
        else:
            ends[one.side] = start + Fraction(one.amount) + coin_fee
            sold.append((start, ends[one.side], one.id))
    return {
        (buy_id, sell_id): cost * (min(end, till) - max(start, since)) / (end - start)
        for start, end, cost, buy_id in bought
        for since, till, sell_id in sold
        if min(end, till) > max(start, since)
    }


def covered(fills: Iterable[Fill]) -> list[Fill]:
    """Without the sales of more than was held."""
    held, kept = D(0), []
    for one in fills:
        coin_fee = one.fee if one.fee_currency == "BTC" else D(0)
        change = one.amount - coin_fee if one.side is Side.BUY else -(one.amount + coin_fee)
        if held + change >= 0:
            held += change
            kept.append(one)
    return kept


@settings(max_examples=60)
@given(rows=trades)
def test_fifo_agrees_with_a_second_computation_to_a_hundredth_of_a_cent(
    rows: list[tuple[Side, Decimal, Decimal, Decimal, str]],
) -> None:
    fills = covered(as_fills(rows))
    expected = fifo_by_a_line(fills)
    found = {(one.bought_by, one.sold_by): one for one in matched(*fills).disposals}
    assert found.keys() == expected.keys()
    for pair, one in found.items():
        assert one.cost is not None
        assert abs(Fraction(one.cost) - expected[pair]) < CENT_OF_A_CENT


@settings(max_examples=60)
@given(rows=trades, method=st.sampled_from(LotMethod))
def test_the_parts_add_up_to_the_fills_to_the_last_digit(
    rows: list[tuple[Side, Decimal, Decimal, Decimal, str]], method: LotMethod
) -> None:
    fills = as_fills(rows)
    book = matched(*fills, method=method)
    gone = sum(Fraction(one.cost) for one in book.disposals if one.cost is not None)
    assert gone + sum(Fraction(lot.cost) for lot in book.lots) == sum(
        value_of(one, 1) for one in fills if one.side is Side.BUY
    )
    proceeds = [Fraction(one.proceeds) for one in book.disposals if one.proceeds is not None]
    assert sum(proceeds) == sum(value_of(one, -1) for one in fills if one.side is Side.SELL)
    coins = sum(Fraction(one.amount) for one in book.lots) - sum(
        Fraction(one.amount) for one in book.disposals if one.cost is None
    )
    assert coins == sum(map(change_of, fills))


def value_of(one: Fill, sign: int) -> Fraction:
    """With the fee in money: what a purchase cost, or a sale brought."""
    return Fraction(one.amount) * Fraction(one.price) + (sign * Fraction(one.fee) if one.fee_currency == "USD" else 0)


def change_of(one: Fill) -> Fraction:
    signed = Fraction(one.amount) * (1 if one.side is Side.BUY else -1)
    return signed - (Fraction(one.fee) if one.fee_currency == "BTC" else 0)
