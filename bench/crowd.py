"""A daemon with any number of accounts against one simulator, for measuring what an account costs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from accounts.identity import MASTER
from brokers.exchanges import exchanges
from brokers.simulator.child import start_child
from brokers.simulator.config import Limits, SimulatorConfig
from tests.made_up import accounts, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[1]
_STARTED = "Started independent trading thread"
_PATIENCE = 300.0
_KEPT = ("PATH", "LANG", "HOME")


@dataclass(frozen=True, slots=True)
class Crowd:
    """A daemon all of whose accounts trade, with its data in `data_dir`."""

    pid: int
    data_dir: Path

    def rss_bytes(self) -> int:
        """Memory of the process that is in RAM now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """Processor time, of the program and of the system for it, since its start."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def crowd(size: int, **variables: str) -> Iterator[Crowd]:
    """`size` accounts, every other one on Kraken, connected and at rest: nothing is bought at the default settings.

    `variables` are added to the daemon's environment.
    """
    traders = accounts(*map(_name, range(size)), balances={"USD": Decimal(1_000)})
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ} | {"PYTHONPATH": str(REPOSITORY)}
    child = start_child(SimulatorConfig(traders, limits=Limits(private=False, public=False)))
    with TemporaryDirectory(prefix="nija-bench-") as folder:
        log = Path(folder) / "nija.log"
        daemon = subprocess.Popen(
            [sys.executable, "-m", "nija", "run"],
            cwd=folder,
            env=kept | environment(child.addresses, traders, nonce_offset_max=0.1) | variables,
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for_all(log, size, daemon)
            yield Crowd(daemon.pid, Path(folder) / "data")
        finally:
            daemon.terminate()
            daemon.wait(30)
            child.stop()


def _name(number: int) -> str:
    exchange = "coinbase" if number % 2 else "kraken"
    return f"{exchange}:{MASTER if number < len(exchanges()) else f'user_{number:03d}'}"


def _wait_for_all(log: Path, size: int, daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not log.exists() or log.read_text(encoding="utf-8").count(_STARTED) < size:
        if time.monotonic() > deadline or daemon.poll() is not None:
            raise SystemExit(f"the daemon did not start {size} accounts")
        time.sleep(0.5)
