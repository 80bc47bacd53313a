"""NIJA_CONFIG_TOML: the text of nija.toml in a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.environment import EnvironmentFault, process_settings
from accounts.identity import AccountId
from accounts.setting_faults import SettingsError
from accounts.settings import Settings, load_settings
from nija.strategy.registry import STRATEGY_TABLES

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
[risk]
max_positions = 2

[accounts."kraken:daivon_frazier"]
risk_multiplier = 0.5
"""
DAIVON = AccountId.parse("kraken:daivon_frazier")


def load(folder: Path, value: str) -> Settings:
    return load_settings(process_settings({"NIJA_CONFIG_TOML": value}, folder).config, STRATEGY_TABLES)


def fault(folder: Path, value: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, value)
    return str(caught.value)


def conflict(folder: Path, environ: dict[str, str]) -> str:
    with pytest.raises(EnvironmentFault) as caught:
        process_settings(environ, folder)
    (said,) = caught.value.faults
    return said


def test_it_means_what_the_same_text_in_a_file_means(tmp_path: Path) -> None:
    settings = load(tmp_path, TEXT)
    (tmp_path / "nija.toml").write_text(TEXT)
    assert settings == load_settings(tmp_path / "nija.toml", STRATEGY_TABLES)
    assert settings.for_account(DAIVON).risk.max_positions == 2


@pytest.mark.parametrize(
    "value",
    [TEXT.replace("\n", "\r\n"), TEXT.strip().replace("\n", "\\n"), TEXT.strip().replace("\n", "\\n") + "\n"],
    ids=["Windows line ends", "one line", "one line and a line end"],
)
def test_line_breaks_may_be_written_as_a_platform_allows(tmp_path: Path, value: str) -> None:
    assert load(tmp_path, value) == load(tmp_path, TEXT)


def test_a_backslash_in_a_text_of_several_lines_stays_as_it_is(tmp_path: Path) -> None:
    assert 'trading.strategy: "tr\nend"' in fault(tmp_path, '[trading]\nstrategy = "tr\\nend"')


@pytest.mark.parametrize("value", ["", "  ", "\n\n"])
def test_without_text_it_is_not_set(tmp_path: Path, value: str) -> None:
    (tmp_path / "nija.toml").touch()
    assert process_settings({"NIJA_CONFIG_TOML": value}, tmp_path).config == tmp_path / "nija.toml"


def test_a_mistake_in_the_writing_is_reported_with_the_variable_and_the_line(tmp_path: Path) -> None:
    said = fault(tmp_path, "\n\n[risk]\nmax_positions 2\n")
    assert said.startswith("NIJA_CONFIG_TOML: not valid TOML: ")
    assert "line 4" in said


def test_a_wrong_value_is_reported_with_the_variable_and_the_key(tmp_path: Path) -> None:
    assert fault(tmp_path, "[risk]\nmax_positions = -1").startswith(
        "NIJA_CONFIG_TOML: risk.max_positions: -1: expected"
    )


def test_a_warning_about_an_account_names_the_variable(tmp_path: Path) -> None:
    (warning,) = load(tmp_path, TEXT).warnings(())
    assert warning.startswith('NIJA_CONFIG_TOML: accounts."kraken:daivon_frazier": this account has no credentials.')


def test_together_with_a_path_it_is_refused(tmp_path: Path) -> None:
    said = conflict(tmp_path, {"NIJA_CONFIG_TOML": TEXT, "NIJA_CONFIG": "/srv/nija.toml"})
    assert said == "NIJA_CONFIG and NIJA_CONFIG_TOML are both set. Keep one of them, and unset the other."


def test_together_with_a_file_in_the_working_directory_it_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "nija.toml"
    file.touch()
    said = conflict(tmp_path, {"NIJA_CONFIG_TOML": TEXT})
    assert said == f"NIJA_CONFIG_TOML is set, and {file} exists too. Unset the variable, or delete the file."


def test_its_text_is_not_in_the_repr_of_the_settings(tmp_path: Path) -> None:
    assert "max_positions" not in repr(process_settings({"NIJA_CONFIG_TOML": TEXT}, tmp_path))
