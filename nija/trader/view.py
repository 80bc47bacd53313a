"""A trader's published state: one immutable value, replaced every cycle, readable without a lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003  read at run time by the status report
from decimal import Decimal  # noqa: TC003  as above
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.model import Fees, OrderRequest
    from nija.journal.positions import Position
    from nija.journal.records import Halt, HaltName, WriteOff
    from nija.orders.state import Protection
    from nija.risk.no_trade import NoTradeReason
    from nija.risk.portfolio import PortfolioState
    from nija.risk.returns import EquityState
    from nija.trader.halts import PortfolioShare
    from nija.trader.plan import TradingPlan


@dataclass(frozen=True, slots=True)
class Steps:
    """The smallest steps of a market's prices (quote) and amounts (base), which give its decimals; None: unknown."""

    price: Decimal | None = None
    amount: Decimal | None = None


UNKNOWN_STEPS = Steps()


@dataclass(frozen=True, slots=True)
class ProtectionView:
    """How a position is protected; times in seconds of this run.

    `covered`: a stop rests on the exchange or, if so configured, the price is watched here. `bare_seconds`: how long it
    has been bare now; `bare_total` and `longest`: in all, and at a stretch. `doubt` says why it is not certain whose
    coins these are, `trouble` what is wrong with the stop; both are empty if nothing is.
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
        """From the desk's report."""
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
    """`amount` (base) left a position without a sale by NIJA and was written off."""

    market: str
    amount: Decimal
    reason: str
    time: datetime

    @classmethod
    def of(cls, market: str, loss: WriteOff) -> WrittenOff:
        return cls(market, loss.amount, loss.reason, loss.time)


@dataclass(frozen=True, slots=True)
class TraderView:
    """`prices` are the last ones by market; `not_trading` says for each market why nothing was opened in it.

    `resting` are NIJA's own orders at the exchange; `foreign_orders` counts the owner's, `unread` the unreadable rows
    of the exchange's answers. `refused_markets` gives the refusal and its remedy by market. `answered`: when balances
    were last read (steady clock); None before. `written_off`: this run, oldest first.

    `equity` is None while it is unknown, and `worked` False until the first cycle has ended. `share` is this account's
    part in the limits of the portfolio, `portfolio` their state. `steps` are those of the markets that may be entered
    and of those with a position. `fees` are the account's, once they were read.
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
    steps: Mapping[str, Steps] = field(default_factory=lambda: MappingProxyType({}))
    fees: Fees | None = None
