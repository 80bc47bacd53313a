"""The rules of ownership, on numbers alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from brokers.model import ZERO, Fill, Side
from nija.journal.ownership import (
    BY_ANOTHER,
    BY_HAND,
    UNEXPLAINED,
    WITHDRAWN,
    Attribution,
    Removal,
    UnbookedMovement,
    attribute,
    guarded,
    may_lag,
    movements_of,
    settled,
    uncertain,
)
from nija.journal.records import Holding

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NIJAS = Decimal("0.0155")
HIS = Decimal("0.0021")


def moved(amount: str, *, minute: int = 0, by_nija: bool = False) -> UnbookedMovement:
    return UnbookedMovement(f"O{minute}", "BTC/USD", Decimal(amount), NOW + timedelta(minutes=minute), by_nija)


def share(amount: Decimal, missing: Decimal = ZERO, *, is_known: bool = True) -> Holding:
    return Holding("BTC", amount, NOW, is_known, missing, NOW if missing else None)


def fill(market: str, side: Side, amount: str, price: str = "100", fee_currency: str = "") -> Fill:
    return Fill(
        "T1",
        "O1",
        market,
        side,
        Decimal(amount),
        Decimal(price),
        Decimal("0.01"),
        fee_currency or market.partition("/")[2],
        NOW,
    )


def test_what_is_more_than_nijas_is_the_owners() -> None:
    assert attribute(NIJAS + HIS, NIJAS, None) == Attribution(HIS)


def test_what_another_nija_bought_it_sells_and_not_ours() -> None:
    movements = [moved("0.02", by_nija=True), moved("-0.02", minute=1, by_nija=True)]
    assert attribute(NIJAS + HIS, NIJAS, share(HIS), movements) == Attribution(HIS)


def test_what_another_nija_bought_long_ago_it_still_sells_first() -> None:
    bought = attribute(NIJAS + HIS + 1, NIJAS, share(HIS), [moved("1", by_nija=True)])
    found = attribute(HIS, NIJAS, share(bought.owner), [moved("-1.0155", by_nija=True)], bought.others)
    assert (found.owner, found.taken) == (HIS, (Removal(NIJAS, "BTC/USD", BY_ANOTHER),))


def test_orders_count_in_the_order_in_which_they_were_made_however_they_are_listed() -> None:
    movements = [moved("-1", minute=2), moved("1", minute=1)]
    assert attribute(NIJAS + HIS, NIJAS, share(HIS), movements) == Attribution(HIS)


def test_what_the_owner_bought_since_an_entry_was_not_there_at_it() -> None:
    """Nothing is missing, so his share is known."""
    assert attribute(NIJAS + HIS + 1, NIJAS, None, [moved("1")]) == Attribution(HIS + 1)


def test_what_comes_in_without_an_order_is_the_owners() -> None:
    assert attribute(NIJAS + HIS + 1, NIJAS, share(HIS)) == Attribution(HIS + 1)


def test_a_sale_larger_than_the_owners_share_took_nijas() -> None:
    found = attribute(HIS, NIJAS, share(HIS), [moved("-0.0155")])
    assert found == Attribution(HIS, (Removal(NIJAS, "BTC/USD", BY_HAND),))


def test_a_sale_within_his_share_is_his_own() -> None:
    assert attribute(NIJAS, NIJAS, share(HIS), [moved("-0.0021")]) == Attribution(ZERO)


def test_what_he_bought_before_counts_for_what_he_sells_after() -> None:
    assert attribute(NIJAS + HIS, NIJAS, share(HIS), [moved("1"), moved("-1", minute=1)]) == Attribution(HIS)


def test_what_he_buys_back_is_his_and_not_nijas() -> None:
    found = attribute(NIJAS + HIS, NIJAS, share(HIS), [moved("-0.0155"), moved("0.0155", minute=1)])
    assert found == Attribution(NIJAS + HIS, (Removal(NIJAS, "BTC/USD", BY_HAND),))


def test_an_order_with_nijas_mark_that_the_journal_does_not_know_took_nijas_however_much_he_has() -> None:
    found = attribute(Decimal(5), NIJAS, share(Decimal(5)), [moved("-0.0155", by_nija=True)])
    assert found == Attribution(Decimal(5), (Removal(NIJAS, "BTC/USD", BY_ANOTHER),))


def test_a_withdrawal_within_his_share_is_his_own() -> None:
    assert attribute(NIJAS + Decimal("0.0001"), NIJAS, share(HIS)) == Attribution(Decimal("0.0001"))


def test_a_withdrawal_beyond_his_share_is_in_doubt_and_the_rest_certainly_is_nijas() -> None:
    total = HIS + Decimal("0.005")
    found = attribute(total, NIJAS, share(HIS))
    assert found == Attribution(HIS, (), NIJAS - Decimal("0.005"))
    assert uncertain(NIJAS, found) == NIJAS - Decimal("0.005")


def test_what_he_buys_while_coins_are_in_doubt_does_not_fill_the_gap() -> None:
    total = HIS + Decimal("0.005")
    gap = Decimal("0.0105")
    found = attribute(total + 1, NIJAS, share(HIS, gap), [moved("1")])
    assert found == Attribution(HIS + 1, (), gap)


def test_what_he_deposits_while_coins_are_in_doubt_does_not_fill_the_gap() -> None:
    total = HIS + Decimal("0.005")
    gap = Decimal("0.0105")
    assert attribute(total + 1, NIJAS, share(HIS, gap)) == Attribution(HIS + 1, (), gap)


def test_a_balance_that_comes_up_with_exactly_what_was_missing_had_lagged() -> None:
    assert attribute(NIJAS + HIS, NIJAS, share(HIS, Decimal("0.0105"))) == Attribution(HIS)


def test_more_that_goes_missing_adds_up() -> None:
    found = attribute(HIS, NIJAS, share(HIS, Decimal("0.0105")))
    assert found == Attribution(HIS, (), NIJAS)


def test_what_stays_missing_was_withdrawn_from_nijas() -> None:
    total = HIS + Decimal("0.005")
    found = settled(total, NIJAS, attribute(total, NIJAS, share(HIS)))
    assert found == Attribution(HIS, (Removal(Decimal("0.0105"), "", WITHDRAWN),))


def test_a_withdrawal_may_have_been_before_he_bought_what_he_has_now() -> None:
    found = attribute(NIJAS + HIS, NIJAS, share(HIS), [moved("1")])
    assert found == Attribution(HIS + 1, (), Decimal(1))


def test_while_nijas_stop_binds_its_coins_whatever_moves_is_the_owners() -> None:
    assert guarded(NIJAS + HIS, NIJAS) == Attribution(HIS)
    assert guarded(Decimal(0), NIJAS) == Attribution(ZERO, (), NIJAS)


def test_a_balance_from_before_a_sale_by_hand_looks_like_a_deposit() -> None:
    sale = [moved("-0.0155")]
    assert may_lag(NIJAS + HIS, NIJAS, share(HIS), sale)
    assert not may_lag(HIS, NIJAS, share(HIS), sale)
    assert may_lag(NIJAS + HIS, NIJAS, None, sale)
    assert not may_lag(NIJAS + HIS + 1, NIJAS, share(HIS), [moved("0.5")])
    assert not may_lag(NIJAS + HIS, NIJAS, share(HIS), [moved("-0.0155", by_nija=True)])


def test_where_his_share_is_not_known_nothing_certainly_is_nijas() -> None:
    found = attribute(HIS, NIJAS, None)
    assert uncertain(NIJAS, found) == NIJAS
    assert settled(HIS, NIJAS, found) == Attribution(HIS, (Removal(NIJAS, "", UNEXPLAINED),))


def test_his_share_is_found_again_from_his_orders_since_the_entry() -> None:
    """The disk is lost, and he sold NIJA's coins before: the balance at the entry follows from the balance now."""
    found = attribute(HIS, NIJAS, None, [moved("-0.0155")])
    assert found == Attribution(HIS, (Removal(NIJAS, "BTC/USD", BY_HAND),))


