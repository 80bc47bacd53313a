"""nija.toml: how an account trades. Every key has a default, a unit and a description.

The only secrets are the `notify_urls` of an account: their field has no repr, and no fault shows their value.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, create_model, field_validator

from accounts.setting_values import (
    check_strategy_name,
    frozen_table,
    read_chat,
    read_count,
    read_decimal,
    read_market,
    read_notify_url,
    read_number,
    read_timeframe,
)
from brokers.model import Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.identity import AccountId

# The key of the validation context that holds the built-in strategies' names.
STRATEGIES: Final = "strategies"
# Not a possible key in a file: the reader puts the tables of users' own strategy classes here.
CUSTOM: Final = "package.module:Class"

Count = Annotated[int, BeforeValidator(read_count)]
Number = Annotated[float, BeforeValidator(read_number)]
Amount = Annotated[Decimal, BeforeValidator(read_decimal)]
Fraction = Annotated[Decimal, BeforeValidator(read_decimal), Field(gt=0, le=1)]
OptionalFraction = Annotated[Decimal | None, BeforeValidator(read_decimal), Field(gt=0, le=1)]
MarketName = Annotated[str, BeforeValidator(read_market)]
Interval = Annotated[Timeframe, BeforeValidator(read_timeframe)]
NotifyUrl = Annotated[str, BeforeValidator(read_notify_url)]
ChatId = Annotated[int, BeforeValidator(read_chat)]


def unit_of(unit: str) -> dict[str, Any]:
    return {"unit": unit}


class SettingsTable(BaseModel):
    """Frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class TradingSettings(SettingsTable):
    """[trading]: what to trade, and on which candles."""

    strategy: str = Field(
        default="trend",
        description="one of the strategies below, or package.module:Class",
        json_schema_extra=unit_of("name"),
    )
    markets: tuple[MarketName, ...] = Field(
        default=("BTC/USD", "ETH/USD"), description="markets to trade", json_schema_extra=unit_of("markets")
    )
    timeframe: Interval = Field(
        default=Timeframe.D1,
        description="length of a candle: 1m 5m 15m 30m 1h 4h 1d",
        json_schema_extra=unit_of("time"),
    )
    poll_seconds: Number = Field(
        default=30,
        ge=0.05,
        le=3600,
        description="how often the feed asks for a new candle",
        json_schema_extra=unit_of("seconds"),
    )
    max_candle_age: Number = Field(
        default=2,
        ge=0,
        description="an older candle opens no position; 0 = never too old",
        json_schema_extra=unit_of("intervals"),
    )

    @field_validator("strategy")
    @classmethod
    def _known_strategy(cls, name: str, info: ValidationInfo) -> str:
        # Only the reader of a file passes the names of the built-in strategies.
        return name if info.context is None else check_strategy_name(name, info.context[STRATEGIES])

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


class StrategyTables(SettingsTable):
    """[strategy.*]: the parameters of each strategy; `custom` holds the tables of a user's own classes by name."""

    custom: Any = Field(default_factory=lambda: MappingProxyType({}), alias=CUSTOM)

    @field_validator("custom")
    @classmethod
    def _frozen(cls, tables: Mapping[str, Mapping[str, object]]) -> Mapping[str, object]:
        return frozen_table(tables)

    @classmethod
    def built_in(cls) -> tuple[str, ...]:
        """The names of the strategies that have a table of their own."""
        return tuple(name for name in cls.model_fields if name != "custom")

    def parameters(self, strategy: str) -> Mapping[str, object]:
        """The table of a strategy, read-only; empty for a user's own class that has none."""
        if strategy in self.built_in():
            return MappingProxyType(getattr(self, strategy).model_dump())
        own: Mapping[str, object] = self.custom.get(strategy, MappingProxyType({}))
        return own


def strategy_tables(tables: Mapping[str, type[SettingsTable]]) -> type[StrategyTables]:
    """[strategy.*] with a table for each of these strategies. Every key of a table has a default."""
    keys: dict[str, Any] = {name: (table, table()) for name, table in tables.items()}
    return create_model("StrategyTables", __base__=StrategyTables, **keys)


