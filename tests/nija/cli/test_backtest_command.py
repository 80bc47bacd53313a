"""`nija backtest`, as users type it."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from accounts.identity import AccountId
from brokers.clock import SystemClock
from nija.analysis.analysis import Questions
from nija.analysis.cautions import day
from nija.candles.store import CandleStore
from nija.cli.app import app
from nija.cli.backtest_text import report_parts
from nija.journal.opening import Journals
from nija.journal.records import EquityDay
from nija.log.event_log import get_log
from tests.nija.analysis.made_up import DAY, at, walk, walked

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

    from brokers.model import Candles

BTC = "kraken-BTC-USD-1d.csv"
WIDTH = 80


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NIJA_DATA_DIR", "NIJA_CONFIG", "NIJA_MODE", "NIJA_CONFIG_TOML"):
        monkeypatch.delenv(name, raising=False)
    written(tmp_path / BTC, walk(2, 500).candles)
    return tmp_path


def written(file: Path, candles: Candles) -> None:
    columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    rows = zip(candles.time.tolist(), *(column.tolist() for column in columns), strict=True)
    lines = [",".join(map(repr, row)) for row in rows]
    file.write_text("time,open,high,low,close,volume\n" + "\n".join(lines) + "\n")


def backtest(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["backtest", *arguments])


def reported(*arguments: str) -> dict[str, Any]:
    done = backtest(*arguments, "--json", "--runs", "20")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refused(*arguments: str) -> str:
    done = backtest(*arguments)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    return done.stderr


def test_a_file_of_candles_is_all_it_needs() -> None:
    done = backtest("--candles", BTC, "--runs", "20")
    assert done.exit_code == 0
    assert done.stdout.startswith("kraken:master: trend on BTC/USD, 1d candles\n")
    for part in ("Net return", "Largest drawdown", "Buy and hold", "Random entries", "One candle late", "Keep in mind"):
        assert part in done.stdout


def test_what_nobody_said_is_said_to_be_assumed() -> None:
    assumed = backtest("--candles", BTC, "--runs", "20").stdout.partition("Assumed\n")[2]
    assert "kraken:master starts with $1000.00: --cash changes that" in assumed
    assert "Kraken fee: 0.40 % a side, its highest: --fee changes that" in assumed
    assert f"from {BTC}, 248 missing in 248 gaps; minimums: kraken's as published in" in assumed


def test_without_markets_it_says_that_those_of_the_files_are_traded() -> None:
    left_out = "Markets: BTC/USD, those of the files: name markets to trade others"
    assert left_out in reported("--candles", BTC)["notes"]
    assert left_out not in reported("BTC/USD", "--candles", BTC)["notes"]


def test_what_was_said_is_not_assumed() -> None:
    notes = reported("--candles", BTC, "--cash", "500", "--fee", "0.26%")["notes"]
    assert [note for note in notes if "--cash" in note or "--fee" in note] == []


def test_it_trades_as_nija_toml_says(folder: Path) -> None:
    (folder / "nija.toml").write_text('[trading]\nmarkets = ["BTC/USD"]\n[risk]\nrisk_per_trade = 0.01\n')
    smaller = reported("--candles", ".")["accounts"][0]
    (folder / "nija.toml").unlink()
    larger = reported("--candles", BTC)["accounts"][0]
    assert smaller["figures"]["invested"] < larger["figures"]["invested"]


@pytest.mark.parametrize("key", ["entry", "strategy.trend.entry"])
def test_any_key_of_nija_toml_can_be_set(key: str) -> None:
    one = reported("--candles", BTC, "--set", f"{key}=55", "--set", "risk_per_trade=0.01")["accounts"][0]
    assert one["parameters"]["entry"] == "55"


def test_money_fee_and_exchange_are_those_of_the_options() -> None:
    one = reported("--candles", BTC, "--cash", "250", "--fee", "0.26%", "--exchange", "coinbase")["accounts"][0]
    assert (one["account"], one["cash"], one["fees"]["taker"]) == ("coinbase:master", "250", "0.0026")


def test_slippage_is_that_of_the_option() -> None:
    assert reported("--candles", BTC, "--slippage", "0.3%")["accounts"][0]["markets"][0]["slippage"] == "0.003"


def test_the_days_of_the_options_are_traded_and_earlier_candles_warm_up() -> None:
    one = reported("--candles", BTC, "--from", "2021-01-01", "--to", "2021-06-30")["accounts"][0]
    assert "2021-01-01T00:00:00Z" <= one["start"] < "2021-01-04T00:00:00Z"
    assert one["end"] <= "2021-07-01T00:00:00Z"
    signal = at(one["trades"][0]["opened"][:10]) - 3 * DAY
    from_signal = reported("--candles", BTC, "--from", day(signal), "--to", "2021-06-30")["accounts"][0]
    assert from_signal["trades"][0]["opened"] == one["trades"][0]["opened"]


def test_faster_candles_are_made_into_those_that_are_traded(folder: Path) -> None:
    (folder / BTC).rename(folder / "kraken-BTC-USD-4h.csv")
    one = reported("--candles", "kraken-BTC-USD-4h.csv", "--timeframe", "1d")["accounts"][0]
    # The last day is not over.
    assert (one["timeframe"], one["markets"][0]["candles"]) == ("1d", 499)


def test_of_several_files_the_one_of_the_accounts_exchange_is_read(folder: Path) -> None:
    written(folder / "coinbase-BTC-USD-1d.csv", walk(9, 100).candles)
    assert reported("BTC/USD", "--candles", ".")["accounts"][0]["markets"][0]["candles"] == 500
    coinbase = reported("BTC/USD", "--candles", ".", "--exchange", "coinbase")
    assert coinbase["accounts"][0]["markets"][0]["candles"] == 100


def test_candles_of_another_exchange_are_said_to_be_so(folder: Path) -> None:
    (folder / BTC).rename(folder / "binance-BTC-USD-1d.csv")
    notes = reported("--candles", "binance-BTC-USD-1d.csv")["notes"]
    assert any("of binance, traded with the fees and minimums of kraken" in note for note in notes)


def test_without_files_it_reads_the_stored_candles(folder: Path) -> None:
    with CandleStore(folder / "data" / "candles.sqlite3") as store:
        store.add("kraken", walk(2, 300).candles)
    assert reported("BTC/USD")["accounts"][0]["markets"][0]["candles"] == 300


def test_every_account_runs_with_its_own_settings_money_and_fees(folder: Path) -> None:
    written(folder / "coinbase-BTC-USD-1d.csv", walk(9, 400).candles)
    (folder / "nija.toml").write_text(
        '[trading]\nmarkets = ["BTC/USD"]\n'
        '[accounts."kraken:master"]\nrisk_multiplier = 0.5\n'
        '[accounts."kraken:daivon_frazier"]\nentry = 55\n'
        '[accounts."coinbase:tania_gilbert"]\n'
        '[accounts."coinbase:master"]\nenabled = false\n'
    )
    report = reported("--accounts", "--candles", ".", "--cash", "100", "--cash", "kraken:master=400")
    told = {one["account"]: one for one in report["accounts"]}
    assert list(told) == ["coinbase:tania_gilbert", "kraken:daivon_frazier", "kraken:master"]
    assert {name: one["cash"] for name, one in told.items()} == {
        "coinbase:tania_gilbert": "100",
        "kraken:daivon_frazier": "100",
        "kraken:master": "400",
    }
    assert told["kraken:daivon_frazier"]["parameters"]["entry"] == "55"
    assert told["coinbase:tania_gilbert"]["fees"]["taker"] == "0.0120"
    assert "coinbase:master is switched off and left out" in report["notes"]


def test_an_account_starts_with_the_equity_of_its_journal(folder: Path) -> None:
    (folder / "nija.toml").write_text('[trading]\nmarkets = ["BTC/USD"]\n[accounts."kraken:daivon_frazier"]\n')
    now, one = datetime(2026, 1, 5, tzinfo=UTC), Decimal(1)
    with closing(Journals(folder / "data", SystemClock(), get_log("test"))) as journals:
        journal = journals.open(AccountId.parse("kraken:daivon_frazier"))
        journal.equity.save(EquityDay(now.date(), "USD", one, one, one, Decimal(0), Decimal("218.45"), now))
        journal.close()
    report = reported("--accounts", "--candles", BTC)
    assert report["accounts"][0]["cash"] == "218.45"
    assert "kraken:daivon_frazier starts with $218.45, its equity of 2026-01-05 in its journal" in report["notes"]


def test_the_text_fits_a_terminal_of_80_columns() -> None:
    analysis = walked(walk(2), Questions(split=at("2021-06-01"), runs=20))
    screen = Console(file=io.StringIO(), width=WIDTH, force_terminal=True, color_system=None)
    with screen.capture() as shown:
        for part in report_parts([analysis, analysis], ["a note " * 30], WIDTH):
            screen.print(part)
    lines = shown.get().splitlines()
    assert [line for line in lines if len(line.rstrip()) > WIDTH] == []
    months = next(line for line in lines if "Jan   Feb" in line)
    assert months.endswith("Dec")
    assert any(line.strip().startswith("Out of sample, from 2021-06-01") for line in lines)


def test_files_are_written_beside_the_text(folder: Path) -> None:
    done = backtest("--candles", BTC, "--runs", "20", "--csv", "trades.csv", "--html", "report.html")
    assert done.exit_code == 0
    assert "✅ Written to trades.csv\n✅ Written to report.html\n" in done.stderr
    with (folder / "trades.csv").open() as file:
        assert len(list(csv.reader(file))) > 1
    assert (folder / "report.html").read_text().startswith("<!doctype html>")


def test_a_file_that_cannot_be_written_is_named_before_the_work() -> None:
    assert "--csv no/trades.csv: there is no folder no" in refused("--candles", "none.csv", "--csv", "no/trades.csv")
    assert "--html .: it cannot be written: name another file" in refused("--candles", "none.csv", "--html", ".")
    assert "name the same file, a.txt" in refused("--candles", "none.csv", "--html", "a.txt", "--csv", "a.txt")


def test_check_says_that_the_strategy_sees_no_future() -> None:
    done = backtest("--candles", BTC, "--check")
    assert done.exit_code == 0
    assert done.stdout.startswith("✅ trend on BTC/USD, 1d candles: no signal uses a candle that had not closed yet\n")


def test_check_names_the_column_and_the_candle_of_a_strategy_that_looks_ahead(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "cheating.py").write_text(
        "from dataclasses import dataclass\nimport numpy as np\nfrom nija.strategy.base import Signals\n"
        "@dataclass(frozen=True)\nclass Cheat:\n"
        "    name: str = 'cheat'\n    warmup: int = 1\n    fee_gate: float = 0.0\n"
        "    def evaluate(self, candles):\n        rises = np.append(candles.close[1:] > candles.close[:-1], False)\n"
        "        return Signals(rises, ~rises, candles.close * 0.9, candles.close * np.nan)\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    done = backtest("--candles", BTC, "--check", "--strategy", "cheating:Cheat")
    assert done.exit_code == 1
    assert "❌ cheat on BTC/USD, 1d candles: entry of the candle of" in done.stdout
    assert "it uses the future" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--set", "entry"), "❌ --set entry: expected key=value, such as risk_per_trade=0.01\n"),
        (("--set", "entry=many"), '❌ options: entry: "many": expected a whole number, without quotes\n'),
        (("--set", "entri=3"), "Did you mean entry?\n"),
        (("--fee", "0.4"), "❌ --fee 0.4: expected a share from 0 to 20%: for 0.4 percent write 0.4%\n"),
        (("--fee", "dear"), "❌ --fee dear: expected a share such as 0.4% or 0.004\n"),
        (("--cash", "0"), "❌ --cash 0: expected an amount of money above 0, such as 1000\n"),
        (
            ("--cash", "kraken:tania_gilbert=5"),
            "❌ --cash kraken:tania_gilbert=5: no account kraken:tania_gilbert in this backtest, only kraken:master\n",
        ),
        (("--from", "January"), "❌ --from January: expected a date such as 2023-10-01\n"),
        (("--from", "2050-01-01"), "❌ --from, --to: the candles are from 2020-01-02 to "),
        (("--from", "2021-01-01", "--to", "2020-06-01"), "❌ --from 2021-01-01 must not lie after --to 2020-06-01\n"),
        (("--exchange", "binance"), "❌ --exchange: unknown exchange 'binance': use kraken or coinbase\n"),
        (("--timeframe", "1h"), "❌ --candles: 1h candles of BTC/USD cannot be made from those of 1d\n"),
        (("--strategy", "trand"), "Did you mean trend?\n"),
        (("ETH/USD",), "❌ --candles: no candles of ETH/USD, only of BTC/USD: name another file, or other markets\n"),
        (("bitcoin",), '❌ bitcoin: expected a market in capitals such as "BTC/USD"\n'),
        (("BTC/USD", "ETH/EUR"), "name markets of one currency\n"),
        (("--accounts",), "❌ --accounts: no account has credentials or a table in nija.toml"),
        (("--html", "no/such/folder.html"), "--html no/such/folder.html: there is no folder no/such"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_was_expected(arguments: tuple[str, ...], told: str) -> None:
    assert told in refused("--candles", BTC, *arguments)


def test_a_market_of_unknown_minimums_asks_for_them(folder: Path) -> None:
    (folder / BTC).rename(folder / "kraken-PEPE-USD-1d.csv")
    told = refused("--candles", "kraken-PEPE-USD-1d.csv")
    assert "the steps and minimum order of PEPE/USD at kraken are not known" in told
    assert "--min-order MONEY assumes a smallest order instead" in told
    assert reported("--candles", "kraken-PEPE-USD-1d.csv", "--min-order", "5")["accounts"][0]["trades"]


def test_a_market_without_candles_is_told_so_even_if_its_minimums_are_unknown_too() -> None:
    assert "no candles of BTC/UDS, only of BTC/USD" in refused("BTC/UDS", "--candles", BTC)
    assert "no 1d candles of BTC/UDS at kraken are in" in refused("BTC/UDS")


def test_a_broken_row_is_named_with_its_file_and_line(folder: Path) -> None:
    lines = (folder / BTC).read_text().splitlines()
    lines[3] = lines[3].replace(",", ",-", 1)
    (folder / BTC).write_text("\n".join(lines) + "\n")
    assert f"{BTC}, line 4" in refused("--candles", BTC)


def test_without_candles_it_says_how_to_get_some() -> None:
    told = refused("BTC/USD")
    assert "name files with --candles, or get them by nija candles download BTC/USD --exchange kraken" in told


def test_two_files_of_the_same_candles_must_be_told_apart(folder: Path) -> None:
    (folder / "more").mkdir()
    written(folder / "more" / BTC, walk(3, 100).candles)
    told = refused("--candles", BTC, "--candles", "more")
    assert "have different 1d candles of BTC/USD: name one of them" in told


def test_the_tries_that_chose_a_strategy_count_where_they_were_looked_at() -> None:
    """The candles are of 2020 and later; those of trend were looked at until October 2023."""
    tried = [
        reported("--candles", BTC, *more)["accounts"][0]["controls"]["deflated_sharpe"]["variants"]
        for more in ((), ("--variants", "3"), ("--split", "2000-01-01"))
    ]
    assert tried == [85, 3, 1]
