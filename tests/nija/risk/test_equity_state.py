from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from nija.risk.equity import DayEquity, EquityState

DAY = date(2026, 3, 1)
amounts = st.decimals(min_value="0", max_value="1000000", places=2)


def state(current: str, start: str, peak: str) -> EquityState:
    return EquityState(Decimal(current), DayEquity(DAY, Decimal(start)), Decimal(peak))


def test_losses_are_measured_from_the_days_start_and_from_the_peak() -> None:
    fallen = state("90", "100", "200")
    assert fallen.daily_loss == Decimal("0.1")
    assert fallen.drawdown == Decimal("0.55")


def test_a_winning_day_shows_no_loss() -> None:
    assert state("110", "100", "110").daily_loss == 0


def test_an_empty_account_has_lost_nothing() -> None:
    empty = state("0", "0", "0")
    assert (empty.daily_loss, empty.drawdown) == (Decimal(0), Decimal(0))


@given(current=amounts, start=amounts, above=amounts)
def test_losses_are_fractions_from_nothing_to_all(current: Decimal, start: Decimal, above: Decimal) -> None:
    equity = EquityState(current, DayEquity(DAY, start), max(current, start) + above)
    assert 0 <= equity.drawdown <= 1
    assert 0 <= equity.daily_loss <= 1
