"""Whatever is wrong with what the daemon is given: one clear line each, no traceback, exit code 2."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import pytest

from brokers.simulator.config import TRADING_PERMISSIONS
from brokers.simulator.faults import FaultKind
from tests.system.conftest import EAGER
from tests.system.daemon import Daemon, run_to_end
from tests.system.exchange import accounts, credentials, exchange

if TYPE_CHECKING:
    from pathlib import Path

MASTER, COINBASE = accounts("kraken:master", "coinbase:master")
KEYS = credentials([MASTER])
OTHER = credentials(accounts("kraken:daivon_frazier", seed=12))
USER_KEY, USER_SECRET = OTHER["KRAKEN_USER_DAIVON_FRAZIER_API_KEY"], OTHER["KRAKEN_USER_DAIVON_FRAZIER_API_SECRET"]


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
        (".env", "GOOD=1\nthis is no assignment\n", (".env", "line 2")),
        ("nija.toml", "[trading\n", ("nija.toml", "TOML")),
        ("nija.toml", "[trading]\nmarket = ['BTC/USD']\n", ("nija.toml", "trading.market", "markets")),
        ("nija.toml", "[risk]\nmax_positions = -1\n", ("nija.toml", "risk.max_positions", "-1")),
        ("nija.toml", "[trading]\ntimeframe = '2d'\n", ("nija.toml", "trading.timeframe", "2d", "1d")),
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
        ({"NIJA_CONNECT_DELAY": "soon"}, ("NIJA_CONNECT_DELAY", "soon")),
        ({"KRAKEN_API_URL": "kraken"}, ("KRAKEN_API_URL", "https://")),
        ({"NIJA_DATA_DIR": "occupied/data"}, ("occupied/data", "NIJA_DATA_DIR")),
        ({"NIJA_LOG_FILE": "occupied/nija.log"}, ("occupied/nija.log", "NIJA_LOG_FILE")),
        ({"NIJA_CONFIG": "absent.toml"}, ("absent.toml", "NIJA_CONFIG")),
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


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ({"KRAKEN_MASTER_API_SECRET": ""}, "KRAKEN_MASTER_API_SECRET"),
        ({"KRAKEN_MASTER_API_KEY": "   "}, "Credentials contain only whitespace"),
        ({"KRAKEN_MASTER_API_KEY": "short"}, "56"),
        ({"KRAKEN_MASTER_API_SECRET": "!" * 88}, "base64"),
        ({"COINBASE_MASTER_API_SECRET": "no PEM"}, "COINBASE_MASTER_API_SECRET"),
    ],
)
def test_a_broken_credential_stops_its_own_account_alone(tmp_path: Path, broken: dict[str, str], named: str) -> None:
    with exchange([MASTER, COINBASE]) as venue:
        bad, good = ("kraken", "coinbase") if "KRAKEN" in next(iter(broken)) else ("coinbase", "kraken")
        with Daemon(tmp_path, venue.environment | broken) as daemon:
            daemon.wait_for("Started independent trading thread", good)
            (line,) = daemon.said("❌")
            assert named in line
            assert not daemon.said("Attempting to connect", f"account={bad}")
            assert daemon.terminate() == 0
            assert not daemon.errors


def test_the_same_key_under_two_accounts_is_refused_for_both(tmp_path: Path) -> None:
    double = {
        "KRAKEN_USER_TANIA_GILBERT_API_KEY": KEYS["KRAKEN_MASTER_API_KEY"],
        "KRAKEN_USER_TANIA_GILBERT_API_SECRET": KEYS["KRAKEN_MASTER_API_SECRET"],
        **OTHER,
    }
    with exchange(accounts("kraken:master")) as venue:
        with Daemon(tmp_path, venue.environment | double) as daemon:
            daemon.wait_for("connection failed", "daivon_frazier")
            said = " ".join(daemon.said("❌"))
            assert "KRAKEN_USER_TANIA_GILBERT_API_KEY" in said
            assert "KRAKEN_MASTER_API_KEY" in said
            assert not daemon.said("Attempting to connect", "account=kraken:master")
            assert not daemon.said("Attempting to connect", "account=kraken:tania_gilbert")


def test_a_second_daemon_on_the_same_keys_names_the_first(tmp_path: Path) -> None:
    with exchange([COINBASE]) as venue, Daemon(tmp_path, venue.environment) as first:
        first.wait_for("Started independent trading thread")
        second = tmp_path / "second"
        second.mkdir()
        line = refusal(second, {**venue.environment, "NIJA_DATA_DIR": str(tmp_path / "data")})
        assert f"process {first.pid} " in line
        assert re.search(r"since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d", line)


def test_without_a_network_the_daemon_stays_up_and_keeps_trying(tmp_path: Path) -> None:
    here = {"KRAKEN_API_URL": nowhere(), "NIJA_CONNECT_DELAY": "0"}
    with Daemon(tmp_path, KEYS | here) as daemon:
        daemon.wait_for("Kraken MASTER connection failed")
        daemon.wait_for("Attempting to connect", count=2)
        assert len(daemon.said("connection failed")) == 1
        assert daemon.terminate() == 0
        assert not daemon.errors
        assert not daemon.said("Traceback")


def connection_failure(folder: Path, environment: dict[str, str]) -> str:
    with Daemon(folder, environment) as daemon:
        return daemon.wait_for("connection failed")


def test_a_clock_ten_seconds_off_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with exchange([MASTER]) as venue:
        venue.fault(FaultKind.CLOCK_OFFSET, seconds=10)
        line = connection_failure(tmp_path, dict(venue.environment))
    assert "NTP" in line
    assert "10." in line or "9.9" in line


def test_a_key_that_can_withdraw_is_refused(tmp_path: Path) -> None:
    able = accounts("kraken:master", permissions=TRADING_PERMISSIONS | {"withdraw-funds"})
    with exchange(able) as venue:
        line = connection_failure(tmp_path, dict(venue.environment))
        assert "Withdraw Funds" in line
        assert not venue.requests("kraken:master", "AddOrder")


def test_a_missing_permission_is_named(tmp_path: Path) -> None:
    unable = accounts("kraken:master", permissions=TRADING_PERMISSIONS - {"modify-trades"})
    with exchange(unable) as venue:
        line = connection_failure(tmp_path, dict(venue.environment))
    assert "⚠️  Kraken MASTER connection failed: Permission denied" in line
    assert "Create & Modify Orders" in line


def test_a_wrong_secret_is_called_an_invalid_signature(tmp_path: Path) -> None:
    with exchange([MASTER]) as venue:
        wrong = {"KRAKEN_MASTER_API_SECRET": USER_SECRET}
        with Daemon(tmp_path, venue.environment | wrong) as daemon:
            assert "Kraken MASTER connection failed" in daemon.wait_for("connection failed")
            assert daemon.said("❌ Invalid signature")


def test_two_keys_of_one_exchange_account_do_not_both_trade(tmp_path: Path) -> None:
    twins = accounts("coinbase:master", "coinbase:tania_gilbert", account_uid="5a6f3c1e-7a11-4f0e-9c52-3a1f0d2b7c11")
    (tmp_path / "nija.toml").write_text(EAGER)
    with exchange(twins) as venue, Daemon(tmp_path, venue.environment) as daemon:
        line = daemon.wait_for("❌")
        assert "coinbase:master" in line
        assert "coinbase:tania_gilbert" in line
