"""The long runs that more than one file judges: four accounts trade until each has bought and sold."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dotenv import dotenv_values

from tests.made_up import accounts
from tests.system import checker
from tests.system.daemon import Daemon
from tests.system.exchange import FOUR, RunningExchange, running_exchange
from tests.system.settings import EAGER, UNHURRIED, tiers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[3] / "shared" / "data" / "candles"
_QUICK_TREND = f"""[trading]
poll_seconds = 0.5
max_candle_age = 0
[strategy.trend]
entry = 2
exit = 2
stop_atr = 1.0
{UNHURRIED}{tiers("intermediate")}"""


@dataclass(frozen=True, slots=True)
class Run:
    """The daemon as it ended, at a moment at which no price moved, and what the exchange's books said then."""

    daemon: Daemon
    state: Mapping[str, Any]

    def account(self, name: str) -> Mapping[str, Any]:
        """What the books say of this account."""
        return checker.account_of(self.state, name)


@pytest.fixture(scope="session")
def live_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three accounts on Kraken and one on Coinbase, connected as far apart as in real life."""
    folder = tmp_path_factory.mktemp("live_run")
    (folder / "nija.toml").write_text(EAGER)
    with running_exchange(accounts(*FOUR)) as exchange:
        environment = {name: value for name, value in exchange.environment.items() if name != "NIJA_CONNECT_DELAY"}
        return _traded(folder, exchange, environment, sellers=FOUR)


@pytest.fixture(scope="session")
def replay_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same accounts on real candles, served by `nija simulate` as a user would start it.

    On Kraken's real candles an exit may be a minute away: there it is enough that each account has bought.
    """
    candles = Path(os.environ.get("NIJA_TEST_CANDLES", _BESIDE_THE_REPOSITORY))
    if not candles.is_dir():
        pytest.skip(f"no real candles in {candles}; set NIJA_TEST_CANDLES to the folder that has them")
    folder = tmp_path_factory.mktemp("replay_run")
    (folder / "nija.toml").write_text(_QUICK_TREND)
    exchange_folder = folder / "exchange"
    exchange_folder.mkdir()
    serve = ("simulate", "--candles", str(candles), "--speed", "172800", "--money", "10000", "--env-file", "env")
    with Daemon(exchange_folder, {}, serve) as simulator:
        admin_url = simulator.wait_for("# Books and faults:").split()[-1].removesuffix("/state")
        values = dotenv_values(exchange_folder / "env", interpolate=False)
        environment = {name: value for name, value in values.items() if value is not None} | {"NIJA_CONNECT_DELAY": "0"}
        sellers = [account for account in FOUR if account.startswith("coinbase")]
        return _traded(folder, RunningExchange(admin_url, environment), environment, sellers)


def _traded(folder: Path, exchange: RunningExchange, environment: Mapping[str, str], sellers: Iterable[str]) -> Run:
    with Daemon(folder, environment) as daemon:
        daemon.wait_for("Started independent trading thread", count=len(FOUR))
        for account in FOUR:
            daemon.wait_for(f"{'SELL' if account in sellers else 'BUY'} order filled", f"account={account}")
        checker.wait_until_settled(exchange, daemon, *FOUR)
        assert daemon.terminate() == 0
        return Run(daemon, exchange.state())
