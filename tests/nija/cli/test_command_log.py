"""Commands log to standard error, without secrets, and never to the daemon's log."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from nija.cli.app import app
from nija.cli.command_log import command_log
from nija.log.event_log import get_log
from tests.accounts.made_up_keys import kraken_pair

if TYPE_CHECKING:
    from pathlib import Path

PAIR = kraken_pair("KRAKEN_MASTER")
KEY, SECRET = PAIR.values()
HOOK = "https://example.invalid/?token=hunter2hunter2"
SAID = f"key {KEY} secret {SECRET}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NIJA_DATA_DIR", "NIJA_CONFIG", "NIJA_MODE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in PAIR.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_our_own_and_the_libraries_lines_lose_their_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    with command_log(PAIR):
        get_log("nija").error(SAID)
        logging.getLogger("krakenex").error(SAID)
    out, err = capsys.readouterr()
    assert out == ""
    ours, librarys = err.splitlines()
    assert "key [redacted] secret [redacted]" in ours
    assert "key [redacted] secret [redacted]" in librarys
    assert KEY not in err
    assert SECRET not in err


def test_it_does_so_too_where_the_rest_of_the_environment_cannot_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    with command_log({**PAIR, "NIJA_MODE": "real", "NIJA_NOTIFY_URLS": HOOK}):
        get_log("nija").error(SAID)
    assert "key [redacted] secret [redacted]" in capsys.readouterr().err


def test_a_command_that_goes_well_logs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with command_log(PAIR):
        get_log("nija").info("as usual")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "words",
    [
        ("stop-trading",),
        ("flatten", "--all", "--yes"),
        ("resume",),
        ("forget", "kraken:master", "--yes"),
        ("doctor",),
        ("status",),
        ("setup", "--remove", "kraken:master", "--yes"),
        ("simulate",),
    ],
)
def test_every_command_logs_through_it(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first step of each command is replaced: it logs the secrets, and then fails."""

    def careless(*_: object, **__: object) -> None:
        get_log("nija").error(SAID)
        raise OSError("nothing more is done")

    for reached in (
        "nija.cli.switch.opened_journals",
        "nija.cli.forget.opened_journals",
        "nija.cli.doctor.examine",
        "nija.cli.status_direct.direct_report",
        "nija.cli.setup._wizard",
        "nija.cli.simulate.serve",
    ):
        monkeypatch.setattr(reached, careless)
    done = CliRunner().invoke(app, list(words))
    assert "key [redacted] secret [redacted]" in done.stderr, done.output
    assert KEY not in done.output
    assert SECRET not in done.output


def test_the_answer_for_programs_stays_json(folder: Path) -> None:
    (folder / "data" / "journal").mkdir(parents=True)
    (folder / "data" / "journal" / "kraken-master.sqlite3").write_bytes(b"no database")
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert json.loads(done.stdout)["sections"]
    assert not (folder / "nija.log").exists()
