"""Settings with other values, as the options of nija backtest give them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.identity import AccountId
from accounts.setting_faults import SettingsError
from accounts.settings import Settings, with_overrides
from nija.strategy.registry import STRATEGY_TABLES

MASTER = AccountId.parse("kraken:master")
DEFAULT = Settings(strategy=STRATEGY_TABLES()).for_account(MASTER)


def test_an_override_changes_its_key_alone() -> None:
    changed = with_overrides(DEFAULT, {"entry": 30, "max_positions": 2}, STRATEGY_TABLES, "options")
    assert changed.parameters["entry"] == 30
    assert changed.parameters["exit"] == DEFAULT.parameters["exit"]
    assert changed.risk.max_positions == 2
    assert changed.trading == DEFAULT.trading


def test_a_key_that_nobody_has_set_stays_unset() -> None:
    """Caps of [risk] that nobody has set do not apply to weights."""
    changed = with_overrides(DEFAULT, {"strategy": "trend_ensemble"}, STRATEGY_TABLES, "options")
    assert not changed.risk.model_fields_set
    assert changed.trading.model_fields_set == {"strategy"}


def test_a_key_that_was_set_before_stays_set() -> None:
    first = with_overrides(DEFAULT, {"max_position": Decimal("0.25")}, STRATEGY_TABLES, "options")
    second = with_overrides(first, {"strategy": "trend_ensemble"}, STRATEGY_TABLES, "options")
    assert second.risk.model_fields_set == {"max_position"}


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(SettingsError, match=r"entri.*entry"):
        with_overrides(DEFAULT, {"entri": 30}, STRATEGY_TABLES, "options")
