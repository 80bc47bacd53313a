"""`nija history`, `nija performance` and `nija export tax`, as users type them."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from accounts.identity import AccountId
from nija.cli.app import app
from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME
from nija.log.event_log import get_log
from nija.status.report import AccountStatus, PositionStatus, StatusReport
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.performance.bookkeeper import Bookkeeper, day
from tests.nija.terminals import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.testing import Result

    from nija.journal.opening import Journals

ROOT = Path(__file__).parents[3]
DAIVON = AccountId.parse("kraken:daivon_frazier")
TANIA = AccountId.parse("coinbase:tania_gilbert")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NIJA_DATA_DIR", "NIJA_CONFIG", "NIJA_MODE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@contextmanager
def journals_of(folder: Path) -> Iterator[Journals]:
    with closing(journals_in(folder, ManualClock(), get_log("test"))) as journals:
        yield journals


@contextmanager
def booked(folder: Path, account: AccountId) -> Iterator[Bookkeeper]:
    with journals_of(folder) as journals, closing(journals.open(account)) as journal:
        yield Bookkeeper(journal)


@pytest.fixture
def traded(folder: Path) -> Path:
    """Two accounts that have traded: daivon_frazier won and holds ETH, tania_gilbert lost."""
    with booked(folder / "data", DAIVON) as books:
        position = books.buy("0.5", "1000", day(3), fee="1.3")
        books.sell(position, "0.5", "1100", day(9.5), fee="1.43")
        books.close(position, day(9.5), "trend exit on the candle closed 2026-01-10 00:00")
        books.buy("2", "100", day(40), market="ETH/USD")
        books.value("1.05", day(45), {"BTC/USD": "1200", "ETH/USD": "110"})
    with booked(folder / "data", TANIA) as books:
        books.trade("1000", "900", day(32), day(33))
    return folder


def nija(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def printed(*arguments: str) -> Any:  # noqa: ANN401  whatever the JSON holds
    return json.loads(nija(*arguments, "--json").stdout)


class TestHistory:
    def test_shows_each_accounts_trades_after_fees_and_the_sums(self, traded: Path) -> None:
        done = nija("history")
        lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
        assert done.exit_code == 0
        assert "kraken:daivon_frazier (USER daivon_frazier)" in lines
        (won,) = (line for line in lines if line.startswith("2026-01-10 12:00"))
        assert won.startswith(
            "2026-01-10 12:00 BTC/USD 0.50000000 $1000.00 $1100.00 +$47.27 +9.42 % $2.73 signal 6 d 12 h"
        )
        assert "1 trade, 1 won: +$47.27 after $2.73 of fees" in lines
        assert "open since 2026-02-10: ETH/USD 2.00000000 @ $100.00, now $110.00: +$20.00" in lines
        assert "All accounts: 2 trades, 1 won: -$52.73 after $2.73 of fees" in lines

    def test_shows_one_account_alone(self, traded: Path) -> None:
        shown = nija("history", "coinbase:tania_gilbert").stdout
        assert "-$100.00" in shown
        assert "daivon_frazier" not in shown
        assert "All accounts" not in shown

    def test_selects_days_and_a_market(self, traded: Path) -> None:
        def closed(*arguments: str) -> list[str]:
            return [trade["account"] for trade in printed("history", *arguments)["trades"]]

        both = [str(TANIA), str(DAIVON)]
        assert sorted(closed("--from", "2026-01-10", "--to", "2026-02-03")) == both
        assert closed("--to", "2026-02-02") == [str(DAIVON)]
        assert closed("--from", "2026-01-11") == [str(TANIA)]
        assert closed("--market", "eth/usd") == []
        assert len(printed("history", "--market", "ETH/USD")["open"]) == 1

    def test_gives_programs_every_digit(self, traded: Path) -> None:
        (trade,) = (one for one in printed("history")["trades"] if one["account"] == str(DAIVON))
        assert (trade["net"], trade["fees"], trade["currency"], trade["ending"]) == ("47.27", "2.73", "USD", "signal")
        assert trade["closed"] == "2026-01-10T12:00:00+00:00"
        (row,) = csv.DictReader(io.StringIO(nija("history", str(DAIVON), "--csv").stdout))
        assert row == {name: str(value) for name, value in trade.items()}

    def test_an_account_that_is_not_there_is_refused_with_those_that_are(self, traded: Path) -> None:
        done = nija("history", "kraken:daivon_frazer")
        assert done.exit_code == 2
        assert "kraken:daivon_frazier" in done.stderr

    def test_a_day_that_is_none_is_refused(self, traded: Path) -> None:
        assert nija("history", "--from", "January").exit_code == 2


@pytest.mark.parametrize(
    ("command", "whole"),
    [
        ("history", "   open since 2026-02-10: ETH/USD 2.00000000 @ $100.00, now $110.00: +$20.00"),
        ("performance", "   2026-01       1    1  +$47.27  $2.73  unknown   unknown     unknown"),
    ],
)
def test_no_line_is_wrapped_at_80_columns(traded: Path, command: str, whole: str) -> None:
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "80", "LINES": "24", "PYTHONPATH": str(ROOT)}
    terminal = Terminal([sys.executable, "-m", "nija", command], traded, environ)
    try:
        assert terminal.end() == 0
    finally:
        terminal.close()
    assert whole in [line.rstrip() for line in terminal.seen.splitlines()]


class TestJournalsThatCannotBeRead:
    @pytest.mark.parametrize("command", ["history", "performance"])
    def test_a_damaged_one_is_said_and_the_others_are_shown(self, traded: Path, command: str) -> None:
        (traded / "data/journal/kraken-daivon_frazier.sqlite3").write_bytes(b"this is no database" * 100)
        done = nija(command)
        assert done.exit_code == 1
        assert "⚠️  kraken:daivon_frazier is not shown: there is no journal" in done.stdout
        assert "kraken-daivon_frazier.sqlite3: file is not a database" in done.stdout
        assert "-$100.00" in done.stdout

    def test_one_of_another_version_says_how_it_gets_migrated(self, traded: Path) -> None:
        with journals_of(traded / "data") as journals, closing(journals.open(DAIVON)) as journal:
            connection = journal._connection._connection.connection.driver_connection
            assert connection is not None
            connection.execute("UPDATE alembic_version SET version_num = '0003'")
        done = nija("history", str(DAIVON))
        assert done.exit_code == 2
        assert "restart NIJA after an update" in done.stdout

    def test_an_account_that_has_not_connected_yet_is_said(self, traded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KRAKEN_MASTER_API_KEY", "K" * 56)
        monkeypatch.setenv("KRAKEN_MASTER_API_SECRET", "A" * 86 + "==")
        done = nija("history")
        assert done.exit_code == 1
        assert "⚠️  kraken:master is not shown: there is no journal yet" in done.stdout

    def test_without_any_journal_nothing_is_made_up(self, folder: Path) -> None:
        assert "There are no journals in data/journal" in nija("history").stdout
        assert printed("performance") == {"mode": "live", "accounts": [], "faults": []}
        assert not (folder / "data").exists()


class TestWhichJournals:
    def test_those_of_paper_trading_are_shown_where_it_is_the_mode(
        self, traded: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with booked(traded / "data/paper", DAIVON) as books:
            books.trade("100", "107", day(1), day(2))
        monkeypatch.setenv("NIJA_MODE", "paper")
        shown = nija("history").stdout
        assert shown.startswith("📝 PAPER - no order is sent")
        assert "+$7.00" in shown
        assert "+$47.27" not in shown

    def test_those_of_the_demo_are_shown_where_there_are_no_others(self, folder: Path) -> None:
        with booked(folder / "data/demo", DAIVON) as books:
            books.trade("100", "107", day(1), day(2))
        assert nija("history").stdout.startswith("🎭 DEMO - no real money moves")
        with booked(folder / "data", TANIA) as books:
            books.trade("100", "107", day(1), day(2))
        assert "DEMO" not in nija("history").stdout

    def test_those_of_the_running_daemon_with_its_newer_prices(self, traded: Path) -> None:
        with running(traded, "live", Decimal(125)):
            (held,) = printed("history")["open"]
        assert (held["price"], held["unrealised"]) == ("125", "50")
        with booked(traded / "data/paper", DAIVON) as books:
            books.trade("100", "107", day(1), day(2))
        with running(traded, "paper", Decimal(125)):
            assert [trade["net"] for trade in printed("history")["trades"]] == ["7"]


class TestPerformance:
    def test_shows_net_fees_returns_and_buy_and_hold_by_market_and_month(self, traded: Path) -> None:
        lines = [" ".join(line.split()) for line in nija("performance", str(DAIVON)).stdout.splitlines()]
        assert "closed: 1 trade, 1 won: +$47.27 after $2.73 of fees" in lines
        assert "open: ETH/USD: +$20.00, not sold yet" in lines
        assert "return: +5.00 % (time-weighted), largest drawdown 0.00 %" in lines
        assert "buy and hold of the same coins: +15.00 %" in lines
        assert "BTC/USD 1 1 +$47.27 $2.73 +$47.27 +$47.27 +20.00 %" in lines
        assert "2026-01 1 1 +$47.27 $2.73 unknown unknown unknown" in lines
        assert "2026-02 0 0 +$0.00 $0.00 +5.00 % 0.00 % unknown" in lines

    def test_gives_programs_fractions_and_null_for_the_unknown(self, traded: Path) -> None:
        known = {one["account"]: one for one in printed("performance")["accounts"]}
        daivon, tania = known[str(DAIVON)], known[str(TANIA)]
        assert (daivon["return"], daivon["buy_and_hold"], daivon["totals"][0]["open"]) == ("0.05", "0.15", "20")
        assert (tania["return"], tania["drawdown"], tania["equity"]) == (None, None, None)

    def test_writes_a_page_that_needs_no_other_file_and_that_only_its_owner_reads(self, traded: Path) -> None:
        done = nija("performance", "--html", "report.html")
        assert done.exit_code == 0
        page = (traded / "report.html").read_text()
        assert (traded / "report.html").stat().st_mode & 0o777 == 0o600
        assert "kraken:daivon_frazier (USER daivon_frazier)" in page
        assert "+$47.27" in page
        assert [one for one in ("http", "src=", "<script", "@import", "url(") if one in page] == []

    def test_a_page_that_cannot_be_written_is_said(self, traded: Path) -> None:
        done = nija("performance", "--html", "no/such/folder.html")
        assert done.exit_code == 2
        assert "no/such/folder.html" in done.stderr


class TestExportTax:
    def test_writes_a_folder_for_each_account_and_says_whose_fills_they_are(self, traded: Path) -> None:
        done = nija("export", "tax", "--year", "2026", "--method", "hifo")
        assert done.exit_code == 0
        assert "✅ kraken:daivon_frazier: 3 fills of 2026, in nija-tax-2026/kraken-daivon_frazier" in done.stdout
        assert "sold at a gain of +$47.27 (HIFO), fees of the year $2.73" in done.stdout
        assert "NIJA's fills alone" in done.stdout
        place = traded / "nija-tax-2026/kraken-daivon_frazier"
        assert {file.name for file in place.iterdir()} == {
            "fills.csv", "disposals-hifo.csv", "rotki.csv", "koinly.csv", "cointracking.csv", "README.txt",
        }  # fmt: skip
        assert {file.stat().st_mode & 0o777 for file in place.iterdir()} == {0o600}
        assert "NIJA's fills alone" in (place / "README.txt").read_text()

    def test_a_year_without_fills_is_said(self, traded: Path) -> None:
        done = nija("export", "tax", str(DAIVON), "--year", "2024", "--out", "files")
        assert "kraken:daivon_frazier: no fills in 2024" in done.stdout
        assert (traded / "files/kraken-daivon_frazier/fills.csv").read_text().count("\n") == 1

    def test_a_gain_that_is_not_known_is_said(self, folder: Path) -> None:
        with booked(folder / "data", DAIVON) as books:
            position = books.buy("1", "100", day(1))
            books.sell(position, "2", "110", day(2))
        assert "their gain is unknown" in nija("export", "tax", "--year", "2026").stdout

    def test_a_year_must_be_named(self, traded: Path) -> None:
        assert nija("export", "tax").exit_code == 2


@contextmanager
def running(folder: Path, mode: str, eth: Decimal) -> Iterator[None]:
    """A daemon that answers `status` with a price of ETH/USD for daivon_frazier."""
    held = PositionStatus("ETH/USD", eth, eth, None, eth, None, None)
    status = AccountStatus(str(DAIVON), DAIVON.label, "kraken", "TRADING", positions=(held,))
    report = StatusReport(1, "1.0", None, mode, (status,))
    server = ControlServer(folder / "data" / SOCKET_NAME, {"status": lambda _: report.to_json()})
    server.start()
    try:
        yield
    finally:
        server.stop()
