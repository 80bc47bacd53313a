"""How one account trades, as its trader needs it: settings turned into a strategy and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nija.market_data.snapshot import Want
from nija.risk.parameters import RiskLimits
from nija.strategy.registry import load_strategy

if TYPE_CHECKING:
    from accounts.settings import AccountSettings
    from brokers.model import Timeframe
    from nija.strategy.base import Strategy

SWITCHED_OFF = "switched off: no entries; its open position is still protected"


@dataclass(frozen=True, slots=True)
class TradingPlan:
    """`markets` may be entered; `poll_seconds` is how often prices are wanted; `max_candle_age` is in intervals.

    `is_switched_off`: nothing is entered, and what is open is looked after until it is closed.
    """

    strategy: Strategy
    strategy_name: str
    markets: tuple[str, ...]
    timeframe: Timeframe
    max_candle_age: float
    poll_seconds: float
    limits: RiskLimits
    protective_stops: Literal["exchange", "local"]
    is_switched_off: bool = False

    @property
    def quote(self) -> str:
        """The money this account counts in: that of its first market."""
        return self.markets[0].partition("/")[2]

    def want(self, market: str) -> Want:
        return Want(self.strategy, market, self.timeframe)


def trading_plan(settings: AccountSettings) -> TradingPlan:
    """Raises StrategyError."""
    parameters = settings.parameters
    table = parameters if isinstance(parameters, Mapping) else parameters.model_dump()
    risk = settings.risk
    return TradingPlan(
        strategy=load_strategy(settings.trading.strategy, table),
        strategy_name=settings.trading.strategy,
        markets=settings.trading.markets,
        timeframe=settings.trading.timeframe,
        max_candle_age=settings.trading.max_candle_age,
        poll_seconds=settings.trading.poll_seconds,
        limits=RiskLimits(
            risk_per_trade=risk.risk_per_trade,
            max_position=risk.max_position,
            max_exposure=risk.max_exposure,
            max_positions=risk.max_positions,
            max_daily_loss=risk.max_daily_loss,
            max_drawdown=risk.max_drawdown,
            min_balance=risk.min_balance,
            risk_multiplier=settings.risk_multiplier,
            disabled_markets=frozenset(settings.own.disabled_markets),
        ),
        protective_stops=risk.protective_stops,
        is_switched_off=not settings.enabled,
    )
