"""The simulator as a child process that ends with its parent, however the parent ends.

The child reads one JSON line from stdin (the configuration, including secrets) and writes one (its addresses). After
that the parent only keeps the pipe open: when it closes, even by kill -9, the child exits.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brokers.clock import SystemClock
from brokers.errors import Unavailable
from brokers.simulator.server import Addresses, run
from brokers.simulator.wire_config import dump_config, load_config
from brokers.simulator.world import build_world

if TYPE_CHECKING:
    from brokers.simulator.config import SimulatedAccount, SimulatorConfig

_STOP_TIMEOUT = 15.0
_GRACE = 10.0
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "TMPDIR", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class ChildSimulator:
    """A simulator in its own process."""

    addresses: Addresses
    accounts: tuple[SimulatedAccount, ...]
    process: subprocess.Popen[str]

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """End it and wait for its exit. May be called more than once."""
        _end(self.process)


def start_child(config: SimulatorConfig) -> ChildSimulator:
    """Returns once it is serving. Raises Unavailable if it could not start."""
    process = subprocess.Popen(
        [sys.executable, "-m", "brokers.simulator.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(),
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None:
        raise Unavailable("the simulator has no pipes")
    try:
        process.stdin.write(dump_config(config) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        line = ""
    if not line:
        _end(process)
        raise Unavailable(f"the simulator did not start (exit code {process.returncode}): its own message is above")
    return ChildSimulator(Addresses(**json.loads(line)), config.accounts, process)


def _environment() -> dict[str, str]:
    """Only the variables Python needs: the child must not see the daemon's secrets."""
    root = str(Path(__file__).resolve().parents[2])
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return kept | {"PYTHONPATH": root, "PYTHONUNBUFFERED": "1"}


def _end(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None and not pipe.closed:
            pipe.close()
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _serve_until_orphaned(config: SimulatorConfig) -> None:
    world = build_world(config, SystemClock())
    loop = asyncio.get_running_loop()

    def watch() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(world.stopping.set)
        threading.Timer(_GRACE, os._exit, args=(1,)).start()

    def announce(addresses: Addresses) -> None:
        sys.stdout.write(json.dumps(asdict(addresses)) + "\n")
        sys.stdout.flush()

    threading.Thread(target=watch, name="parent", daemon=True).start()
    await run(world, announce)


def main() -> None:
    asyncio.run(_serve_until_orphaned(load_config(sys.stdin.readline())))
    sys.stdout.flush()
    # The timer that guards against a stuck shutdown must not delay a clean one.
    os._exit(0)


if __name__ == "__main__":
    main()
