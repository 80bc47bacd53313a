"""The collaborators of one account's trader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId
    from accounts.manager import AccountManager
    from brokers.base import Broker
    from brokers.clock import Clock
    from nija.events import Events
    from nija.feed import Feed
    from nija.journal.journal import Journal
    from nija.orders.desk import OrderDesk
    from nija.risk.portfolio import PortfolioState
    from nija.trader.commands import CommandQueue
    from nija.trader.halts import HaltReporter
    from nija.trader.plan import TradingPlan


@dataclass(frozen=True, slots=True)
class TraderContext:
    """Only `feed` and `manager` are shared with other traders.

    `portfolio` returns the state of all accounts together; None if no limits are set for it.
    """

    account: AccountId
    plan: TradingPlan
    broker: Broker
    desk: OrderDesk
    journal: Journal
    feed: Feed
    manager: AccountManager
    clock: Clock
    log: FilteringBoundLogger
    events: Events
    halt_reporter: HaltReporter
    wake: threading.Event
    commands: CommandQueue
    portfolio: Callable[[], PortfolioState | None] = lambda: None
