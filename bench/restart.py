"""From kill -9 to every account reconciled and trading again, without the staggered connects.

    python -m bench.restart [--kraken 25] [--coinbase 25] [--rounds 3]

The daemon is a process of its own and so is the exchange; both are on this machine and share its processors. Every
account holds a position with a resting stop when it is killed. An account counts once it has said that it trades,
which it does after it has compared its journal with the exchange. Target: under 3 s for 50 accounts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brokers.simulator.child import start_child
from brokers.simulator.config import Limits, SimulatorConfig
from tests.made_up import accounts, environment

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]
TARGET = 3.0
_TRADES = "✅ Started independent trading thread"
_PROTECTED = "🛡️ Stop placed"
_PATIENCE = 300.0
# What a starting account asks fills most of the counter that Kraken keeps per key: until it is empty, a kill would
# measure Kraken's limits and nothing of NIJA's.
_QUIET = 40.0
_SETTINGS = """[trading]
strategy = "tests.system.strategies:BuyAndHold"
markets = ["BTC/USD"]
max_candle_age = 0
poll_seconds = 5
"""


@dataclass(frozen=True, slots=True)
class Daemon:
    process: subprocess.Popen[str]
    began: float

    def wait_for(self, text: str, count: int) -> float:
        """Seconds since the start until the `count`th line with this text."""
        for line in self.process.stdout or ():
            count -= text in line
            if count == 0:
                return time.monotonic() - self.began
            if time.monotonic() - self.began > _PATIENCE:
                break
        raise SystemExit(f"the daemon did not say {text!r} often enough")

    def listen(self, seconds: float) -> None:
        """Read on for so long, so that the daemon never waits for its reader."""
        reader = threading.Thread(target=self._read, daemon=True)
        reader.start()
        time.sleep(seconds)

    def _read(self) -> None:
        with suppress(ValueError):
            for _ in self.process.stdout or ():
                pass

    def kill(self) -> float:
        """SIGKILL; when."""
        moment = time.monotonic()
        self.process.kill()
        self.process.wait()
        return moment


def start(folder: Path, environment: Mapping[str, str], began: float | None = None) -> Daemon:
    process = subprocess.Popen(
        [sys.executable, "-m", "nija", "run"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | dict(environment),
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    return Daemon(process, time.monotonic() if began is None else began)


def measure(kraken: int, coinbase: int, rounds: int) -> list[float]:
    names = [f"kraken:user_{number}" for number in range(kraken)]
    traders = accounts(*names, *(f"coinbase:user_{number}" for number in range(coinbase)))
    # All accounts come from one address here, which Kraken's public limit and Coinbase's count together.
    child = start_child(SimulatorConfig(traders, limits=Limits(public=False)))
    try:
        with tempfile.TemporaryDirectory(prefix="nija-restart-") as name:
            folder = Path(name)
            (folder / "nija.toml").write_text(_SETTINGS)
            told = environment(child.addresses, traders, nonce_offset_max=0.0)
            daemon = start(folder, told)
            print(f"first start: all protected after {daemon.wait_for(_PROTECTED, len(traders)):.1f} s", flush=True)
            times = []
            for _ in range(rounds):
                daemon.listen(_QUIET)
                killed = daemon.kill()
                daemon = start(folder, told, began=killed)
                times.append(daemon.wait_for(_TRADES, len(traders)))
                print(f"all {len(traders)} accounts trade {times[-1]:.2f} s after kill -9", flush=True)
            daemon.kill()
            return times
    finally:
        child.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kraken", type=int, default=25, help="accounts there")
    parser.add_argument("--coinbase", type=int, default=25, help="accounts there")
    parser.add_argument("--rounds", type=int, default=3, help="how often the daemon is killed")
    given = parser.parse_args()
    best = min(measure(given.kraken, given.coinbase, given.rounds))
    print(f"best {best:.2f} s, {best / TARGET:.2f} x of the target of {TARGET:.0f} s")
    return 0 if best < TARGET else 1


if __name__ == "__main__":
    raise SystemExit(main())
