"""`nija explain` without a daemon: each exchange is asked once, with the account's key or without any."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.environment import process_settings
from accounts.identity import AccountId
from accounts.settings import Settings, load_settings
from brokers.clock import utc_now
from brokers.model import Timeframe
from brokers.simulator.config import SimulatorConfig
from nija.candles.store import CandleStore, origin
from nija.doctor.direct_explain import explain_directly
from nija.journal.opening import Journals
from nija.log import get_log
from nija.strategy.registry import STRATEGY_TABLES
from nija.trader.commands import Command, Instruction, carry_out
from tests.nija.explain.backtests import BTC, ETH
from tests.nija.strategy.generated import random_walk
from tests.simulator_fixtures import UNLIMITED, manual_rig, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.explain.account_now import AccountNow
    from tests.simulator_fixtures import Rig

MASTER = AccountId.parse("kraken:master")


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with manual_rig(SimulatorConfig(usd_accounts("123.45"), limits=UNLIMITED)) as running:
        yield running


def asked(rig: Rig, folder: Path, *, with_key: bool, **addresses: str) -> tuple[AccountNow, ...]:
    rig.advance(30)
    values = {
        "KRAKEN_API_URL": rig.simulator.kraken_url,
        "COINBASE_API_URL": rig.simulator.coinbase_url,
        "NIJA_DATA_DIR": str(folder),
        "NIJA_NONCE_OFFSET_MAX": "0",
        **addresses,
    }
    if with_key:
        key = rig.simulated("kraken:master").api_key
        values |= {"KRAKEN_MASTER_API_KEY": key.key, "KRAKEN_MASTER_API_SECRET": key.secret}
    settings: Settings = load_settings(None, STRATEGY_TABLES)
    return explain_directly(values, process_settings(values, folder), settings, rig.clock)


def test_an_account_is_explained_with_its_own_money_and_fees(rig: Rig, tmp_path: Path) -> None:
    (now,) = asked(rig, tmp_path, with_key=True)
    assert (now.id, now.equity, now.has_own_fees) == ("kraken:master", Decimal("123.45"), True)
    assert [market.market for market in now.markets] == ["BTC/USD", "ETH/USD"]
    for market in now.markets:
        assert market.closed is not None, market.problem
        assert market.decides is not None


def test_a_halt_in_the_journal_is_why_nothing_would_be_bought(rig: Rig, tmp_path: Path) -> None:
    with (
        closing(Journals(tmp_path, rig.clock, get_log("test"))) as journals,
        closing(journals.open(MASTER)) as journal,
    ):
        carry_out(journal, Instruction(Command.STOP_TRADING), utc_now(rig.clock))
    (now,) = asked(rig, tmp_path, with_key=True)
    assert {market.rule for market in now.markets} == {"paused"}


def test_without_credentials_both_exchanges_are_explained_with_100_dollars(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", rig.simulator.ca_file)
    kraken, coinbase = asked(rig, tmp_path, with_key=False)
    assert [(one.id, one.equity, one.sized_by, one.has_own_fees) for one in (kraken, coinbase)] == [
        ("kraken:master", None, Decimal(100), False),
        ("coinbase:master", None, Decimal(100), False),
    ]
    assert (kraken.taker, coinbase.taker) == (Decimal("0.004"), Decimal("0.012"))
    assert all(market.closed is not None for one in (kraken, coinbase) for market in one.markets)


def test_an_exchange_that_cannot_be_reached_hides_nothing_that_is_stored(rig: Rig, tmp_path: Path) -> None:
    nowhere, no_coinbase = "http://127.0.0.1:9", "https://127.0.0.1:9"
    candles = random_walk(1, 60)
    with CandleStore(tmp_path / "candles.sqlite3") as store:
        named = origin(MASTER.exchange, nowhere)
        store.add(named, candles)
        store.add_markets(named, [BTC, ETH], 0)
    kraken, _ = asked(rig, tmp_path, with_key=False, KRAKEN_API_URL=nowhere, COINBASE_API_URL=no_coinbase)
    bitcoin, ether = kraken.markets
    assert bitcoin.close == Decimal(repr(float(candles.close[-1])))
    assert bitcoin.problem.startswith("stored candles, as Kraken cannot be reached")
    assert (ether.closed, ether.problem.startswith("Kraken cannot be reached")) == (None, True)


def test_the_timeframe_of_the_settings_is_the_one_that_is_asked_for(rig: Rig, tmp_path: Path) -> None:
    file = tmp_path / "nija.toml"
    file.write_text('[trading]\ntimeframe = "4h"\nmarkets = ["BTC/USD"]\n', encoding="utf-8")
    values = {
        "KRAKEN_API_URL": rig.simulator.kraken_url,
        "COINBASE_API_URL": rig.simulator.coinbase_url,
        "NIJA_DATA_DIR": str(tmp_path),
    }
    rig.advance(30)
    settings = load_settings(file, STRATEGY_TABLES)
    kraken, _ = explain_directly(values, process_settings(values, tmp_path), settings, rig.clock)
    (market,) = kraken.markets
    assert market.closed is not None
    assert market.decides is not None
    assert (market.decides - market.closed).total_seconds() == Timeframe.H4.seconds
