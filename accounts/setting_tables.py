"""nija.toml: how an account trades. Every key has a default, a unit and a description; none is ever a secret."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf, field_validator, model_validator

from accounts.identity import AccountId  # noqa: TC001 - pydantic reads the annotations at runtime
from accounts.setting_values import (
    BUILT_IN_STRATEGIES,
    check_strategy_name,
    frozen_table,
    read_count,
    read_decimal,
    read_market,
    read_number,
    read_timeframe,
)
from brokers.model import Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping

# No key of a file can be called so: the tables of users' own classes are put here by the reader.
CUSTOM: Final = "package.module:Class"

Count = Annotated[int, BeforeValidator(read_count)]
Number = Annotated[float, BeforeValidator(read_number)]
Amount = Annotated[Decimal, BeforeValidator(read_decimal)]
Fraction = Annotated[Decimal, BeforeValidator(read_decimal), Field(gt=0, le=1)]
OptionalFraction = Annotated[Decimal | None, BeforeValidator(read_decimal), Field(gt=0, le=1)]
MarketName = Annotated[str, BeforeValidator(read_market)]
Interval = Annotated[Timeframe, BeforeValidator(read_timeframe)]


def _unit(unit: str) -> dict[str, Any]:
    return {"unit": unit}


class _Table(BaseModel):
    """Frozen and closed: an unknown key is an error, not a wish."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class TradingSettings(_Table):
    """[trading]: what is traded, and when a candle counts."""

    strategy: str = Field(
        default="trend", description="trend, ema_cross, or package.module:Class", json_schema_extra=_unit("name")
    )
    markets: tuple[MarketName, ...] = Field(
        default=("BTC/USD", "ETH/USD"), description="markets to trade", json_schema_extra=_unit("markets")
    )
    timeframe: Interval = Field(
        default=Timeframe.D1, description="length of a candle: 1m 5m 15m 30m 1h 4h 1d", json_schema_extra=_unit("time")
    )
    poll_seconds: Number = Field(
        default=30,
        ge=0.05,
        le=3600,
        description="how often the feed asks for a new candle where no socket tells",
        json_schema_extra=_unit("seconds"),
    )
    max_candle_age: Number = Field(
        default=2,
        ge=0,
        description="an older candle opens nothing; 0 = never stale",
        json_schema_extra=_unit("intervals"),
    )

    @field_validator("strategy")
    @classmethod
    def _known_strategy(cls, name: str) -> str:
        return check_strategy_name(name)

    @field_validator("markets", mode="before")
    @classmethod
    def _from_list(cls, markets: object) -> object:
        return tuple(markets) if isinstance(markets, list) else markets

    @field_validator("markets")
    @classmethod
    def _each_once(cls, markets: tuple[str, ...]) -> tuple[str, ...]:
        if not markets or len(set(markets)) != len(markets):
            raise ValueError("at least one market, and each of them once")
        return markets


class TrendParameters(_Table):
    """[strategy.trend]: the slow breakout."""

    entry: Count = Field(
        default=20,
        ge=2,
        le=500,
        description="buy above the highest high of so many; Kraken gives 720, Coinbase 700",
        json_schema_extra=_unit("candles"),
    )
    exit: Count = Field(
        default=10,
        ge=2,
        le=500,
        description="sell below the lowest low of so many; Kraken gives 720, Coinbase 700",
        json_schema_extra=_unit("candles"),
    )
    stop_atr: Number = Field(
        default=3.0,
        gt=0,
        le=100,
        description="distance of the first stop under the close",
        json_schema_extra=_unit("ATR(20)"),
    )
    trail_atr: Number = Field(
        default=1.0,
        ge=0,
        le=100,
        description="distance of the moving stop under the exit's low",
        json_schema_extra=_unit("ATR(20)"),
    )
    fee_gate: Number = Field(
        default=2.0,
        ge=0,
        le=100,
        description="skip an entry whose stop distance is under so many times its costs",
        json_schema_extra=_unit("times"),
    )


