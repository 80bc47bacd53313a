"""The daemon's whole configuration, read and checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.credentials import Credentials, Discovery, discover
from accounts.dotenv_file import load_environment
from accounts.environment import ProcessSettings, RunMode, process_settings, unknown_variables
from accounts.settings import Settings, load_settings
from nija.journal.retention import KEPT_FOR_LONG, JournalRetention
from nija.strategy.registry import STRATEGY_TABLES
from nija.trader.plan import TradingPlan, trading_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.identity import AccountId

# Railway and Render set these.
_PLATFORMS = ("RAILWAY_ENVIRONMENT", "RAILWAY_PROJECT_ID", "RENDER")


class ConfigurationError(Exception):
    """NIJA cannot start with this configuration. The text says what to do."""


@dataclass(frozen=True, slots=True)
class AccountSetup:
    """What an account runs with."""

    credentials: Credentials
    plan: TradingPlan

    @property
    def account(self) -> AccountId:
        return self.credentials.account

    def connects_as(self, other: AccountSetup) -> bool:
        """Whether a connection made for one serves the other too."""
        mine, its = self.plan.settings.own.kraken_tier, other.plan.settings.own.kraken_tier
        return self.credentials.api_key == other.credentials.api_key and mine == its

    def switched_off(self) -> AccountSetup:
        """The same without new entries."""
        settings = self.plan.settings
        own = settings.own.model_copy(update={"enabled": False})
        return replace(self, plan=replace(self.plan, settings=replace(settings, own=own)))


@dataclass(frozen=True, slots=True)
class Configuration:
    """`mode` is never AUTO: that has been resolved. `warnings` are for the log.

    `overridden` are the variables of `.env` that the environment sets to something else. `home` is the data folder in
    which commands look for the daemon, even if the demo uses a folder inside it. `retention` is how long the journals
    keep old rows. `market_speed`: seconds of market time in one second; 1 but for the demo.
    """

    mode: RunMode
    process: ProcessSettings
    discovery: Discovery
    settings: Settings
    environ: Mapping[str, str] = field(repr=False)
    home: Path = field(default=Path("data"))
    warnings: tuple[str, ...] = ()
    retention: JournalRetention = KEPT_FOR_LONG
    overridden: tuple[str, ...] = ()
    market_speed: float = 1.0

    @property
    def is_redeployed(self) -> bool:
        """Whether NIJA runs on a platform that may start a new instance before it stops the old one."""
        return any(self.environ.get(name) for name in _PLATFORMS)

    @property
    def serves_web(self) -> bool:
        """Whether anything listens: health pages, the page, or the demo's page."""
        return self.mode is RunMode.DEMO or (self.process.port, self.process.web_port) != (None, None)

    def setups(self) -> Mapping[AccountId, AccountSetup]:
        """Of every account with credentials, the switched-off ones included. Raises StrategyError."""
        return {found.account: self.setup(found) for found in self.discovery.credentials}

    def traded(self) -> tuple[AccountSetup, ...]:
        """The enabled accounts. Raises StrategyError."""
        return tuple(
            self.setup(credentials)
            for credentials in self.discovery.credentials
            if self.settings.for_account(credentials.account).enabled
        )

    def switched_off(self) -> tuple[Credentials, ...]:
        return tuple(
            credentials
            for credentials in self.discovery.credentials
            if not self.settings.for_account(credentials.account).enabled
        )

    def setup(self, credentials: Credentials) -> AccountSetup:
        """Raises StrategyError."""
        return AccountSetup(credentials, trading_plan(self.settings.for_account(credentials.account)))


def read_configuration(environ: Mapping[str, str], directory: Path) -> Configuration:
    """Read `environ`, `directory`/.env and nija.toml. `environ` wins over .env.

    Raises DotenvError, EnvironmentFault, SettingsError or ConfigurationError; each text says how to fix it.
    """
    environment = load_environment(environ, directory / ".env")
    process = process_settings(environment.values, directory)
    settings = load_settings(process.config, STRATEGY_TABLES)
    discovery = discover(environment.values)
    mode = _resolved(process.mode, discovery)
    accounts = tuple(found.account for found in discovery.credentials)
    warnings = (
        *environment.warnings,
        *unknown_variables(environment.values),
        *(warning.message for warning in discovery.warnings),
        *(settings.warnings(accounts) if mode is not RunMode.DEMO else ()),
    )
    return Configuration(
        mode=mode,
        process=process,
        discovery=discovery,
        settings=settings,
        environ=MappingProxyType(dict(environment.values)),
        home=process.data_dir,
        warnings=warnings,
        overridden=tuple(
            name for name, value in environment.dotenv.items() if name in environ and environ[name] != value
        ),
    )


def with_fast_markets(settings: Settings, poll_seconds: float) -> Settings:
    """The same settings for markets whose time runs faster than the clock: no candle is too old, and polls are fast.

    A day has hundreds of market days, so its loss is no daily loss: that limit is off.
    """
    fast = {"poll_seconds": poll_seconds, "max_candle_age": 0.0}
    unlimited = {"max_daily_loss": Decimal(1)}
    accounts = {
        account: replace(own, trading=own.trading.model_copy(update=fast), risk=own.risk.model_copy(update=unlimited))
        for account, own in settings.accounts.items()
    }
    return replace(
        settings,
        trading=settings.trading.model_copy(update=fast),
        risk=settings.risk.model_copy(update=unlimited),
        accounts=MappingProxyType(accounts),
    )


def _resolved(mode: RunMode, discovery: Discovery) -> RunMode:
    if mode is RunMode.AUTO:
        return RunMode.DEMO if discovery.is_empty else RunMode.LIVE
    if mode is RunMode.LIVE and discovery.is_empty:
        raise ConfigurationError(
            "NIJA_MODE is live, but no credentials are set. Set KRAKEN_MASTER_API_KEY and KRAKEN_MASTER_API_SECRET "
            "(in .env or in your platform's variables), or unset NIJA_MODE to see the demo."
        )
    return mode
