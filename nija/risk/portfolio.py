"""One brake over all accounts together: the value of one unit of their sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.risk.returns import ZERO, growth

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from accounts.identity import AccountId
    from nija.risk.returns import UnitValue


@dataclass(frozen=True, slots=True)
class PortfolioLimits:
    """Fractions of the value of a unit; None is no limit."""

    max_daily_loss: Decimal | None = None
    max_drawdown: Decimal | None = None

    @property
    def any(self) -> bool:
        return self.max_daily_loss is not None or self.max_drawdown is not None


@dataclass(frozen=True, slots=True)
class Stake:
    """What one account has earned since it began, and what it has at work, in the portfolio's currency."""

    earned: Decimal
    capital: Decimal


@dataclass(frozen=True, slots=True)
class PortfolioState:
    """What all traders read. `unit` is that of `day`; None while it is not known, and `unknown` says why.

    `left_out` are the accounts whose money is not in the sum. `generation` grows whenever losses begin to count anew.
    """

    limits: PortfolioLimits
    currency: str
    day: date | None = None
    unit: UnitValue | None = None
    unknown: str = ""
    left_out: tuple[AccountId, ...] = ()
    generation: int = 0


def combined(before: Mapping[AccountId, Stake], now: Mapping[AccountId, Stake]) -> Decimal:
    """The factor by which the unit's value changes over one period; `before` is all that was at work in it.

    An account that is not known now earned nothing yet: its part is counted once it is known again. One that joins
    is at work from now on.
    """
    earned = sum((stake.earned - before[one].earned for one, stake in now.items() if one in before), ZERO)
    return growth(earned, sum((stake.capital for stake in before.values()), ZERO))
