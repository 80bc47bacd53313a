"""What it takes to trade at one more exchange: a folder (here `tulip`) and an entry in the list, and nothing else."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import brokers.exchanges
from accounts.environment import process_settings
from accounts.identity import AccountId
from accounts.manager import AccountState
from brokers.clock import SystemClock
from brokers.exchanges import descriptions
from brokers.model import OrderStatus, OrderType, Side
from nija.doctor.examination import ExaminationScope, examine
from nija.strategy.base import Signals
from nija.supervisor.configuration import read_configuration
from nija.supervisor.supervisor import Supervisor
from tests.brokers.tulip.description import TULIP
from tests.brokers.tulip_server import EPOCH, KEY, TulipExchange, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.model import Candles
    from brokers.paper.broker import PaperBroker

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "docs/adding-an-exchange.md"
RECIPE_ROW = re.compile(r"^\| `([^`]+\.py)` \|", re.MULTILINE)
DAIVON = AccountId(TULIP.exchange, "daivon_frazier")
SETTINGS = """
[trading]
strategy = "tests.brokers.test_one_more_exchange:Levels"
markets = ["BTC/USD"]
timeframe = "1m"
poll_seconds = 0.05
max_candle_age = 0
"""


@dataclass(frozen=True)
class Levels:
    """Buys above 110 and sells below 95."""

    name: str = "levels"
    warmup: int = 1
    fee_gate: float = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        return Signals(
            entry=candles.close > 110,
            exit=candles.close < 95,
            initial_stop=candles.close * 0.5,
            trail=candles.close * 0.4,
        )


@pytest.fixture(autouse=True)
def _listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one entry."""
    monkeypatch.setattr(brokers.exchanges, "_DESCRIPTIONS", (*descriptions(), TULIP))


@pytest.fixture
def exchange(tmp_path: Path) -> TulipExchange:
    return TulipExchange(tmp_path)


@pytest.fixture
def environ(exchange: TulipExchange, tmp_path: Path) -> Iterator[dict[str, str]]:
    (tmp_path / "nija.toml").write_text(SETTINGS)
    with serving(exchange) as address:
        yield {
            "TULIP_USER_DAIVON_FRAZIER_API_KEY": KEY.key,
            "TULIP_USER_DAIVON_FRAZIER_API_SECRET": KEY.secret,
            "TULIP_API_URL": address,
            "NIJA_DATA_DIR": str(tmp_path / "data"),
            "NIJA_LOG_FILE": str(tmp_path / "nija.log"),
            "NIJA_CONNECT_DELAY": "0",
        }


@contextmanager
def daemon(environ: dict[str, str], folder: Path) -> Iterator[Supervisor]:
    stop = threading.Event()
    supervisor = Supervisor(read_configuration(environ, folder), SystemClock(stop), stop)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        yield supervisor
    finally:
        stop.set()
        thread.join()


def resting_stop(books: PaperBroker) -> bool:
    return any(order.type is OrderType.STOP for order in books.open_orders())


def closed(books: PaperBroker) -> bool:
    return bool(books.balances()) and books.balances()["BTC"].total == 0 and not books.open_orders()


def test_an_account_is_found_in_the_environment_by_the_prefix_of_its_exchange(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (found,) = read_configuration(environ, tmp_path).discovery.credentials
    assert (found.account, str(found.account)) == (DAIVON, "tulip:daivon_frazier")


def test_the_real_address_is_the_descriptions_unless_a_variable_overrides_it(environ: dict[str, str]) -> None:
    assert process_settings({}).addresses[TULIP.exchange] == "https://tulip.invalid"
    assert process_settings(environ).addresses[TULIP.exchange] == environ["TULIP_API_URL"]


def test_an_account_enters_rests_its_stop_at_the_exchange_and_exits(
    exchange: TulipExchange, environ: dict[str, str], tmp_path: Path
) -> None:
    with daemon(environ, tmp_path) as supervisor:
        exchange.close_candle(120)
        assert exchange.met(resting_stop), "no stop rests at the exchange"
        (stop,) = exchange.books.open_orders()
        assert (stop.side, stop.stop_price) == (Side.SELL, Decimal(60))
        assert stop.amount == exchange.books.balances()["BTC"].total
        exchange.close_candle(90)
        assert exchange.met(closed), "the position was not closed"
        assert supervisor.manager.snapshot(DAIVON).state is AccountState.TRADING
    assert exchange.books.order(stop.exchange_id).status is OrderStatus.CANCELLED
    assert [fill.side for fill in exchange.books.fills(EPOCH)] == [Side.BUY, Side.SELL]


def test_a_key_that_can_withdraw_is_refused_in_the_words_of_its_website(
    exchange: TulipExchange, environ: dict[str, str], tmp_path: Path
) -> None:
    exchange.permissions.append("send")
    report = examine(ExaminationScope(environ, tmp_path, SystemClock(), DAIVON))
    first = report.first_broken()
    assert first is not None
    assert first.title == "Send bulbs must be off: the key can move money out"


def test_the_doctor_finds_nothing_broken_with_a_healthy_account(environ: dict[str, str], tmp_path: Path) -> None:
    report = examine(ExaminationScope(environ, tmp_path, SystemClock(), DAIVON))
    assert report.first_broken() is None
    assert "USER daivon_frazier TULIP CONNECTED!" in [finding.title for finding in report.findings]


@pytest.mark.parametrize("folder", ["brokers/kraken", "brokers/coinbase", "tests/brokers/tulip"])
def test_the_recipe_names_the_files_that_every_exchange_has(folder: str) -> None:
    named = [file.removeprefix("brokers/<name>/") for file in RECIPE_ROW.findall(RECIPE.read_text())]
    assert named == ["description.py", "access.py", "broker.py", "market_data.py", "brokers/exchanges.py"]
    assert all((ROOT / folder / file).is_file() for file in named[:-1])
