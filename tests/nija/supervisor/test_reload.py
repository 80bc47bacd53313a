"""Accounts and settings that change while NIJA runs, on real sockets and threads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from accounts.identity import AccountId
from accounts.manager import AccountState
from accounts.ownership import KeyOwnership
from brokers.clock import SystemClock
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.server import running_simulator
from nija.control.client import ask
from nija.control.reload import ReloadReport
from nija.doctor.running import notices
from nija.log.redaction import REDACTED, Redactor
from nija.status.report import AccountStatus, StatusReport
from nija.supervisor.configuration import read_configuration
from nija.supervisor.source import ConfigurationSource
from nija.supervisor.supervisor import Supervisor
from nija.wizard.takeover import Takeover
from tests import made_up
from tests.simulator_fixtures import UNLIMITED
from tests.system.settings import buy_and_hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from brokers.model import ApiKey
    from brokers.simulator.config import SimulatedAccount
    from brokers.simulator.server import Simulator

MASTER, DAIVON, TANIA = "kraken:master", "kraken:daivon_frazier", "kraken:tania_gilbert"
ACCOUNTS = {account.name: account for account in made_up.accounts(MASTER, DAIVON, TANIA)}
_PATIENCE = 90.0
# An account that bought something would not leave, and would be recognised by the next test.
QUIET = "min_balance = 1000000\n"
_BUY_AND_HOLD = buy_and_hold((MASTER, DAIVON))
pytestmark = pytest.mark.filterwarnings("ignore:'T' is deprecated:FutureWarning")


@dataclass
class Daemon:
    """A supervisor in a thread of its own, whose `.env` and nija.toml the test edits."""

    folder: Path
    environ: dict[str, str]
    keys: Mapping[str, ApiKey]
    stop: threading.Event = field(default_factory=threading.Event)
    redactor: Redactor = field(default_factory=Redactor)

    def write(self, *names: str, toml: str = f"[risk]\n{QUIET}", **keys_of: str) -> None:
        """The accounts of `.env`, each with its own key or with that of another one; and nija.toml."""
        (self.folder / "nija.toml").write_text(toml)
        keys = {**{name: name for name in names}, **keys_of}
        values = (line for name, whose in keys.items() for line in _variables(name, self.keys[whose]).items())
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in values))

    def start(self) -> None:
        written = read_configuration(self.environ, self.folder)
        source = ConfigurationSource(
            self.environ, self.folder, written, lambda same: same, lambda secrets: self.redactor.add(*secrets)
        )
        self.supervisor = Supervisor(written, SystemClock(self.stop), self.stop, source=source)
        self._thread = threading.Thread(target=self.supervisor.run)
        self._thread.start()

    def end(self) -> None:
        self.stop.set()
        self._thread.join(_PATIENCE)
        assert not self._thread.is_alive()

    @property
    def home(self) -> Path:
        return Path(self.environ["NIJA_DATA_DIR"])

    @property
    def nothing(self) -> AccountStatus:
        """An account of which nothing is known."""
        return AccountStatus("", "", "", "")

    def now(self) -> float:
        """As the exchange and the accounts see it, in Unix seconds."""
        return SystemClock().time()

    def reload(self) -> ReloadReport:
        return ReloadReport.from_json(ask(self.home, "reload") or {})

    def accounts(self) -> dict[str, AccountStatus]:
        answer = ask(self.home, "status")
        return {} if answer is None else {account.id: account for account in StatusReport.from_json(answer).accounts}

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        turn = threading.Event()
        for _ in range(int(_PATIENCE / 0.05)):
            if condition():
                return
            turn.wait(0.05)
        raise AssertionError(f"not within {_PATIENCE:.0f} s: {what}: {self.accounts()}")

    def wait_for(self, *names: str) -> None:
        """These accounts trade, and no others are there."""
        expected = dict.fromkeys(names, AccountState.TRADING.value)
        self.wait_until(
            lambda: {name: one.state for name, one in self.accounts().items()} == expected, f"{names} trade"
        )


def keys_of(accounts: Mapping[str, SimulatedAccount]) -> dict[str, ApiKey]:
    return {name: account.api_key for name, account in accounts.items()}


def _variables(name: str, key: ApiKey) -> dict[str, str]:
    prefix = AccountId.parse(name).env_prefix
    return {f"{prefix}_API_KEY": key.key, f"{prefix}_API_SECRET": key.secret}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator(SimulatorConfig(tuple(ACCOUNTS.values()), limits=UNLIMITED)) as simulator:
        yield simulator


@pytest.fixture
def daemon(simulator: Simulator, tmp_path: Path) -> Iterator[Daemon]:
    """Not started yet."""
    environ = made_up.environment(simulator.addresses, ())
    daemon = Daemon(tmp_path, {**environ, "NIJA_DATA_DIR": str(tmp_path / "data")}, keys_of(ACCOUNTS))
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        patch.setenv("REQUESTS_CA_BUNDLE", environ["REQUESTS_CA_BUNDLE"])
        yield daemon
        daemon.end()


def test_an_edit_of_env_is_noticed_and_its_account_trades_without_a_restart(daemon: Daemon) -> None:
    daemon.write(MASTER)
    daemon.start()
    daemon.wait_for(MASTER)
    daemon.write(MASTER, DAIVON)
    daemon.wait_for(MASTER, DAIVON)
    secret = ACCOUNTS[DAIVON].api_key.secret
    assert daemon.redactor.redact(secret) == REDACTED


def test_a_removed_account_with_nothing_open_goes_and_gives_its_key_back(daemon: Daemon) -> None:
    daemon.write(MASTER, DAIVON)
    daemon.start()
    daemon.wait_for(MASTER, DAIVON)
    daemon.write(MASTER)
    (note,) = daemon.reload().accounts
    assert note.account == DAIVON
    daemon.wait_for(MASTER)
    daemon.wait_until(lambda: len(daemon.supervisor.threads) == 1, "its thread has ended")
    KeyOwnership(daemon.home, ACCOUNTS[DAIVON].api_key.fingerprint, SystemClock(), "test").release()


def test_a_removed_account_with_a_position_keeps_its_stop_and_is_taken_back(daemon: Daemon) -> None:
    daemon.write(MASTER, DAIVON, toml=_BUY_AND_HOLD)
    daemon.start()
    daemon.wait_until(
        lambda: [len(one.resting_orders) for one in _found(daemon, MASTER, DAIVON)] == [1, 1], "both hold"
    )
    daemon.write(MASTER, toml=_BUY_AND_HOLD)
    daemon.reload()
    daemon.wait_until(lambda: daemon.accounts()[DAIVON].state == "PAUSED", "it opens nothing more")
    (left,) = _found(daemon, DAIVON)
    assert [order.purpose for order in left.resting_orders] == ["stop"]
    assert left.protection[0].bare_seconds == 0
    daemon.write(MASTER, DAIVON, toml=_BUY_AND_HOLD)
    daemon.reload()
    daemon.wait_for(MASTER, DAIVON)


def test_changed_settings_apply_without_a_new_connect(daemon: Daemon) -> None:
    daemon.write(MASTER)
    daemon.start()
    daemon.wait_for(MASTER)
    (thread,) = daemon.supervisor.threads
    daemon.write(MASTER, toml='[trading]\nmarkets = ["SOL/USD"]\n[risk]\nmax_drawdown = 0.5\n' + QUIET)
    (note,) = daemon.reload().accounts
    assert note.text.startswith("markets, max_drawdown")
    daemon.wait_until(
        lambda: [market.market for market in daemon.accounts()[MASTER].markets] == ["SOL/USD"], "it follows SOL/USD"
    )
    assert daemon.supervisor.threads == (thread,)


def test_a_broken_edit_is_refused_as_a_whole_with_its_key(daemon: Daemon) -> None:
    daemon.write(MASTER)
    daemon.start()
    daemon.wait_for(MASTER)
    daemon.write(MASTER, DAIVON, toml="[risk]\nmax_drawdown = 7\n")
    (refused,) = daemon.reload().refused
    assert "risk.max_drawdown" in refused
    (notice,) = StatusReport.from_json(ask(daemon.home, "status") or {}).notices
    assert "the former settings stay in force" in notice
    assert daemon.accounts().keys() == {MASTER}


def test_a_lost_env_removes_nobody(daemon: Daemon) -> None:
    daemon.write(MASTER)
    daemon.start()
    daemon.wait_for(MASTER)
    (daemon.folder / ".env").unlink()
    (refused,) = daemon.reload().refused
    assert "is gone" in refused
    daemon.wait_for(MASTER)


def test_a_changed_key_is_taken_by_a_new_connect(daemon: Daemon) -> None:
    daemon.write(MASTER, DAIVON)
    daemon.start()
    daemon.wait_for(MASTER, DAIVON)
    daemon.write(MASTER, **{DAIVON: TANIA})
    (note,) = daemon.reload().accounts
    assert note.text.startswith("its new key is taken")
    daemon.wait_until(lambda: "another exchange account" in daemon.accounts()[DAIVON].reason, "whose key it is")
    daemon.write(MASTER, DAIVON)
    daemon.reload()
    daemon.wait_for(MASTER, DAIVON)


def test_a_key_that_another_account_has_is_refused_before_it_stops_both(daemon: Daemon) -> None:
    daemon.write(MASTER)
    daemon.start()
    daemon.wait_for(MASTER)
    daemon.write(MASTER, **{DAIVON: MASTER})
    assert all("holds the same key" in text for text in daemon.reload().refused)
    daemon.wait_for(MASTER)


def _found(daemon: Daemon, *names: str) -> list[AccountStatus]:
    known = daemon.accounts()
    return [known[name] for name in names if name in known]


def test_the_wizards_last_step_is_an_account_that_trades(daemon: Daemon) -> None:
    daemon.write(MASTER)
    daemon.start()
    daemon.wait_for(MASTER)
    daemon.write(MASTER, DAIVON)
    said: list[str] = []
    assert Takeover(daemon.home, SystemClock(), said.append).added(AccountId.parse(DAIVON))
    assert said[-1].startswith(f"✅ {DAIVON} trades after")


def test_the_doctor_names_what_was_written_and_is_not_in_force(daemon: Daemon) -> None:
    daemon.write(MASTER)
    daemon.start()
    daemon.wait_for(MASTER)
    with (daemon.folder / ".env").open("a") as file:
        file.write("NIJA_DAILY_SUMMARY_HOUR=7\n")
    daemon.reload()
    assert notices(ask(daemon.home, "doctor") or {}) == ("NIJA_DAILY_SUMMARY_HOUR takes effect at the next start",)
