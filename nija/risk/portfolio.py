"""Loss limits over all accounts together: the value of one unit of their sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.risk.returns import ZERO, UnitValue, growth

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from accounts.identity import AccountId


@dataclass(frozen=True, slots=True)
class PortfolioLimits:
    """Fractions of the value of a unit; None for no limit."""

    max_daily_loss: Decimal | None = None
    max_drawdown: Decimal | None = None

    @property
    def any(self) -> bool:
        return self.max_daily_loss is not None or self.max_drawdown is not None


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one account has earned since it began, and its capital at work, in the portfolio's currency."""

    earned: Decimal
    capital: Decimal


@dataclass(frozen=True, slots=True)
class PortfolioState:
    """What all traders read. `unit` is measured over `day`; None while it is unknown, and `unknown` says why.

    `left_out` are the accounts that are not in the sum. `generation` grows whenever losses restart at zero.
    """

    limits: PortfolioLimits
    currency: str
    day: date | None = None
    unit: UnitValue | None = None
    unknown: str = ""
    left_out: tuple[AccountId, ...] = ()
    generation: int = 0


def combined(before: Mapping[AccountId, Contribution], now: Mapping[AccountId, Contribution]) -> Decimal:
    """The factor by which the unit's value changes over one period; `before` is everything at work in it.

    An account that is unknown now counts as having earned nothing; its earnings count once it is known again. One that
    joins counts from the next period on.
    """
    earned = sum((contribution.earned - before[one].earned for one, contribution in now.items() if one in before), ZERO)
    return growth(earned, sum((contribution.capital for contribution in before.values()), ZERO))
