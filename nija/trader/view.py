"""What a trader shows of itself: one immutable value, replaced every cycle, for anyone to read without a lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from brokers.model import OrderRequest
    from nija.journal.positions import Position
    from nija.journal.records import Latch, LatchName
    from nija.risk.equity import EquityState
    from nija.trader.plan import TradingPlan


@dataclass(frozen=True, slots=True)
class Stillness:
    """Why nothing is opened in one market: the rule, what it saw, its limit, and a sentence."""

    rule: str
    text: str
    value: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class TraderView:
    """`prices` are the last ones by market; `stillness` is by market and empty for one that may be entered.

    `resting` are NIJA's own orders at the exchange.
    """

    plan: TradingPlan
    quote: str
    time: datetime
    equity: EquityState | None = None
    positions: Mapping[str, Position] = field(default_factory=lambda: MappingProxyType({}))
    prices: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    stillness: Mapping[str, Stillness] = field(default_factory=lambda: MappingProxyType({}))
    resting: tuple[OrderRequest, ...] = ()
    budget_left: float = 1.0
    latches: Mapping[LatchName, Latch] = field(default_factory=lambda: MappingProxyType({}))
