"""Many accounts come, change and go beside one that trades: it is never late, and nothing of them is left."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
from structlog.testing import capture_logs

from accounts.manager import AccountState
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.server import running_simulator
from tests import made_up
from tests.nija.supervisor.test_reload import MASTER, QUIET, Daemon, keys_of
from tests.simulator_fixtures import UNLIMITED
from tests.system.settings import buy_and_hold

if TYPE_CHECKING:
    from collections.abc import Iterator

_COUNT = 50
_MANY = tuple(f"kraken:user_{number}" for number in range(_COUNT))
_ACCOUNTS = {account.name: account for account in made_up.accounts(MASTER, *_MANY)}
# A cycle comes every second. The limit is for a machine that runs other tests meanwhile; alone it stays below 2 s.
_LATE_SECONDS = 8.0
pytestmark = pytest.mark.filterwarnings("ignore:'T' is deprecated:FutureWarning")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    accounts = tuple(_ACCOUNTS.values())
    with (
        running_simulator(SimulatorConfig(accounts, limits=UNLIMITED)) as simulator,
        pytest.MonkeyPatch.context() as patch,
        capture_logs(),
    ):
        environ = made_up.environment(simulator.addresses, ())
        patch.setenv("REQUESTS_CA_BUNDLE", environ["REQUESTS_CA_BUNDLE"])
        daemon = Daemon(tmp_path, {**environ, "NIJA_DATA_DIR": str(tmp_path / "data")}, keys_of(_ACCOUNTS))
        yield daemon
        daemon.end()


class Lateness:
    """The longest time for which the account of MASTER has not ended a cycle, measured in a thread of its own."""

    def __init__(self, daemon: Daemon) -> None:
        self.longest = 0.0
        self._daemon = daemon
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            (thread,) = (one for one in self._daemon.supervisor.threads if str(one.account) == MASTER)
            snapshot = self._daemon.supervisor.manager.snapshot(thread.account)
            if snapshot.last_work is not None:
                self.longest = max(self.longest, self._daemon.now() - snapshot.last_work.timestamp())


def test_accounts_come_change_and_go_beside_one_that_trades(daemon: Daemon) -> None:
    toml = buy_and_hold([MASTER]) + "".join(f'[accounts."{name}"]\nstrategy = "trend"\n{QUIET}' for name in _MANY)
    daemon.write(MASTER, toml=toml)
    daemon.start()
    daemon.wait_until(lambda: len(daemon.accounts().get(MASTER, daemon.nothing).resting_orders) == 1, "it holds")
    bare = _bare_total(daemon)
    threads, files, sockets = threading.active_count(), _open_files(daemon), _open_sockets()
    with Lateness(daemon) as lateness:
        daemon.write(MASTER, *_MANY, toml=toml)
        daemon.reload()
        daemon.wait_for(MASTER, *_MANY)
        changed = toml.replace('"trend"\n', '"trend"\nmax_positions = 1\nkraken_tier = "intermediate"\n')
        daemon.write(MASTER, *_MANY, toml=changed)
        assert len(daemon.reload().accounts) == _COUNT
        daemon.wait_for(MASTER, *_MANY)
        daemon.write(MASTER, toml=changed)
        daemon.reload()
        daemon.wait_for(MASTER)
        daemon.wait_until(lambda: len(daemon.supervisor.threads) == 1, "their threads have ended")
    assert lateness.longest < _LATE_SECONDS
    assert _bare_total(daemon) == bare
    daemon.wait_until(lambda: threading.active_count() <= threads, "no thread is left")
    daemon.wait_until(lambda: _open_files(daemon) <= files, "no file of theirs is left open")
    daemon.wait_until(lambda: _open_sockets() <= sockets, "no socket of theirs is left open")


def _trading(daemon: Daemon) -> int:
    return sum(snapshot.state is AccountState.TRADING for snapshot in daemon.supervisor.manager.snapshots())


def _bare_total(daemon: Daemon) -> float:
    (protection,) = daemon.accounts()[MASTER].protection
    return protection.bare_total


def _open_files(daemon: Daemon) -> int:
    """Of the data folder: journals, locks, budgets."""
    count = 0
    for handle in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            count += handle.readlink().is_relative_to(daemon.home)
    return count


def _open_sockets() -> int:
    """Of this process, which serves the exchange too: both ends of each connection."""
    count = 0
    for handle in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            count += str(handle.readlink()).startswith("socket:")
    return count
