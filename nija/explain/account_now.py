"""What an account would do now in each of its markets, and what it needs for that."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal  # noqa: TC003  read at run time by from_plain
from typing import TYPE_CHECKING

from nija.explain.market_now import MarketNow  # noqa: TC001  read at run time by from_plain
from nija.risk.limits import Appraisal
from nija.risk.returns import EquityState, UnitValue

if TYPE_CHECKING:
    from datetime import datetime

    from nija.risk.sizing import Funds


@dataclass(frozen=True, slots=True)
class AccountNow:
    """`equity` is in `currency` and None if unknown; `assumed_equity` then sizes the orders. Fees are fractions.

    `has_own_fees`: they are this account's, not those of the exchange's lowest tier. `state` and `reason` are the
    daemon's. `source` says where all of this comes from.
    """

    id: str
    label: str
    exchange: str
    currency: str
    equity: Decimal | None
    assumed_equity: Decimal
    maker: Decimal
    taker: Decimal
    has_own_fees: bool
    source: str
    state: str = ""
    reason: str = ""
    markets: tuple[MarketNow, ...] = ()

    @property
    def sized_by(self) -> Decimal:
        """The equity that the orders are sized by."""
        return self.assumed_equity if self.equity is None else self.equity


def appraisal_of(funds: Funds, now: datetime, *, open_positions: int = 0, paused: str = "") -> Appraisal:
    """Of an account whose money is known and which has lost nothing today. `paused` says by what or whom it is."""
    return Appraisal(EquityState(funds.equity, now.date(), UnitValue()), funds, open_positions, now, paused)
