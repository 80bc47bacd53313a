"""nija.example.toml and `nija config` are generated from the settings, and agree with them."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from accounts.dotenv_file import load_environment
from accounts.environment import ProcessSettings, described_variables, process_settings
from accounts.identity import AccountId
from accounts.settings import load_settings
from brokers.exchanges import exchanges
from nija.cli.config_example import example_toml
from nija.cli.config_sources import Row, environment_rows, settings_rows
from nija.strategy.registry import STRATEGY_TABLES

ROOT = Path(__file__).parents[3]


def test_the_example_in_the_tree_is_the_generated_one() -> None:
    written = (ROOT / "nija.example.toml").read_text()
    assert written == example_toml(), "write it anew: .venv/bin/nija config example > nija.example.toml"


def test_the_unchanged_example_changes_nothing(tmp_path: Path) -> None:
    copied = tmp_path / "nija.toml"
    copied.write_text(example_toml())
    assert load_settings(copied, STRATEGY_TABLES) == load_settings(None, STRATEGY_TABLES)


def test_every_key_of_the_example_is_a_key_with_its_default(tmp_path: Path) -> None:
    uncommented = tmp_path / "nija.toml"
    uncommented.write_text(re.sub(r"^#(?=[a-z\[])", "", example_toml(), flags=re.MULTILINE))
    settings = load_settings(uncommented, STRATEGY_TABLES)
    default = load_settings(None, STRATEGY_TABLES)
    assert (settings.trading, settings.strategy, settings.risk) == (default.trading, default.strategy, default.risk)
    assert None not in settings.portfolio.model_dump().values()
    account = AccountId.parse("kraken:daivon_frazier")
    own = settings.for_account(account).own
    assert own.telegram_chat is not None
    assert own.model_copy(update={"telegram_chat": None}) == default.for_account(account).own
    assert len(settings.accounts) == 1


def rows(tmp_path: Path, real: dict[str, str], dotenv: str = "", toml: str | None = None) -> dict[str, Row]:
    (tmp_path / ".env").write_text(dotenv)
    if toml is not None:
        (tmp_path / "nija.toml").write_text(toml)
    values = load_environment(real, tmp_path / ".env").values
    process = process_settings(values, tmp_path)
    return {row.name: row for row in (*environment_rows(process, values, real), *settings_rows(process))}


def test_each_value_is_shown_with_where_it_comes_from(tmp_path: Path) -> None:
    toml = '[risk]\nmax_positions = 2\n[accounts."kraken:master"]\nrisk_multiplier = 0.5\n'
    found = rows(tmp_path, {"NIJA_MODE": "live"}, "NIJA_MODE=demo\nNIJA_LOG_LEVEL=DEBUG\n", toml)
    assert found["NIJA_MODE"] == Row("NIJA_MODE", "live", "environment")
    assert found["NIJA_LOG_LEVEL"] == Row("NIJA_LOG_LEVEL", "DEBUG", ".env")
    assert found["NIJA_LOG_FORMAT"].source == "default"
    assert found["risk.max_positions"] == Row("risk.max_positions", "2", "nija.toml")
    assert found["risk.min_balance"] == Row("risk.min_balance", "25", "default")
    assert found["portfolio.max_drawdown"] == Row("portfolio.max_drawdown", "-", "default")
    assert found['accounts."kraken:master".risk_multiplier'].value == "0.5"


def test_no_secret_is_shown(tmp_path: Path) -> None:
    secret = "hunter2/+abc"
    real = {"KRAKEN_MASTER_API_SECRET": secret, "NIJA_DATABASE_URL": f"postgresql://nija:{secret}@127.0.0.1/nija"}
    found = rows(tmp_path, real)
    assert not any(secret in row.value for row in found.values())
    assert found["KRAKEN_MASTER_API_SECRET"].value == "(set, 12 characters)"
    assert found["NIJA_DATABASE_URL"].value == "(set)"


def test_every_setting_of_the_process_is_shown_under_the_name_that_sets_it(tmp_path: Path) -> None:
    names = {row.name for row in environment_rows(ProcessSettings(), {}, {})}
    assert names == {variable.name for variable in described_variables()}
    others = [field for field in fields(ProcessSettings) if field.name not in ("addresses", "config", "candle_dir")]
    assert len(names) == len(others) + len(exchanges()) + len(("NIJA_CONFIG", "NIJA_CONFIG_TOML"))


def test_settings_from_a_variable_are_shown_with_its_name(tmp_path: Path) -> None:
    found = rows(tmp_path, {"NIJA_CONFIG_TOML": "[risk]\nmax_positions = 2\n"})
    assert found["risk.max_positions"] == Row("risk.max_positions", "2", "NIJA_CONFIG_TOML")
    assert found["risk.min_balance"].source == "default"
    assert found["NIJA_CONFIG_TOML"] == Row("NIJA_CONFIG_TOML", "(set, 25 characters)", "environment")
    assert found["NIJA_CONFIG"] == Row("NIJA_CONFIG", "-", "default")