class RiskSettings(SettingsTable):
    """[risk]: position sizes, loss limits, and the smallest balance that trades."""

    risk_per_trade: Fraction = Field(
        default=Decimal("0.02"),
        description="loss if the first stop is hit",
        json_schema_extra=unit_of("fraction of equity"),
    )
    max_position: Fraction = Field(
        default=Decimal("0.25"),
        description="maximum in one market; trend_ensemble: its share, unless this is set",
        json_schema_extra=unit_of("fraction of equity"),
    )
    max_exposure: Fraction = Field(
        default=Decimal("0.50"),
        description="maximum in all markets together; trend_ensemble: all, unless this is set",
        json_schema_extra=unit_of("fraction of equity"),
    )
    max_positions: Count = Field(
        default=4,
        ge=1,
        le=1000,
        description="maximum number of open positions; trend_ensemble: any number, unless this is set",
        json_schema_extra=unit_of("positions"),
    )
    max_daily_loss: Fraction = Field(
        default=Decimal("0.08"),
        description="no new entries after a loss of this within a UTC day",
        json_schema_extra=unit_of("fraction of equity"),
    )
    max_drawdown: Fraction = Field(
        default=Decimal("0.35"),
        description="no new entries once equity is this far below its peak",
        json_schema_extra=unit_of("fraction of equity"),
    )
    min_balance: Amount = Field(
        default=Decimal(25),
        ge=0,
        description="an account with less is UNDERFUNDED and does not trade",
        json_schema_extra=unit_of("quote currency"),
    )
    protective_stops: Literal["exchange", "local"] = Field(
        default="exchange",
        description="where a position's stop rests: exchange or local",
        json_schema_extra=unit_of("place"),
    )


class PortfolioSettings(SettingsTable):
    """[portfolio]: loss limits over all accounts together."""

    max_daily_loss: OptionalFraction = Field(
        default=None,
        description="no new entries in any account after all of them together have lost this within a UTC day",
        json_schema_extra=unit_of("fraction of the equity of all") | {"example": "0.1"},
    )
    max_drawdown: OptionalFraction = Field(
        default=None,
        description="no new entries in any account once all of them together are this far below their peak",
        json_schema_extra=unit_of("fraction of the equity of all") | {"example": "0.3"},
    )


class OwnSettings(SettingsTable):
    """[accounts."kraken:name"]: settings of a single account."""

    enabled: bool = Field(
        default=True,
        description="false: no new entries, and NIJA stops managing the account once nothing is open",
        json_schema_extra=unit_of("true or false"),
    )
    risk_multiplier: Amount = Field(
        default=Decimal(1),
        gt=0,
        le=10,
        description="multiplies this account's position sizes",
        json_schema_extra=unit_of("times"),
    )
    disabled_markets: tuple[MarketName, ...] = Field(
        default=(), description="markets that this account does not trade", json_schema_extra=unit_of("markets")
    )
    kraken_tier: Literal["starter", "intermediate", "pro"] = Field(
        default="starter",
        description="verification level of this Kraken account; higher levels have higher rate limits",
        json_schema_extra=unit_of("starter, intermediate or pro"),
    )
    notify_urls: tuple[NotifyUrl, ...] = Field(
        default=(),
        description="where this account's owner gets the notifications of this account alone; secret",
        json_schema_extra=unit_of("apprise URLs"),
        repr=False,
    )
    telegram_chat: ChatId | None = Field(
        default=None,
        description="chat of this account's owner, which sees this account alone and cannot act",
        json_schema_extra=unit_of("id of a Telegram chat") | {"example": "123456789"},
    )

    @field_validator("disabled_markets", "notify_urls", mode="before")
    @classmethod
    def _from_list(cls, values: object) -> object:
        return tuple(values) if isinstance(values, list) else values


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """All settings of one account, with its overrides applied."""

    account: AccountId
    own: OwnSettings
    trading: TradingSettings
    strategy: StrategyTables
    risk: RiskSettings

    @property
    def enabled(self) -> bool:
        return self.own.enabled

    @property
    def markets(self) -> tuple[str, ...]:
        """The markets of [trading] without those disabled for this account."""
        return tuple(market for market in self.trading.markets if market not in self.own.disabled_markets)

    @property
    def parameters(self) -> Mapping[str, object]:
        """The parameters of the account's strategy, read-only."""
        return self.strategy.parameters(self.trading.strategy)
