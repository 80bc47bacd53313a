"""The commands, as users type them."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from accounts.identity import AccountId
from brokers.clock import SystemClock
from nija.cli.app import app
from nija.control.commands import command_handlers
from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME
from nija.journal.opening import Journals
from nija.journal.records import HaltName
from nija.log.event_log import get_log
from nija.status.report import AccountStatus, StatusReport
from nija.trader.commands import CommandQueue
from tests.nija.control.ending_daemon import ending_daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.testing import Result

    from nija.journal.journal import Journal

ROOT = Path(__file__).parents[3]
MASTER = AccountId.parse("kraken:master")
TANIA = AccountId.parse("kraken:tania_gilbert")
REPORT = StatusReport(1, "1.0", None, "live", (AccountStatus("kraken:master", "MASTER", "kraken", "TRADING"),))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NIJA_DATA_DIR", "NIJA_CONFIG", "NIJA_MODE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def journals(folder: Path) -> Iterator[Journals]:
    with closing(Journals(folder / "data", SystemClock(), get_log("test"))) as opened:
        for account in (MASTER, TANIA):
            opened.open(account).close()
        yield opened


def nija(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def halts(journals: Journals, account: AccountId) -> set[HaltName]:
    with closing(journals.read(account)) as journal:
        return set(journal.halts.all())


def test_stop_trading_without_a_daemon_is_kept_for_its_next_start(journals: Journals) -> None:
    done = nija("stop-trading")
    assert done.exit_code == 0
    assert "✅ kraken:master: trading is stopped" in done.output
    assert "✅ kraken:tania_gilbert: trading is stopped" in done.output
    assert "NIJA is not running" in done.output
    assert halts(journals, TANIA) == {HaltName.STOP_TRADING}


def test_resume_of_one_account_leaves_the_other_stopped(journals: Journals) -> None:
    nija("stop-trading", "--all")
    assert "✅ kraken:master: trades again" in nija("resume", "kraken:master").output
    assert halts(journals, MASTER) == set()
    assert halts(journals, TANIA) == {HaltName.STOP_TRADING}
    assert "was not stopped" in nija("resume", "kraken:master").output


def test_flatten_asks_first_and_without_a_terminal_needs_yes(journals: Journals) -> None:
    done = nija("flatten", "kraken:master")
    assert done.exit_code == 2
    assert "--yes" in done.output
    assert halts(journals, MASTER) == set()
    assert nija("flatten", "kraken:master", "--yes").exit_code == 0
    assert halts(journals, MASTER) == {HaltName.FLATTEN, HaltName.STOP_TRADING}


def test_flatten_of_one_market_stops_nothing(journals: Journals) -> None:
    done = nija("flatten", "kraken:master", "--market", "btc/usd", "--yes")
    assert done.exit_code == 0
    assert "✅ kraken:master: NIJA holds nothing in BTC/USD, or is already selling it" in done.output
    assert halts(journals, MASTER) == set()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("flatten", "--yes"), "name an account"),
        (("flatten", "kraken:master", "--all", "--yes"), "not both"),
        (("stop-trading", "kraken:nobody"), "it has: kraken:master, kraken:tania_gilbert"),
        (("resume", "binance"), "kraken:NAME"),
    ],
)
def test_an_account_that_is_not_meant_clearly_switches_nothing(
    journals: Journals, arguments: tuple[str, ...], text: str
) -> None:
    done = nija(*arguments)
    assert done.exit_code == 2
    assert text in done.output
    assert halts(journals, MASTER) == set()


@contextmanager
def daemon(folder: Path, *queues: CommandQueue) -> Iterator[None]:
    by_account = dict(zip((MASTER, TANIA), queues, strict=False))
    handlers = command_handlers(lambda: by_account, receipt_seconds=0.05)
    server = ControlServer(folder / "data" / SOCKET_NAME, handlers)
    server.start()
    try:
        yield
    finally:
        server.stop()


def prompt(journal: Journal) -> CommandQueue:
    queue = CommandQueue(journal.account, SystemClock(), get_log("test"), lambda: queue.execute(journal))
    return queue


def busy(account: AccountId) -> CommandQueue:
    return CommandQueue(account, SystemClock(), get_log("test"), lambda: None)


def test_a_running_daemon_is_asked_and_obeys_for_its_accounts(journals: Journals, folder: Path) -> None:
    with closing(journals.open(MASTER)) as journal, daemon(folder, prompt(journal)):
        done = nija("stop-trading", "--all")
    assert done.exit_code == 0
    assert "✅ kraken:master: trading is stopped" in done.output
    assert "not running" not in done.output
    assert halts(journals, MASTER) == {HaltName.STOP_TRADING}
    assert halts(journals, TANIA) == set()


def test_a_busy_account_is_distinguished_from_one_that_has_obeyed(journals: Journals, folder: Path) -> None:
    with closing(journals.open(MASTER)) as journal, daemon(folder, prompt(journal), busy(TANIA)):
        done = nija("stop-trading")
    assert done.exit_code == 0
    assert "✅ kraken:master: trading is stopped" in done.output
    assert "⏳ kraken:tania_gilbert: queued" in done.output


def test_one_journal_that_cannot_be_written_fails_alone_and_sets_the_exit_code(journals: Journals) -> None:
    journals.path(MASTER).unlink()
    journals.path(MASTER).mkdir()
    done = nija("stop-trading")
    assert done.exit_code == 2
    assert "❌ kraken:master: nothing was done: " in done.output
    assert "✅ kraken:tania_gilbert: trading is stopped" in done.output
    assert halts(journals, TANIA) == {HaltName.STOP_TRADING}


def test_a_stray_file_among_the_journals_is_not_an_account(journals: Journals, folder: Path) -> None:
    (journals.folder / "my-notes.sqlite3").touch()
    assert nija("stop-trading").exit_code == 0


def test_in_paper_mode_the_paper_accounts_are_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIJA_MODE", "paper")
    assert nija("stop-trading").exit_code == 0
    with closing(Journals(folder / "data" / "paper", SystemClock(), get_log("test"))) as on_paper:
        assert halts(on_paper, MASTER) == {HaltName.STOP_TRADING}
    assert not (folder / "data" / "journal").exists()


def test_a_daemon_that_does_not_answer_is_stopped_through_the_journals(journals: Journals, folder: Path) -> None:
    with ending_daemon(folder / "data"):
        done = nija("stop-trading")
    assert done.exit_code == 0
    assert "kraken:master: trading is stopped" in done.output
    assert halts(journals, MASTER) == {HaltName.STOP_TRADING}


def test_a_database_that_cannot_be_used_is_one_line_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIJA_DATABASE_URL", "postgresql+nodriver://nija:hunter2@127.0.0.1:1/nija")
    done = nija("stop-trading")
    assert done.exit_code == 2
    assert "check NIJA_DATABASE_URL" in done.output
    assert "hunter2" not in done.output


def test_status_asks_the_daemon_and_sets_the_exit_code(folder: Path) -> None:
    (folder / "data").mkdir()
    server = ControlServer(folder / "data" / SOCKET_NAME, {"status": lambda _: REPORT.to_json()})
    server.start()
    try:
        done, plain = nija("status", "--json"), nija("status")
    finally:
        server.stop()
    assert json.loads(done.output) == {**REPORT.to_json(), "exit_code": 0}
    assert (done.exit_code, plain.exit_code) == (0, 0)
    assert "Master Exchanges Connected: 1\n  - kraken: unknown\n" in plain.output


def test_status_of_a_daemon_of_another_version_asks_for_a_restart(folder: Path) -> None:
    (folder / "data").mkdir()
    server = ControlServer(folder / "data" / SOCKET_NAME, {"status": lambda _: {"old": True}})
    server.start()
    try:
        done = nija("status")
    finally:
        server.stop()
    assert done.exit_code == 2
    assert "restart it after an update" in done.output


def test_a_set_up_that_cannot_be_read_is_one_line_and_no_traceback(folder: Path) -> None:
    (folder / ".env").write_text("NIJA_MODE=real\n")
    for command in (("status",), ("stop-trading",), ("config", "check"), ("config", "show")):
        done = nija(*command)
        assert done.exit_code == 2, command
        assert done.output.startswith("❌ NIJA_MODE is 'real': expected one of"), command


def test_doctor_for_programs_is_json_with_the_exit_code() -> None:
    done = nija("doctor", "kraken:master", "--json")
    report = json.loads(done.output)
    assert report["exit_code"] == done.exit_code == 2
    titles = [finding["title"] for section in report["sections"] for finding in section["findings"]]
    assert "KRAKEN_MASTER_API_KEY: NOT SET" in titles


def test_doctor_without_any_credentials_warns_that_this_is_the_demo() -> None:
    done = nija("doctor")
    assert done.exit_code == 1
    assert "⚠️  Kraken credentials not configured for MASTER" in done.output
    assert "the demo" in done.output


def test_config_check_lists_every_fault_at_once(folder: Path) -> None:
    (folder / "nija.toml").write_text("[risk]\nmax_positions = 0\nmax_dragdown = 0.1\n")
    (folder / ".env").write_text("KRAKEN_MASTER_API_KEY=short\nKRAKEN_MASTER_API_SECRET=short\n")
    done = nija("config", "check")
    assert done.exit_code == 2
    for fault in ("KRAKEN_MASTER_API_KEY: has 5", "risk.max_positions", "Did you mean max_drawdown?"):
        assert fault in done.output


def test_setup_never_takes_a_secret_as_an_argument(folder: Path) -> None:
    done = nija("setup", "--exchange", "kraken", "--secret", "x")
    assert done.exit_code == 2
    assert not (folder / ".env").exists()


def test_setup_asks_before_it_removes_an_account(folder: Path) -> None:
    (folder / ".env").write_text("A=1\nKRAKEN_MASTER_API_KEY=a\nKRAKEN_MASTER_API_SECRET=b\n")
    assert CliRunner().invoke(app, ["setup", "--remove", "kraken:master"], input="n\n").exit_code == 2
    assert CliRunner().invoke(app, ["setup", "--remove", "kraken:master"], input="y\n").exit_code == 0
    assert (folder / ".env").read_text() == "A=1\n"
