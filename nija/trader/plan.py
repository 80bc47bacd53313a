"""How one account trades: its settings, and the strategy made from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.market_data.snapshot import Want
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
        """Those that may be entered."""
        return self.settings.trading.markets

    @property
    def timeframe(self) -> Timeframe:
        return self.settings.trading.timeframe

    @property
    def quote(self) -> str:
        """The money this account counts in: that of its first market."""
        return self.markets[0].partition("/")[2]

    @property
    def is_switched_off(self) -> bool:
        """Nothing is entered, and what is open is looked after until it is closed."""
        return not self.settings.enabled

    def want(self, market: str) -> Want:
        return Want(self.strategy, market, self.timeframe)


def trading_plan(settings: AccountSettings) -> TradingPlan:
    """Raises StrategyError."""
    return TradingPlan(settings, load_strategy(settings.trading.strategy, settings.parameters))
