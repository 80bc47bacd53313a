from __future__ import annotations

from pathlib import Path

import pytest

from accounts.environment import (
    EnvironmentFault,
    LogFormat,
    LogLevel,
    ProcessSettings,
    RunMode,
    process_settings,
    unknown_variables,
)
from brokers.model import Exchange


def test_without_variables_every_default_of_the_design_holds(tmp_path: Path) -> None:
    settings = process_settings({}, tmp_path)
    assert settings == ProcessSettings(
        mode=RunMode.AUTO,
        data_dir=Path("data"),
        database_url=None,
        log_file=Path("nija.log"),
        log_level=LogLevel.INFO,
        log_format=LogFormat.TEXT,
        config=None,
        connect_delay=5.0,
        nonce_offset_max=5.0,
        addresses={Exchange.KRAKEN: "https://api.kraken.com", Exchange.COINBASE: "https://api.coinbase.com"},
        allow_withdrawal_keys=False,
    )


def test_every_variable_is_read(tmp_path: Path) -> None:
    environ = {
        "NIJA_MODE": "Paper",
        "NIJA_DATA_DIR": "/srv/nija",
        "NIJA_DATABASE_URL": "sqlite:////srv/journal.db",
        "NIJA_LOG_FILE": "/srv/nija.log",
        "NIJA_LOG_LEVEL": "debug",
        "NIJA_LOG_FORMAT": "json",
        "NIJA_CONFIG": "/srv/nija.toml",
        "NIJA_CONNECT_DELAY": "0.5",
        "NIJA_NONCE_OFFSET_MAX": "0",
        "NIJA_ALLOW_WITHDRAWAL_KEYS": "true",
        "KRAKEN_API_URL": "http://127.0.0.1:8080/",
        "COINBASE_API_URL": "https://localhost:8443",
    }
    assert process_settings(environ, tmp_path) == ProcessSettings(
        mode=RunMode.PAPER,
        data_dir=Path("/srv/nija"),
        database_url="sqlite:////srv/journal.db",
        log_file=Path("/srv/nija.log"),
        log_level=LogLevel.DEBUG,
        log_format=LogFormat.JSON,
        config=Path("/srv/nija.toml"),
        connect_delay=0.5,
        nonce_offset_max=0.0,
        addresses={Exchange.KRAKEN: "http://127.0.0.1:8080", Exchange.COINBASE: "https://localhost:8443"},
        allow_withdrawal_keys=True,
    )
    assert unknown_variables(environ) == ()


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    assert process_settings({"NIJA_MODE": "", "NIJA_CONNECT_DELAY": " "}, tmp_path) == ProcessSettings()


def test_a_nija_toml_in_the_working_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / "nija.toml").touch()
    assert process_settings({}, tmp_path).config == tmp_path / "nija.toml"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("NIJA_MODE", "turbo", "one of auto, demo, paper, live"),
        ("NIJA_LOG_LEVEL", "loud", "one of DEBUG, INFO, WARNING, ERROR"),
        ("NIJA_LOG_FORMAT", "xml", "one of text, json"),
        ("NIJA_CONNECT_DELAY", "-1", "a number of seconds from 0"),
        ("NIJA_CONNECT_DELAY", "nan", "a number of seconds from 0"),
        ("NIJA_NONCE_OFFSET_MAX", "five", "a number of seconds from 0"),
        ("NIJA_ALLOW_WITHDRAWAL_KEYS", "maybe", "true or false"),
        ("NIJA_WEB_PORT", "0", "a port number"),
        ("NIJA_WEB_TRUSTED_PROXIES", "heroku", "railway, render, or addresses"),
        ("NIJA_WEB_TRUSTED_PROXIES", "10.0.0.1/8", "railway, render, or addresses"),
        ("KRAKEN_API_URL", "api.kraken.com", "an address such as https://host"),
        ("COINBASE_API_URL", "ftp://host", "an address such as https://host"),
        ("COINBASE_API_URL", "http://[bad", "an address such as https://host"),
        ("KRAKEN_API_URL", "http://host:99999", "an address such as https://host"),
    ],
)
def test_a_bad_value_is_named_shown_and_answered_with_what_was_expected(name: str, value: str, expected: str) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        process_settings({name: value})
    (fault,) = caught.value.faults
    assert fault.startswith(f"{name} is {value!r}: expected ")
    assert expected in fault


def test_every_bad_value_is_reported_at_once() -> None:
    with pytest.raises(EnvironmentFault) as caught:
        process_settings({"NIJA_MODE": "x", "NIJA_LOG_FORMAT": "y"})
    assert len(caught.value.faults) == 2


def test_a_database_url_is_never_shown_for_it_may_hold_a_password() -> None:
    with pytest.raises(EnvironmentFault) as caught:
        process_settings({"NIJA_DATABASE_URL": "user:hidden@host"})
    assert "hidden" not in str(caught.value)
    assert "hidden" not in repr(process_settings({"NIJA_DATABASE_URL": "postgresql://user:hidden@host/db"}))


def test_an_address_with_a_password_in_it_is_refused_without_showing_it() -> None:
    with pytest.raises(EnvironmentFault) as caught:
        process_settings({"KRAKEN_API_URL": "https://user:hidden@host"})
    assert "hidden" not in str(caught.value)


def test_an_unknown_variable_is_answered_with_the_nearest_known_one() -> None:
    (warning,) = unknown_variables({"NIJA_LOGLEVEL": "x", "PATH": "/bin", "NIJA_MODE": "auto"})
    assert warning == "NIJA_LOGLEVEL is not a setting of NIJA and is ignored. Did you mean NIJA_LOG_LEVEL?"


HASH = "$argon2id$v=19$m=65536,t=3,p=4$MVP6r0pYNxcfTzM2rQVgEQ$Y1L7E6u+cszUX7KTVEs0xWKvejs0uZ7Rd58DxAEA9Pk"


def test_the_settings_of_the_page_are_read_and_its_secrets_kept() -> None:
    settings = process_settings(
        {
            "NIJA_WEB_PORT": "8150",
            "NIJA_WEB_PASSWORD_HASH": f"'{HASH}'",
            "NIJA_WEB_TRUSTED_PROXIES": "Railway, 10.0.0.0/8 127.0.0.1",
            "NIJA_METRICS_TOKEN": "0123456789abcdef",
        }
    )
    assert (settings.web_port, settings.web_password_hash) == (8150, HASH)
    assert settings.web_trusted_proxies == ("railway", "10.0.0.0/8", "127.0.0.1")
    assert settings.secrets == {HASH, "0123456789abcdef"}
    assert HASH not in repr(settings)
    assert "0123456789abcdef" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("NIJA_WEB_PASSWORD_HASH", "the password itself", "what `nija web password` prints"),
        ("NIJA_WEB_PASSWORD_HASH", HASH[:-60], "what `nija web password` prints"),
        ("NIJA_METRICS_TOKEN", "too short", "at least 16"),
    ],
)
def test_a_secret_of_the_page_that_is_not_one_is_refused_without_showing_it(
    name: str, value: str, expected: str
) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        process_settings({name: value})
    assert expected in str(caught.value)
    assert value not in str(caught.value)


def test_the_databases_password_is_a_secret_as_written_and_as_meant() -> None:
    assert process_settings({"NIJA_DATABASE_URL": "postgresql://u:p%40ssword@h/d"}).secrets == {
        "p%40ssword",
        "p@ssword",
    }
    assert process_settings({}).secrets == frozenset()
