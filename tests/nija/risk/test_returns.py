"""The value of one unit: what moves it and, above all, what does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from nija.risk.returns import UnitDay, UnitValue, growth
from nija.risk.trusted_time import ClockReading

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = ClockReading(NOON, NOON)
ROUNDING = Decimal("1e-20")
returns = st.decimals(min_value="-0.9", max_value="2", places=4)
capitals = st.decimals(min_value="25", max_value="1000000", places=2)
# Fractions of the balance: a full withdrawal would leave no capital to earn on.
flows = st.decimals(min_value="-0.99", max_value="1000", places=2)


def day(days: int) -> ClockReading:
    return ClockReading(NOON + timedelta(days=days), NOON + timedelta(days=days))


@dataclass
class Account:
    """An account as its trader sees it: its balance, and what NIJA has earned."""

    capital: Decimal
    track: UnitDay = field(default_factory=lambda: UnitDay(NOON.date()))

    def earn(self, fraction: Decimal) -> None:
        earned = self.capital * fraction
        self.track = self.track.after(growth(earned, self.capital), NOW)
        self.capital += earned

    def move(self, fraction: Decimal) -> None:
        """The owner deposits, withdraws, or trades for himself: NIJA has earned nothing."""
        self.track = self.track.after(growth(Decimal(0), self.capital), NOW)
        self.capital += self.capital * fraction


def through(capital: Decimal, parts: Sequence[Decimal], owner: Sequence[Decimal] = ()) -> UnitValue:
    account = Account(capital)
    for number, part in enumerate(parts):
        if number < len(owner):
            account.move(owner[number])
        account.earn(part)
    return account.track.for_limits


def near(one: UnitValue, other: UnitValue) -> bool:
    return all(
        abs(a - b) <= ROUNDING * max(a, b)
        for a, b in ((one.opening, other.opening), (one.latest, other.latest), (one.peak, other.peak))
    )


@given(capital=capitals, parts=st.lists(returns, min_size=1, max_size=8), owner=st.lists(flows, max_size=8))
def test_what_the_owner_brings_takes_or_trades_at_any_moment_changes_no_limit(
    capital: Decimal, parts: list[Decimal], owner: list[Decimal]
) -> None:
    assert near(through(capital, parts, owner), through(capital, parts))


@given(capital=capitals, first=returns, second=returns)
def test_splitting_a_period_changes_nothing(capital: Decimal, first: Decimal, second: Decimal) -> None:
    split = through(capital, [first, second])
    whole = UnitDay(NOON.date()).after(growth(capital * ((1 + first) * (1 + second) - 1), capital), NOW)
    assert abs(split.latest - whole.unit.latest) <= ROUNDING * split.latest


def test_losses_of_consecutive_periods_compound() -> None:
    assert through(Decimal(1000), [Decimal("-0.05")] * 2).daily_loss == Decimal("0.0975")


def test_losses_are_measured_from_the_days_opening_and_from_the_peak() -> None:
    unit = UnitValue(opening=Decimal(1), latest=Decimal("0.9"), peak=Decimal(2))
    assert (unit.daily_loss, unit.drawdown) == (Decimal("0.1"), Decimal("0.55"))


def test_a_winning_day_shows_no_loss() -> None:
    assert through(Decimal(1000), [Decimal("0.1")]).daily_loss == 0


def test_without_capital_nothing_is_earned() -> None:
    assert growth(Decimal(-5), Decimal(0)) == 1


@given(earned=st.decimals(min_value="-1e9", max_value="1e9", places=2), capital=capitals)
def test_a_unit_is_always_worth_something_so_that_every_later_loss_can_be_measured(
    earned: Decimal, capital: Decimal
) -> None:
    unit = UnitDay(NOON.date()).after(growth(earned, capital), NOW).unit
    assert unit.latest > 0
    assert 0 <= unit.daily_loss < 1
    assert 0 <= unit.drawdown < 1


def test_a_new_day_opens_at_its_first_look_and_the_peak_stays() -> None:
    track = UnitDay(NOON.date()).after(Decimal("1.3"), NOW).after(Decimal("0.7"), NOW).after(Decimal("1.1"), day(1))
    assert track.day == NOON.date() + timedelta(days=1)
    assert track.unit == UnitValue(opening=Decimal("1.001"), latest=Decimal("1.001"), peak=Decimal("1.3"))


def test_what_was_lost_while_nobody_looked_belongs_to_the_day_that_finds_it() -> None:
    assert UnitDay(NOON.date()).after(Decimal("0.8"), day(3)).for_limits.daily_loss == Decimal("0.2")


def test_a_day_that_is_only_claimed_moves_no_opening_once_the_claim_is_taken_back() -> None:
    before = UnitDay(NOON.date()).after(Decimal("1.5"), NOW)
    after = before.after(Decimal(1), ClockReading(NOON + timedelta(days=1), NOON)).after(Decimal(1), NOW)
    assert after == before


def test_while_a_new_day_is_only_claimed_the_loss_of_either_day_counts() -> None:
    claimed = ClockReading(NOON + timedelta(days=1), NOON)
    of_the_new = UnitDay(NOON.date()).after(Decimal("1.5"), NOW).after(Decimal("0.8"), claimed)
    assert of_the_new.for_limits.daily_loss == Decimal("0.2")
    of_the_old = UnitDay(NOON.date()).after(Decimal("0.9"), NOW).after(Decimal(1), claimed)
    assert of_the_old.for_limits.daily_loss == Decimal("0.1")
    assert of_the_old.after(Decimal(1), day(1)).for_limits.daily_loss == 0


def test_a_day_that_has_passed_is_never_measured_again() -> None:
    track = UnitDay(NOON.date()).after(Decimal("0.9"), day(-2))
    assert (track.day, track.for_limits.daily_loss) == (NOON.date(), Decimal("0.1"))


def test_after_a_resume_losses_count_anew() -> None:
    track = UnitDay(NOON.date()).after(Decimal("0.5"), NOW).reset()
    assert track.for_limits.daily_loss == track.for_limits.drawdown == 0
    assert track.after(Decimal("0.9"), NOW).for_limits.daily_loss == Decimal("0.1")
