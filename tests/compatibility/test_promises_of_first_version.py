"""What the first version (commit 38699a6) understood is understood still: commands, variables, settings, files.

The fixed lines of the log are held in tests/nija/log/test_fixed_lines.py, what the scripts print in
tests/nija/cli/test_guide_scripts.py.
"""

from __future__ import annotations

import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.accounts.made_up_keys import coinbase_name, coinbase_secret, kraken_pair
from tests.compatibility.first_version import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[2]
SETTINGS = FOLDER / "nija.toml"

COMMANDS = {
    "run": (),
    "status": ("--json", "--watch"),
    "doctor": ("account", "--exchange", "--json"),
    "setup": ("--exchange", "--owner", "--key-file", "--secret-file", "--remove", "--yes"),
    "stop-trading": ("account", "--all"),
    "flatten": ("account", "--all", "--yes"),
    "resume": ("account", "--all"),
    "simulate": (
        "--candles",
        "--speed",
        "--seed",
        "--start",
        "--kraken-port",
        "--coinbase-port",
        "--admin-port",
        "--money",
        "--env-file",
        "--limits",
        "--no-limits",
    ),
    "config check": (),
    "config show": (),
    "config example": (),
    "config reference": (),
}
VARIABLES = {
    "NIJA_MODE": "paper",
    "NIJA_DATA_DIR": "elsewhere",
    "NIJA_DATABASE_URL": "sqlite:///all.sqlite3",
    "NIJA_LOG_FILE": "other.log",
    "NIJA_LOG_LEVEL": "DEBUG",
    "NIJA_LOG_FORMAT": "json",
    "NIJA_CONFIG": str(SETTINGS),
    "NIJA_CONNECT_DELAY": "7",
    "NIJA_NONCE_OFFSET_MAX": "2",
    "NIJA_ALLOW_WITHDRAWAL_KEYS": "true",
    "NIJA_NOTIFY_URLS": "json://localhost",
    "NIJA_HEARTBEAT_URL": "https://localhost/check",
    "NIJA_DAILY_SUMMARY_HOUR": "6",
    "PORT": "8080",
    "KRAKEN_API_URL": "http://127.0.0.1:1",
    "COINBASE_API_URL": "https://127.0.0.1:2",
}
FILES = (
    "start.sh",
    "requirements.txt",
    "requirements-dev.txt",
    ".env.example",
    "nija.example.toml",
    "Dockerfile",
    "docker-compose.yml",
    "railway.json",
    "render.yaml",
    "docs/nija.service",
    "check_trading_status.py",
    "diagnose_master_kraken_issue.py",
    "setup_kraken_master.py",
    "test_kraken_connection_live.py",
)


@pytest.fixture
def nija(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command in an empty folder, and returns what it prints; it has to end well."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    module, _, name = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["nija"].partition(":")
    main = getattr(import_module(module), name)

    def run(*arguments: str, environ: Mapping[str, str] | None = None) -> str:
        for name, value in (environ or {}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["nija", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, None)
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there_with_all_its_options(nija: Callable[..., str], command: str) -> None:
    described = nija(*command.split(), "--help").lower()
    assert [option for option in COMMANDS[command] if option not in described] == []


def test_every_variable_still_sets_what_it_set(nija: Callable[..., str]) -> None:
    shown = _shown(nija("config", "show", environ=VARIABLES))
    assert {name for name in VARIABLES if shown[name][1] != "environment"} == set()


def test_every_key_of_nija_toml_still_sets_what_it_set(nija: Callable[..., str]) -> None:
    shown = _shown(nija("config", "show", environ={"NIJA_CONFIG": str(SETTINGS)}))
    written = _flat(tomllib.loads(SETTINGS.read_text(encoding="utf-8")))
    assert {key: _value(shown[key][0]) for key in written} == written
    assert {shown[key][1] for key in written} == {"nija.toml"}


@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_credentials_are_found_under_their_old_names(nija: Callable[..., str], tmp_path: Path, suffix: str) -> None:
    secrets = {
        **kraken_pair("KRAKEN_MASTER"),
        **kraken_pair("KRAKEN_USER_DAIVON_FRAZIER"),
        "COINBASE_API_KEY": coinbase_name("master"),
        "COINBASE_API_SECRET": coinbase_secret(),
        "COINBASE_USER_TANIA_GILBERT_API_KEY": coinbase_name("tania"),
        "COINBASE_USER_TANIA_GILBERT_API_SECRET": coinbase_secret(),
    }
    environ = {
        f"{name}{suffix}": _filed(tmp_path / name, value) if suffix else value for name, value in secrets.items()
    }
    said = nija("config", "check", environ=environ)
    for account in ("kraken:master", "kraken:daivon_frazier", "coinbase:master", "coinbase:tania_gilbert"):
        assert account in said


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_users_and_platforms_name_is_where_it_was(name: str) -> None:
    assert (ROOT / name).is_file()


def _shown(printed: str) -> dict[str, tuple[str, str]]:
    """By variable or key of `nija config show`: its value, and where it comes from."""
    lines = (line.split(maxsplit=1) for line in printed.splitlines())
    halves = {name: rest.rstrip().rsplit(maxsplit=1) for name, rest in lines}
    return {name: (value.rstrip(), source) for name, (value, source) in halves.items()}


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in table.items():
        name = prefix + (f'"{key}"' if ":" in key else key)
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return flat


def _value(text: str) -> object:
    return tomllib.loads(f"value = {text}")["value"]


def _filed(path: Path, value: str) -> str:
    path.write_text(value, encoding="utf-8")
    path.chmod(0o600)
    return str(path)
