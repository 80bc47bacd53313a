"""The value of one unit of several accounts together."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from accounts.identity import AccountId
from nija.risk.portfolio import Contribution, combined

MASTER, DAIVON = AccountId.parse("kraken:master"), AccountId.parse("kraken:daivon_frazier")
TANIA = AccountId.parse("coinbase:tania_gilbert")
money = st.decimals(min_value="25", max_value="1000000", places=2)
contributions = st.builds(Contribution, st.decimals(min_value="-20", max_value="1000", places=2), money)


def contribution(earned: int, capital: int) -> Contribution:
    return Contribution(Decimal(earned), Decimal(capital))


def test_each_account_counts_by_the_money_it_has_at_work() -> None:
    before = {MASTER: contribution(0, 900), DAIVON: contribution(50, 100)}
    assert combined(before, {MASTER: contribution(-90, 810), DAIVON: contribution(60, 110)}) == Decimal("0.92")


def test_what_was_earned_where_nobody_could_look_counts_once_it_is_known_again() -> None:
    before = {MASTER: contribution(0, 900), DAIVON: contribution(0, 100)}
    assert combined(before, {MASTER: contribution(-45, 855)}) == Decimal("0.955")
    assert combined(before, {MASTER: contribution(0, 900), DAIVON: contribution(-50, 50)}) == Decimal("0.95")


def test_without_any_account_nothing_changes() -> None:
    assert combined({}, {}) == 1


@given(one=contributions, other=contributions, later=contributions)
def test_an_account_that_joins_or_leaves_is_neither_gain_nor_loss(
    one: Contribution, other: Contribution, later: Contribution
) -> None:
    assert combined({MASTER: one}, {MASTER: one, TANIA: other}) == 1
    assert combined({MASTER: one, TANIA: other}, {MASTER: one}) == 1
    assert combined({TANIA: later}, {MASTER: one}) == 1


@given(one=contributions, other=contributions, brought=money)
def test_what_the_owners_bring_is_neither_gain_nor_loss(
    one: Contribution, other: Contribution, brought: Decimal
) -> None:
    richer = Contribution(one.earned, one.capital + brought)
    assert combined({MASTER: one, TANIA: other}, {MASTER: richer, TANIA: other}) == 1
