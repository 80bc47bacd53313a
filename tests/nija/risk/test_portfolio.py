"""The value of one unit of several accounts together."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from accounts.identity import AccountId
from nija.risk.portfolio import Stake, combined

MASTER, DAIVON = AccountId.parse("kraken:master"), AccountId.parse("kraken:daivon_frazier")
TANIA = AccountId.parse("coinbase:tania_gilbert")
money = st.decimals(min_value="25", max_value="1000000", places=2)
stakes = st.builds(Stake, st.decimals(min_value="-20", max_value="1000", places=2), money)


def stake(earned: int, capital: int) -> Stake:
    return Stake(Decimal(earned), Decimal(capital))


def test_each_account_counts_by_the_money_it_has_at_work() -> None:
    before = {MASTER: stake(0, 900), DAIVON: stake(50, 100)}
    assert combined(before, {MASTER: stake(-90, 810), DAIVON: stake(60, 110)}) == Decimal("0.92")


def test_what_was_earned_where_nobody_could_look_counts_once_it_is_known_again() -> None:
    before = {MASTER: stake(0, 900), DAIVON: stake(0, 100)}
    assert combined(before, {MASTER: stake(-45, 855)}) == Decimal("0.955")
    assert combined(before, {MASTER: stake(0, 900), DAIVON: stake(-50, 50)}) == Decimal("0.95")


def test_without_any_account_nothing_changes() -> None:
    assert combined({}, {}) == 1


@given(one=stakes, other=stakes, later=stakes)
def test_an_account_that_joins_or_leaves_is_neither_gain_nor_loss(one: Stake, other: Stake, later: Stake) -> None:
    assert combined({MASTER: one}, {MASTER: one, TANIA: other}) == 1
    assert combined({MASTER: one, TANIA: other}, {MASTER: one}) == 1
    assert combined({TANIA: later}, {MASTER: one}) == 1


@given(one=stakes, other=stakes, brought=money)
def test_what_the_owners_bring_is_neither_gain_nor_loss(one: Stake, other: Stake, brought: Decimal) -> None:
    richer = Stake(one.earned, one.capital + brought)
    assert combined({MASTER: one, TANIA: other}, {MASTER: richer, TANIA: other}) == 1
