"""How one account trades: its settings, its strategy, the size of its entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.market_data.snapshot import Subscription
from nija.strategy.registry import load_strategy

if TYPE_CHECKING:
    from accounts.setting_tables import AccountSettings
    from brokers.model import Timeframe
    from nija.strategy.base import Strategy

SWITCHED_OFF = "switched off: no entries; its open position is still protected"


@dataclass(frozen=True, slots=True)
class TradingPlan:
    settings: AccountSettings
    strategy: Strategy

    @property
    def strategy_name(self) -> str:
        return self.settings.trading.strategy

    @property
    def markets(self) -> tuple[str, ...]:
        """The markets that may be entered."""
        return self.settings.trading.markets

    @property
    def timeframe(self) -> Timeframe:
        return self.settings.trading.timeframe

    @property
    def quote(self) -> str:
        """The currency this account counts in: the quote currency of its first market."""
        return self.markets[0].partition("/")[2]

    @property
    def is_switched_off(self) -> bool:
        """Whether nothing is entered, and open positions are managed until they are closed."""
        return not self.settings.enabled

    def subscription(self, market: str) -> Subscription:
        return Subscription(self.strategy, market, self.timeframe)


def trading_plan(settings: AccountSettings) -> TradingPlan:
    """Raises StrategyError."""
    return TradingPlan(settings, load_strategy(settings.trading.strategy, settings.parameters))
