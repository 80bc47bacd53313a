"""An account's settings as from nija.toml, with a test's changes."""

from __future__ import annotations

from dataclasses import replace

from accounts.identity import AccountId
from accounts.setting_tables import AccountSettings, OwnSettings, RiskSettings, TradingSettings
from accounts.settings import load_settings
from nija.strategy.registry import STRATEGY_TABLES

MASTER = AccountId.parse("kraken:master")


def settings_of(**changes: object) -> AccountSettings:
    """`changes` by key, from any table of nija.toml. They are not validated."""
    plain = load_settings(None, STRATEGY_TABLES).for_account(MASTER)
    tables = (OwnSettings, TradingSettings, RiskSettings)
    own, trading, risk = (
        {key: value for key, value in changes.items() if key in table.model_fields} for table in tables
    )
    return replace(
        plain,
        own=plain.own.model_copy(update=own),
        trading=plain.trading.model_copy(update=trading),
        risk=plain.risk.model_copy(update=risk),
    )
