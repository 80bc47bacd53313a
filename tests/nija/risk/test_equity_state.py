from __future__ import annotations

from datetime import date
from decimal import Decimal

from nija.risk.returns import EquityState, UnitValue


def test_todays_change_is_what_the_days_return_makes_of_the_equity_now() -> None:
    unit = UnitValue(opening=Decimal(1), latest=Decimal("1.1"), peak=Decimal("1.1"))
    assert EquityState(Decimal(1100), date(2026, 3, 1), unit).change == Decimal(100)


def test_an_empty_account_has_changed_by_nothing() -> None:
    assert EquityState(Decimal(0), date(2026, 3, 1), UnitValue(latest=Decimal("0.5"))).change == 0