class EmaCrossParameters(_Table):
    """[strategy.ema_cross]: long while the fast average is above the slow one."""

    fast: Count = Field(
        default=20, ge=2, le=500, description="length of the fast average", json_schema_extra=_unit("candles")
    )
    slow: Count = Field(
        default=50, ge=3, le=500, description="length of the slow average", json_schema_extra=_unit("candles")
    )
    stop_atr: Number = Field(
        default=3.0,
        gt=0,
        le=100,
        description="distance of the stop under the close",
        json_schema_extra=_unit("ATR(20)"),
    )
    fee_gate: Number = Field(
        default=2.0,
        ge=0,
        le=100,
        description="skip an entry whose stop distance is under so many times its costs",
        json_schema_extra=_unit("times"),
    )

    @model_validator(mode="after")
    def _fast_is_faster(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError(f"fast ({self.fast}) below slow ({self.slow})")
        return self


class StrategyTables(_Table):
    """[strategy.*]: the parameters of every strategy; `custom` holds the tables of a user's own classes by name."""

    trend: TrendParameters = TrendParameters()
    ema_cross: EmaCrossParameters = EmaCrossParameters()
    custom: Any = Field(default_factory=lambda: MappingProxyType({}), alias=CUSTOM)

    @field_validator("custom")
    @classmethod
    def _frozen(cls, tables: Mapping[str, Mapping[str, object]]) -> Mapping[str, object]:
        return frozen_table(tables)


class RiskSettings(_Table):
    """[risk]: how much may be lost, and what is too little to trade."""

    risk_per_trade: Fraction = Field(
        default=Decimal("0.02"),
        description="lost if the first stop is hit",
        json_schema_extra=_unit("fraction of equity"),
    )
    max_position: Fraction = Field(
        default=Decimal("0.25"), description="most in one market", json_schema_extra=_unit("fraction of equity")
    )
    max_exposure: Fraction = Field(
        default=Decimal("0.50"),
        description="most in all markets together",
        json_schema_extra=_unit("fraction of equity"),
    )
    max_positions: Count = Field(
        default=4, ge=1, le=1000, description="most positions at once", json_schema_extra=_unit("positions")
    )
    max_daily_loss: Fraction = Field(
        default=Decimal("0.08"),
        description="no new entries after losing this within a UTC day",
        json_schema_extra=_unit("fraction of equity"),
    )
    max_drawdown: Fraction = Field(
        default=Decimal("0.35"),
        description="no new entries this far under the highest equity",
        json_schema_extra=_unit("fraction of equity"),
    )
    min_balance: Amount = Field(
        default=Decimal(25),
        ge=0,
        description="below it an account is UNDERFUNDED and does not trade",
        json_schema_extra=_unit("quote currency"),
    )
    protective_stops: Literal["exchange", "local"] = Field(
        default="exchange",
        description="where the stop of a position rests: exchange or local",
        json_schema_extra=_unit("place"),
    )


class PortfolioSettings(_Table):
    """[portfolio]: one brake over all accounts together."""

    max_daily_loss: OptionalFraction = Field(
        default=None,
        description="no account enters anything after all of them together have lost this within a UTC day",
        json_schema_extra=_unit("fraction of the equity of all") | {"example": "0.1"},
    )
    max_drawdown: OptionalFraction = Field(
        default=None,
        description="no account enters anything with all of them together this far under their highest equity",
        json_schema_extra=_unit("fraction of the equity of all") | {"example": "0.3"},
    )


class OwnSettings(_Table):
    """[accounts."kraken:name"]: what exists for a single account."""

    enabled: bool = Field(
        default=True,
        description="false: no entries, and left out once nothing is open",
        json_schema_extra=_unit("true or false"),
    )
    risk_multiplier: Amount = Field(
        default=Decimal(1),
        gt=0,
        le=10,
        description="factor on this account's position sizes",
        json_schema_extra=_unit("times"),
    )
    disabled_markets: tuple[MarketName, ...] = Field(
        default=(), description="markets that this account leaves out", json_schema_extra=_unit("markets")
    )
    kraken_tier: Literal["starter", "intermediate", "pro"] = Field(
        default="starter",
        description="verification level of this Kraken account; a higher one may ask more often",
        json_schema_extra=_unit("starter, intermediate or pro"),
    )

    @field_validator("disabled_markets", mode="before")
    @classmethod
    def _from_list(cls, markets: object) -> object:
        return tuple(markets) if isinstance(markets, list) else markets


class AccountSettings(_Table):
    """Everything that holds for one account, its overrides applied."""

    account: InstanceOf[AccountId]
    own: OwnSettings
    trading: TradingSettings
    strategy: StrategyTables
    risk: RiskSettings

    @property
    def enabled(self) -> bool:
        return self.own.enabled

    @property
    def risk_multiplier(self) -> Decimal:
        return self.own.risk_multiplier

    @property
    def markets(self) -> tuple[str, ...]:
        """The markets of [trading] without those disabled for this account."""
        return tuple(market for market in self.trading.markets if market not in self.own.disabled_markets)

    @property
    def parameters(self) -> Mapping[str, object]:
        """The table of the account's strategy, read-only; empty for a user's own class that has none."""
        if self.trading.strategy in BUILT_IN_STRATEGIES:
            table: BaseModel = getattr(self.strategy, self.trading.strategy)
            return MappingProxyType(table.model_dump())
        own: Mapping[str, object] = self.strategy.custom.get(self.trading.strategy, MappingProxyType({}))
        return own
