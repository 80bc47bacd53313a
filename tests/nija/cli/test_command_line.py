"""The command line: its help, its answers to mistyped names, and what it loads before it answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from nija.cli.app import app, main
from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME
from nija.status.report import AccountStatus, StatusReport
from nija.version import nija_version
from tests.accounts.made_up_keys import kraken_pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.testing import Result

ROOT = Path(__file__).parents[3]
COMMANDS = (
    *("run", "status", "doctor", "setup", "stop-trading", "flatten", "resume", "forget", "config", "simulate"),
    "help",
)
REPORT = StatusReport(1, "1.0", None, "live", (AccountStatus("kraken:master", "MASTER", "kraken", "TRADING"),))

_PAUSED = AccountStatus("kraken:tania_gilbert", "USER tania_gilbert", "kraken", "PAUSED")
USER_PAUSED = replace(REPORT, accounts=(*REPORT.accounts, _PAUSED))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NIJA_DATA_DIR", "NIJA_CONFIG", "NIJA_MODE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def nija(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), prog_name="nija")


@contextmanager
def answering_daemon(folder: Path, report: StatusReport = REPORT) -> Iterator[None]:
    (folder / "data").mkdir()
    server = ControlServer(folder / "data" / SOCKET_NAME, {"status": lambda _: report.to_json()})
    server.start()
    try:
        yield
    finally:
        server.stop()


def in_a_new_process(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command, and prints the loaded modules on the last line."""
    probe = (
        "import sys\n"
        f"sys.argv = ['nija', *{arguments!r}]\n"
        "from nija.cli.app import main\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code\n"
        "print('\\n' + ' '.join(sorted({name.partition('.')[0] for name in sys.modules})))\n"
        "sys.exit(code)\n"
    )
    return subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", probe],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_help_lists_every_command(flag: str) -> None:
    done = nija(flag)
    assert done.exit_code == 0
    for command in COMMANDS:
        assert f" {command} " in done.output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_in_three_ways(command: str) -> None:
    short, long, asked = nija(command, "-h"), nija(command, "--help"), nija("help", command)
    assert (short.exit_code, short.output) == (0, long.output)
    assert (asked.exit_code, asked.output) == (0, long.output)
    assert f"nija {command}" in long.output


def test_help_alone_is_the_help_of_nija_and_of_two_words_that_of_a_command_in_a_group() -> None:
    assert nija("help").output == nija("--help").output
    assert nija("help", "config", "check").output == nija("config", "check", "--help").output


def test_the_version_is_one_line() -> None:
    done = nija("--version")
    assert (done.exit_code, done.output) == (0, f"nija {nija_version()}\n")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (("statsu",), "Did you mean 'status'?"),
        (("help", "stop-tradng"), "Did you mean 'stop-trading'?"),
        (("config", "chek"), "Did you mean 'check'?"),
        (("status", "--jsn"), "(Possible options: --json)"),
        (("setup", "--remov"), "(Possible options: --remove)"),
        (("doctor", "--exchang", "kraken"), "(Possible options: --exchange)"),
    ],
)
def test_a_mistyped_command_or_flag_names_the_nearest_right_one(typed: tuple[str, ...], answer: str) -> None:
    done = nija(*typed)
    assert done.exit_code == 2
    assert answer in done.output


@pytest.mark.parametrize("command", ["stop-trading", "flatten", "resume", "forget", "doctor"])
def test_a_mistyped_account_names_the_nearest_right_one(folder: Path, command: str) -> None:
    pair = kraken_pair("KRAKEN_USER_TANIA_GILBERT")
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in pair.items()))
    nija("stop-trading")
    done = nija(command, "kraken:tania_gilbrt", *(("--yes",) if command in ("flatten", "forget") else ()))
    assert done.exit_code == 2
    assert "Did you mean kraken:tania_gilbert?" in done.output


def test_an_unknown_exchange_is_answered_with_the_known_ones() -> None:
    done = nija("doctor", "--exchange", "krakn")
    assert done.exit_code == 2
    assert "kraken" in done.output
    assert "coinbase" in done.output


def test_status_loads_nothing_heavy_before_a_daemon_answers(folder: Path) -> None:
    with answering_daemon(folder):
        done = in_a_new_process(folder, "status", "--json")
    answer, *_, modules = done.stdout.splitlines()
    assert json.loads(answer)["exit_code"] == done.returncode == 0
    heavy = {"pydantic", "numpy", "pandas", "requests", "sqlalchemy", "talib", "structlog", "cryptography"}
    assert heavy.isdisjoint(modules.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("statsu",)])
def test_the_command_line_itself_loads_no_command(folder: Path, arguments: tuple[str, ...]) -> None:
    done = in_a_new_process(folder, *arguments)
    assert {"numpy", "sqlalchemy", "structlog", "cryptography"}.isdisjoint(done.stdout.splitlines()[-1].split())


def test_the_arguments_after_nija_choose_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["nija", "status", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0


class TestTheStatusOfOneAccount:
    def run(self, monkeypatch: pytest.MonkeyPatch, *words: str) -> object:
        monkeypatch.setattr(sys, "argv", ["nija", "status", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code

    def test_it_shows_that_account_and_has_its_exit_code(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with answering_daemon(folder, USER_PAUSED):
            assert self.run(monkeypatch, "--json", "kraken:tania_gilbert") == 2
            (mine,) = json.loads(capsys.readouterr().out)["accounts"]
            assert mine["id"] == "kraken:tania_gilbert"
            assert self.run(monkeypatch, "kraken:master") == 0
            assert "tania_gilbert" not in capsys.readouterr().out

    def test_an_unknown_one_names_the_nearest(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with answering_daemon(folder, USER_PAUSED):
            assert self.run(monkeypatch, "kraken:tania_gilbrt") == 2
        error = capsys.readouterr().err
        assert error == (
            "❌ NIJA has no account kraken:tania_gilbrt; it has: kraken:master, kraken:tania_gilbert."
            " Did you mean kraken:tania_gilbert?\n"
        )
