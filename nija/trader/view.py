"""What a trader shows of itself: one immutable value, replaced every cycle, for anyone to read without a lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003  read at run time by the status report
from decimal import Decimal  # noqa: TC003  as above
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.model import OrderRequest
    from nija.journal.positions import Position
    from nija.journal.records import Halt, HaltName, WriteOff
    from nija.orders.state import Protection
    from nija.risk.equity import EquityState
    from nija.risk.no_trade import NoTradeReason
    from nija.risk.portfolio import PortfolioState
    from nija.trader.plan import TradingPlan
    from nija.trader.portfolio_halts import PortfolioShare


@dataclass(frozen=True, slots=True)
class ProtectionView:
    """How a position is protected, in seconds of this run.

    `covered` means that a stop rests on the exchange, or that the price is watched here where the settings want that.
    `bare_seconds` is how long it has not been so now, `bare_total` and `longest` how long in all and at a stretch.
    `doubt` says why it is not certain whose coins these are, `trouble` what keeps the stop from being right; empty:
    nothing.
    """

    market: str
    covered: bool
    bare_seconds: float = 0.0
    bare_total: float = 0.0
    longest: float = 0.0
    doubt: str = ""
    trouble: str = ""

    @classmethod
    def of(cls, known: Protection) -> ProtectionView:
        """What the desk says of a position."""
        return cls(
            market=known.market,
            covered=known.covered,
            bare_seconds=known.bare,
            bare_total=known.bare_total,
            longest=known.longest,
            doubt=known.doubt,
            trouble=known.trouble,
        )


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """`amount` (base) left a position without a sale of NIJA's, and was booked out."""

    market: str
    amount: Decimal
    reason: str
    time: datetime

    @classmethod
    def of(cls, market: str, loss: WriteOff) -> WrittenOff:
        return cls(market, loss.amount, loss.reason, loss.time)


@dataclass(frozen=True, slots=True)
class TraderView:
    """`prices` are the last ones by market; `not_trading` says of each market why nothing was opened in it.

    `resting` are NIJA's own orders at the exchange, `foreign_orders` counts the owner's, `unread` what could not be
    read of the account. `refused_markets` says of each market that the exchange refuses to this account what to do
    about it. `answered` is when the exchange last answered a question about the account (steady clock); None before.
    `written_off` is of this run, oldest first.

    `equity` is None while it cannot be known, and `worked` False until the first cycle has ended. `share` is what the
    brake over all accounts needs, `portfolio` what it says.
    """

    plan: TradingPlan
    quote: str
    time: datetime
    equity: EquityState | None = None
    positions: Mapping[str, Position] = field(default_factory=lambda: MappingProxyType({}))
    prices: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    not_trading: tuple[NoTradeReason, ...] = ()
    resting: tuple[OrderRequest, ...] = ()
    budget_left: float = 1.0
    halts: Mapping[HaltName, Halt] = field(default_factory=lambda: MappingProxyType({}))
    protection: Mapping[str, ProtectionView] = field(default_factory=lambda: MappingProxyType({}))
    written_off: tuple[WrittenOff, ...] = ()
    foreign_orders: int = 0
    unread: int = 0
    refused_markets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    answered: float | None = None
    worked: bool = True
    share: PortfolioShare | None = None
    portfolio: PortfolioState | None = None
