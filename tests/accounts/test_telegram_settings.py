"""Settings for Telegram, and for the notifications of one account's owner: read, checked, and never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.environment import EnvironmentFault, process_settings, unknown_variables
from accounts.identity import AccountId
from accounts.setting_faults import SettingsError
from accounts.settings import Settings, load_settings
from nija.cli.config_sources import environment_rows, settings_rows
from nija.strategy.registry import STRATEGY_TABLES

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "123456789:" + "hidden-token" * 3
DAIVON = AccountId.parse("kraken:daivon_frazier")
OWN = """
[accounts."kraken:daivon_frazier"]
notify_urls = ["ntfy://hidden-topic", "mailto://daivon:hidden-word@example.org"]
telegram_chat = 4242
"""


def settings_of(folder: Path, text: str) -> Settings:
    file = folder / "nija.toml"
    file.write_text(text)
    return load_settings(file, STRATEGY_TABLES)


def fault_of(folder: Path, line: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings_of(folder, f'[accounts."kraken:daivon_frazier"]\n{line}\n')
    (fault,) = caught.value.faults
    return str(fault)


def test_telegram_is_off_unless_a_token_is_set() -> None:
    assert process_settings({}).telegram_token is None
    assert process_settings({"NIJA_TELEGRAM_TOKEN": f" {TOKEN} "}).telegram_token == TOKEN


@pytest.mark.parametrize("text", ["12 -100345", "12,-100345", " 12, -100345 ,", "12;-100345", "12 -100345 12"])
def test_chats_are_divided_by_spaces_or_commas_and_count_once(text: str) -> None:
    assert process_settings({"NIJA_TELEGRAM_CHATS": text}).telegram_chats == (12, -100345)


@pytest.mark.parametrize("text", ["@me", "0", "1.5", "12 x", "٧"])
def test_what_is_no_chat_id_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(EnvironmentFault, match=r"NIJA_TELEGRAM_CHATS.*: expected chat ids such as 123456789"):
        process_settings({"NIJA_TELEGRAM_CHATS": text})


@pytest.mark.parametrize("text", ["hidden", "123:hidden", "bot" + TOKEN, TOKEN + "/x"])
def test_what_is_no_token_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        process_settings({"NIJA_TELEGRAM_TOKEN": text})
    assert "NIJA_TELEGRAM_TOKEN: expected the token that @BotFather gave you" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_the_token_is_in_no_repr_and_the_log_hides_it() -> None:
    process = process_settings({"NIJA_TELEGRAM_TOKEN": TOKEN})
    assert "hidden" not in repr(process)
    assert {TOKEN, TOKEN.partition(":")[2]} <= process.secrets


def test_the_variables_of_telegram_are_known() -> None:
    names = ("NIJA_TELEGRAM_TOKEN", "NIJA_TELEGRAM_CHATS", "NIJA_TELEGRAM_API_URL")
    assert unknown_variables(dict.fromkeys(names, "x")) == ()


def test_an_account_has_notification_urls_and_a_chat_of_its_own(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, OWN)
    own = settings.for_account(DAIVON).own
    assert own.notify_urls == ("ntfy://hidden-topic", "mailto://daivon:hidden-word@example.org")
    assert own.telegram_chat == 4242
    assert settings.for_account(AccountId.parse("kraken:master")).own.notify_urls == ()


def test_the_urls_of_an_account_are_in_no_repr_and_the_log_hides_them(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, OWN)
    assert "hidden" not in repr(settings)
    assert {"ntfy://hidden-topic", "hidden-topic", "hidden-word"} <= settings.secrets
    assert Settings().secrets == frozenset()


@pytest.mark.parametrize(
    "line", ['notify_urls = ["hidden-token"]', 'notify_urls = "ntfy://hidden"', 'notify_urls = [["ntfy://hidden"]]']
)
def test_an_invalid_url_of_an_account_is_refused_without_showing_it(tmp_path: Path, line: str) -> None:
    fault = fault_of(tmp_path, line)
    assert 'accounts."kraken:daivon_frazier".notify_urls' in fault
    assert "expected" in fault
    assert "hidden" not in fault


def test_a_chat_that_is_no_number_is_shown_and_answered(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, 'telegram_chat = "@daivon"')
    assert '"@daivon": expected the id of a chat, a whole number without quotes' in fault


def test_config_show_says_that_secrets_are_set_without_showing_them(tmp_path: Path) -> None:
    (tmp_path / "nija.toml").write_text(OWN)
    values = {"NIJA_TELEGRAM_TOKEN": TOKEN, "NIJA_TELEGRAM_CHATS": "12 34", "NIJA_CONFIG": str(tmp_path / "nija.toml")}
    process = process_settings(values)
    rows = {row.name: row.value for row in (*environment_rows(process, values, values), *settings_rows(process))}
    assert rows["NIJA_TELEGRAM_TOKEN"] == "(set)"
    assert rows["NIJA_TELEGRAM_CHATS"] == "12 34"
    assert rows['accounts."kraken:daivon_frazier".notify_urls'] == "(set)"
    assert rows['accounts."kraken:daivon_frazier".telegram_chat'] == "4242"
