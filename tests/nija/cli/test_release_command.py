"""`nija release` and `nija reload`, as they are typed."""

from __future__ import annotations

from contextlib import closing, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from accounts.identity import AccountId
from brokers.clock import SystemClock
from nija.cli.app import app
from nija.control.reload import AccountNote, ReloadReport
from nija.control.server import ControlServer
from nija.control.values import to_plain
from nija.control.wire import SOCKET_NAME
from nija.journal.opening import Journals
from nija.journal.records import HaltName
from nija.log.event_log import get_log
from nija.status.report import AccountStatus, PositionStatus, StatusReport
from nija.trader.commands import Command, CommandResult, CommandStatus
from tests.nija.journal.test_journal_stores import add, an_entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

MASTER = AccountId.parse("kraken:master")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def journals(folder: Path) -> Iterator[Journals]:
    with closing(Journals(folder / "data", SystemClock(), get_log("test"))) as opened:
        with closing(opened.open(MASTER)) as journal:
            add(journal, *an_entry())
        yield opened


def nija(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@contextmanager
def running(folder: Path, given: list[dict[str, object]], report: ReloadReport | None = None) -> Iterator[None]:
    """A daemon that holds one position of kraken:master; `given` gets the arguments of what it is told."""
    position = PositionStatus("BTC/USD", Decimal("0.001"), Decimal(95_000), Decimal(88_000), None, None, None)
    account = AccountStatus("kraken:master", "MASTER", "kraken", "TRADING", positions=(position,), is_known=True)
    status = StatusReport(1, "1.0", None, "live", (account,))

    def obey(arguments: dict[str, object]) -> dict[str, object]:
        given.append(arguments)
        return {"accounts": to_plain((CommandResult("kraken:master", CommandStatus.DONE),))}

    handlers = {
        "status": lambda _: status.to_json(),
        "reload": lambda _: (report or ReloadReport()).to_json(),
        Command.RELEASE_KEEPING_STOPS.value: obey,
    }
    server = ControlServer(folder / "data" / SOCKET_NAME, handlers)
    server.start()
    try:
        yield
    finally:
        server.stop()


def test_a_release_says_what_goes_and_what_becomes_of_its_stop(folder: Path) -> None:
    given: list[dict[str, object]] = []
    with running(folder, given):
        done = nija("release", "kraken:master", "--keep-stops", "--yes")
    assert done.exit_code == 0
    assert "BTC/USD: 0.00100000 BTC; its stop at $88000.00 stays at the exchange as the owner's order" in done.output
    assert "✅ kraken:master: its positions are being released to its owner" in done.output
    assert [one["account"] for one in given] == ["kraken:master"]


def test_without_a_terminal_a_release_needs_yes(journals: Journals) -> None:
    done = nija("release", "kraken:master")
    assert done.exit_code == 2
    assert "--yes" in done.output
    with closing(journals.read(MASTER)) as journal:
        assert journal.halts.all() == {}


def test_without_a_daemon_a_release_waits_in_the_journal(journals: Journals) -> None:
    done = nija("release", "kraken:master", "--yes")
    assert done.exit_code == 0
    assert "takes effect at its next start" in done.output
    with closing(journals.read(MASTER)) as journal:
        assert set(journal.halts.all()) == {HaltName.STOP_TRADING, HaltName.RELEASE}


def test_an_account_that_does_not_exist_is_not_released(journals: Journals) -> None:
    done = nija("release", "kraken:tania_gilbert", "--yes")
    assert done.exit_code == 2
    assert "NIJA has no account kraken:tania_gilbert" in done.output


def test_a_reload_says_what_changed_and_what_waits(folder: Path) -> None:
    report = ReloadReport(
        accounts=(AccountNote("kraken:master", "max_drawdown: from its next cycle on"),),
        restart=("NIJA_DATA_DIR takes effect at the next start",),
    )
    with running(folder, [], report):
        done = nija("reload")
    assert done.exit_code == 1
    assert "✅ kraken:master: max_drawdown: from its next cycle on" in done.output
    assert "⚠️  NIJA_DATA_DIR takes effect at the next start" in done.output


def test_a_refused_reload_says_why(folder: Path) -> None:
    with running(folder, [], ReloadReport(refused=("nija.toml: risk.max_drawdown: 7: expected less",))):
        done = nija("reload")
    assert done.exit_code == 2
    assert "   nija.toml: risk.max_drawdown: 7" in done.output


def test_a_reload_needs_a_running_nija() -> None:
    done = nija("reload")
    assert done.exit_code == 2
    assert "NIJA is not running" in done.output
