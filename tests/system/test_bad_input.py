"""Whatever is wrong with what the daemon is given: one clear line each, no traceback, exit code 2."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from brokers.simulator.config import TRADING_PERMISSIONS
from brokers.simulator.faults import FaultKind
from tests.made_up import accounts, credentials
from tests.system.daemon import Daemon, run_to_end
from tests.system.exchange import RunningExchange, running_exchange
from tests.system.settings import EAGER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Refused = tuple[RunningExchange, Daemon]

MASTER, COINBASE = accounts("kraken:master", "coinbase:master")
KEYS = credentials([MASTER])


def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def refusal(folder: Path, environment: dict[str, str]) -> str:
    """The one line with which the daemon refuses to start."""
    code, lines = run_to_end(folder, environment)
    assert code == 2, lines
    said = [line for line in lines if "❌" in line]
    assert len(said) == 1, lines
    assert not any("Traceback" in line for line in lines), lines
    return said[0]


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        (".env", "KRAKEN_MASTER_API_KEY\n", (".env", "line 1")),
        ("nija.toml", "[trading\n", ("nija.toml", "TOML")),
        ("nija.toml", "[trading]\nmarket = ['BTC/USD']\n", ("nija.toml", "trading.market", "markets")),
        ("nija.toml", "[risk]\nmax_positions = -1\n", ("nija.toml", "risk.max_positions", "-1")),
        ("nija.toml", "[trading]\nstrategy = 'nowhere:Gone'\n", ("nowhere",)),
        ("nija.toml", "[accounts.'kraken:master']\nrisk_multiplier = 'much'\n", ("kraken:master", "risk_multiplier")),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_the_key(
    tmp_path: Path, file: str, text: str, named: tuple[str, ...]
) -> None:
    (tmp_path / file).write_text(text)
    line = refusal(tmp_path, KEYS)
    assert all(name in line for name in named), line


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"NIJA_MODE": "real"}, ("NIJA_MODE", "real", "live")),
        ({"NIJA_DATA_DIR": "occupied/data"}, ("occupied/data", "NIJA_DATA_DIR")),
        ({"NIJA_LOG_FILE": "occupied/nija.log"}, ("occupied/nija.log", "NIJA_LOG_FILE")),
    ],
)
def test_an_unusable_setting_is_refused_with_its_name(
    tmp_path: Path, changed: dict[str, str], named: tuple[str, ...]
) -> None:
    (tmp_path / "occupied").write_text("a file where a folder should be")
    line = refusal(tmp_path, KEYS | changed)
    assert all(name in line for name in named), line


def test_live_without_credentials_is_refused(tmp_path: Path) -> None:
    assert "KRAKEN_MASTER_API_KEY" in refusal(tmp_path, {"NIJA_MODE": "live"})


@pytest.fixture(scope="module")
def half_broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon of which only the master's Coinbase account can work."""
    twin, broken, other = accounts("kraken:daivon_frazier", "kraken:tania_gilbert", "coinbase:tania_gilbert", seed=12)
    wrong = {
        **KEYS,
        **credentials([twin, broken, other]),
        "KRAKEN_USER_DAIVON_FRAZIER_API_KEY": KEYS["KRAKEN_MASTER_API_KEY"],
        "KRAKEN_USER_TANIA_GILBERT_API_SECRET": "   ",
        "COINBASE_USER_TANIA_GILBERT_API_SECRET": "no PEM",
        "COINBASE_USER_DAIVON_FRAZIER_API_KEY": other.api_key.key,
    }
    folder = tmp_path_factory.mktemp("half")
    with running_exchange([COINBASE]) as exchange, Daemon(folder, {**exchange.environment, **wrong}) as daemon:
        daemon.wait_for("Started independent trading thread for coinbase (MASTER)")
        yield daemon
        assert daemon.terminate() == 0
        assert not daemon.errors