def test_coins_move_as_base_as_quote_and_as_fee() -> None:
    assert movements_of("BTC", [fill("BTC/USD", Side.SELL, "2")], [])[0].amount == -2
    assert movements_of("BTC", [fill("ETH/BTC", Side.BUY, "2", "0.5", "USD")], [])[0].amount == -1
    assert movements_of("BTC", [fill("ETH/USD", Side.BUY, "2", fee_currency="BTC")], [])[0].amount == Decimal("-0.01")
    assert movements_of("BTC", [fill("ETH/USD", Side.BUY, "2")], []) == ()


def test_the_fills_of_one_order_are_one_movement() -> None:
    sold = [fill("BTC/USD", Side.SELL, "2"), fill("BTC/USD", Side.SELL, "3")]
    (movement,) = movements_of("BTC", sold, ["O1"])
    assert (movement.amount, movement.by_nija) == (Decimal(-5), True)


amounts = st.decimals(0, 10, places=3)
changes = st.lists(st.tuples(st.decimals(-10, 10, places=3), st.booleans()), max_size=4)


@given(total=amounts, booked=amounts, owner=st.none() | amounts, gap=amounts, orders=changes)
def test_whatever_happened_every_coin_is_somebodys_and_no_coin_is_two_peoples(
    total: Decimal, booked: Decimal, owner: Decimal | None, gap: Decimal, orders: list[tuple[Decimal, bool]]
) -> None:
    movements = [moved(str(amount), minute=n, by_nija=nija) for n, (amount, nija) in enumerate(orders)]
    known = None if owner is None else share(owner, min(gap, booked))
    found = attribute(total, booked, known, movements)
    assert ZERO <= uncertain(booked, found) <= booked - found.taken_amount
    assert found.missing >= ZERO
    if found.missing > ZERO:
        found = settled(total, booked, found)
    left = booked - found.taken_amount
    assert left >= ZERO
    assert found.owner >= ZERO
    assert found.owner + left >= total
