"""A daemon with any number of accounts against one simulator, for measuring what an account costs."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from accounts.identity import MASTER, AccountId
from brokers.model import Exchange
from brokers.simulator.child import start_child
from brokers.simulator.config import (
    Limits,
    SimulatedAccount,
    SimulatorConfig,
    coinbase_key,
    kraken_key,
    made_up_iban,
    made_up_uuid,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from brokers.simulator.server import Addresses

REPOSITORY = Path(__file__).resolve().parents[1]
_STARTED = "Started independent trading thread"
_PATIENCE = 300.0
_KEPT = ("PATH", "LANG", "HOME")


@dataclass(frozen=True, slots=True)
class Crowd:
    """A daemon all of whose accounts trade."""

    pid: int

    def rss_bytes(self) -> int:
        """Memory of the process that is in RAM now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """Processor time, of the program and of the system for it, since its start."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def crowd(size: int) -> Iterator[Crowd]:
    """`size` accounts, every other one on Kraken, connected and at rest: nothing is bought at the default settings."""
    accounts = tuple(_account(number, random.Random(number)) for number in range(size))  # noqa: S311 - made-up keys
    child = start_child(SimulatorConfig(accounts, limits=Limits(private=False, public=False)))
    with TemporaryDirectory(prefix="nija-bench-") as folder:
        log = Path(folder) / "nija.log"
        daemon = subprocess.Popen(
            [sys.executable, "-m", "nija", "run"],
            cwd=folder,
            env=_environment(child.addresses, accounts),
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for_all(log, size, daemon)
            yield Crowd(daemon.pid)
        finally:
            daemon.terminate()
            daemon.wait(30)
            child.stop()


def _account(number: int, rng: random.Random) -> SimulatedAccount:
    owner = MASTER if number < len(Exchange) else f"user_{number:03d}"
    if number % 2 == 0:
        key, exchange, uid = kraken_key(rng), Exchange.KRAKEN, made_up_iban(rng)
    else:
        key, exchange, uid = coinbase_key(rng), Exchange.COINBASE, made_up_uuid(rng)
    return SimulatedAccount(exchange, owner, key, {"USD": Decimal(1_000)}, account_uid=uid)


def _environment(addresses: Addresses, accounts: tuple[SimulatedAccount, ...]) -> Mapping[str, str]:
    variables = {name: os.environ[name] for name in _KEPT if name in os.environ} | {
        "PYTHONPATH": str(REPOSITORY),
        "KRAKEN_API_URL": addresses.kraken_url,
        "COINBASE_API_URL": addresses.coinbase_url,
        "REQUESTS_CA_BUNDLE": addresses.ca_file,
        "NIJA_CONNECT_DELAY": "0",
        "NIJA_NONCE_OFFSET_MAX": "0.1",
    }
    for account in accounts:
        prefix = AccountId(account.exchange, account.owner).env_prefix
        variables[f"{prefix}_API_KEY"] = account.api_key.key
        variables[f"{prefix}_API_SECRET"] = account.api_key.secret
    return variables


def _wait_for_all(log: Path, size: int, daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not log.exists() or log.read_text(encoding="utf-8").count(_STARTED) < size:
        if time.monotonic() > deadline or daemon.poll() is not None:
            raise SystemExit(f"the daemon did not start {size} accounts")
        time.sleep(0.5)