@pytest.mark.xdist_group("half_broken")
@pytest.mark.parametrize(
    ("account", "told"),
    [
        ("kraken:master", ("KRAKEN_MASTER_API_KEY", "KRAKEN_USER_DAIVON_FRAZIER_API_KEY")),
        ("kraken:daivon_frazier", ("KRAKEN_MASTER_API_KEY", "KRAKEN_USER_DAIVON_FRAZIER_API_KEY")),
        ("kraken:tania_gilbert", ("KRAKEN_USER_TANIA_GILBERT_API_SECRET", "Credentials contain only whitespace")),
        ("coinbase:tania_gilbert", ("COINBASE_USER_TANIA_GILBERT_API_SECRET",)),
        ("coinbase:daivon_frazier", ("COINBASE_USER_DAIVON_FRAZIER_API_SECRET",)),
    ],
)
def test_a_broken_credential_stops_its_own_account_alone(
    half_broken: Daemon, account: str, told: tuple[str, ...]
) -> None:
    assert half_broken.said("❌", *told)
    assert not half_broken.said("Attempting to connect", f"account={account}")


def test_a_second_daemon_on_the_same_keys_names_the_first(tmp_path: Path) -> None:
    with running_exchange([COINBASE]) as exchange, Daemon(tmp_path, exchange.environment) as first:
        first.wait_for("Started independent trading thread")
        second = tmp_path / "second"
        second.mkdir()
        line = refusal(second, {**exchange.environment, "NIJA_DATA_DIR": str(tmp_path / "data")})
        assert f"process {first.pid} " in line
        assert re.search(r"since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d", line)


def test_without_a_network_the_daemon_stays_up_and_keeps_trying(tmp_path: Path) -> None:
    here = {"KRAKEN_API_URL": nowhere(), "NIJA_CONNECT_DELAY": "0"}
    with Daemon(tmp_path, KEYS | here) as daemon:
        daemon.wait_for("Attempting to connect", count=2)
        assert daemon.terminate() == 0
    assert len(daemon.said("Kraken MASTER connection failed")) == 1
    assert not daemon.said("Traceback")
    assert not daemon.errors


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refused]:
    """A daemon none of whose keys may trade, each for a reason of its own."""
    able, unable, wrong = accounts("kraken:master", "kraken:daivon_frazier", "kraken:tania_gilbert")
    able = replace(able, permissions=TRADING_PERMISSIONS | {"withdraw-funds"})
    unable = replace(unable, permissions=TRADING_PERMISSIONS - {"modify-trades"})
    signed_wrongly = {"KRAKEN_USER_TANIA_GILBERT_API_SECRET": able.api_key.secret}
    folder = tmp_path_factory.mktemp("refused")
    with (
        running_exchange([able, unable, wrong]) as exchange,
        Daemon(folder, {**exchange.environment, **signed_wrongly}) as daemon,
    ):
        yield exchange, daemon
        assert daemon.terminate() == 0


@pytest.mark.xdist_group("refused")
def test_a_key_that_can_withdraw_is_refused(refused: Refused) -> None:
    exchange, daemon = refused
    assert "Withdraw Funds" in daemon.wait_for("Kraken MASTER connection failed")
    assert [request["endpoint"] for request in exchange.requests("kraken:master")] == ["GetApiKeyInfo"]


@pytest.mark.xdist_group("refused")
def test_a_missing_permission_is_named(refused: Refused) -> None:
    line = refused[1].wait_for("⚠️  Kraken USER daivon_frazier connection failed: Permission denied")
    assert "Create & Modify Orders" in line


@pytest.mark.xdist_group("refused")
def test_a_wrong_secret_is_called_an_invalid_signature(refused: Refused) -> None:
    refused[1].wait_for("Kraken USER tania_gilbert connection failed: Invalid signature")
    assert refused[1].said("❌ Invalid signature", "account=kraken:tania_gilbert")


def test_a_clock_ten_seconds_off_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with running_exchange([MASTER, COINBASE]) as exchange:
        exchange.fault(FaultKind.CLOCK_OFFSET, seconds=10)
        with Daemon(tmp_path, exchange.environment) as daemon:
            for name in ("Kraken", "Coinbase"):
                assert "NTP" in daemon.wait_for(f"{name} MASTER connection failed: this machine's clock is")


def test_two_keys_of_one_exchange_account_do_not_both_trade(tmp_path: Path) -> None:
    twins = accounts("coinbase:master", "coinbase:tania_gilbert", account_uid="5a6f3c1e-7a11-4f0e-9c52-3a1f0d2b7c11")
    (tmp_path / "nija.toml").write_text(EAGER)
    with running_exchange(twins) as exchange, Daemon(tmp_path, exchange.environment) as daemon:
        line = daemon.wait_for("❌")
        assert "coinbase:master" in line
        assert "coinbase:tania_gilbert" in line
