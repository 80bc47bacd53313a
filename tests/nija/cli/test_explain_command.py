"""`nija explain`, as users type it, beside a running NIJA."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from nija.candles.store import CandleStore
from nija.cli.app import app
from nija.control.server import ControlServer
from nija.control.values import to_plain
from nija.control.wire import SOCKET_NAME
from nija.explain.market_now import MarketNow, PlannedEntry
from tests.nija.explain.backtests import BTC, ETH
from tests.nija.explain.test_explanation import NOW
from tests.nija.strategy.generated import random_walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.testing import Result

    from nija.explain.account_now import AccountNow

ORDER = PlannedEntry(Decimal(98_000), Decimal("88123.4"), Decimal("0.0025"), Decimal("245.00"), Decimal("24.69"))
WAITING = MarketNow(
    "BTC/USD",
    "1d",
    closed=datetime(2026, 11, 28, tzinfo=UTC),
    close=Decimal(95_000),
    decides=datetime(2026, 11, 29, tzinfo=UTC),
    price=Decimal(95_100),
    rule="no_signal",
    why_not="no entry signal on the last closed candle",
    buys_above=Decimal(98_000),
    next_order=ORDER,
    enough=Decimal("29.18"),
)
HELD = replace(
    WAITING,
    market="ETH/USD",
    rule="position_open",
    why_not="a position is open",
    held=Decimal("0.5"),
    stop=Decimal(2900),
    buys_above=None,
    next_order=None,
    sells_below=Decimal(3100),
)
MASTER = replace(NOW, markets=(WAITING, HELD))
TANIA = replace(NOW, id="kraken:tania_gilbert", label="USER tania_gilbert", state="FAILED", reason="Invalid key")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NIJA_DATA_DIR", "NIJA_CONFIG", "NIJA_MODE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@contextmanager
def running(*accounts: AccountNow) -> Iterator[None]:
    """A daemon with these accounts."""
    server = ControlServer(
        Path("data") / SOCKET_NAME, {"explain": lambda _arguments: {"accounts": [to_plain(one) for one in accounts]}}
    )
    server.start()
    try:
        yield
    finally:
        server.stop()


def explained(*arguments: str) -> Result:
    with running(MASTER, TANIA):
        return CliRunner().invoke(app, ["explain", *arguments])


def test_says_what_it_would_do_now_in_each_market() -> None:
    done = explained("kraken:master")
    assert done.exit_code == 0
    said = " ".join(done.stdout.split())
    assert "BTC/USD: the 1d candle closed 2026-11-28 00:00 UTC at $95000.00" in said
    assert "not buying: no entry signal on the last closed candle [no_signal]" in said
    assert "buys if the candle of 2026-11-29 00:00 UTC closes above $98000.00:" in said
    assert "0.00250000 for $245.00, stop about $88123.40; $24.69 is lost if it is hit" in said
    assert "holds 0.50000000, stop $2900.00" in said
    assert "sells if the candle of 2026-11-29 00:00 UTC closes below $3100.00" in said


def test_fits_eighty_columns_where_a_program_reads() -> None:
    assert max(map(len, explained().stdout.splitlines())) < 80


def test_explains_every_account_and_why_one_does_not_trade() -> None:
    said = " ".join(explained().stdout.split())
    assert "── kraken:master (MASTER)" in said
    assert "── kraken:tania_gilbert (USER tania_gilbert)" in said
    assert "FAILED: Invalid key." in said
    assert said.count("What to know before you fund an account") == 1


def test_for_programs_is_json() -> None:
    done = explained("kraken:master", "--json")
    (one,) = json.loads(done.stdout)["accounts"]
    assert (one["now"]["id"], one["strategy"], one["now"]["markets"][0]["buys_above"]) == (
        "kraken:master",
        "trend",
        "98000",
    )
    assert one["bundled"]["stretches"][-1] == {
        "period": "Oct 2023 to Mar 2026",
        "total": "0.13",
        "fall": "-0.17",
        "hold_total": "0.74",
        "hold_fall": "-0.55",
    }


def test_shows_a_backtest_of_the_accounts_settings_where_candles_are_stored(folder: Path) -> None:
    with CandleStore(folder / "data" / "candles.sqlite3") as store:
        for market in (BTC, ETH):
            store.add("kraken", replace(random_walk(1, 200), market=market.symbol))
        store.add_markets("kraken", [BTC, ETH], 0)
    said = " ".join(explained("kraken:master").stdout.split())
    assert "These settings, by backtest, at 0.40 % an order:" in said
    assert "400 stored 1d candles of kraken" in said


def test_an_account_that_does_not_exist_is_refused_with_the_ones_that_do() -> None:
    done = explained("kraken:mastr")
    assert done.exit_code == 2
    assert "it has: kraken:master, kraken:tania_gilbert. Did you mean kraken:master?" in done.stderr


def test_a_daemon_of_another_version_is_said() -> None:
    server = ControlServer(Path("data") / SOCKET_NAME, {"explain": lambda _arguments: {"accounts": [{"id": "x"}]}})
    server.start()
    try:
        done = CliRunner().invoke(app, ["explain"])
    finally:
        server.stop()
    assert done.exit_code == 2
    assert "another version: restart it" in done.stderr


def test_settings_that_cannot_be_used_are_said(folder: Path) -> None:
    (folder / "nija.toml").write_text('[trading]\nstrategy = "tred"\n', encoding="utf-8")
    done = explained()
    assert done.exit_code == 2
    assert "tred" in done.stderr
