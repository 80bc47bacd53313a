"""The parent's side of `forked_daemon`: start one, kill it, learn how it ended."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos.forked_daemon import KillAtCommit, as_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.chaos.quick_clock import Epoch

ROOT = Path(__file__).resolve().parents[2]
# One thread of arithmetic is enough, and a fork takes only one along.
_SINGLE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_KEPT = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR")


@dataclass(frozen=True, slots=True)
class ForkedDaemon:
    """A daemon that was started. It is over once `died`, and must then be waited for."""

    pid: int
    forker: DaemonForker
    handle: int

    def died(self, within: float = 0.0) -> bool:
        """Whether it has ended, waiting up to `within` real seconds for that."""
        ready, _, _ = select.select([self.handle], [], [], within)
        return bool(ready)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def end(self) -> int:
        """Wait until it has ended; its exit code, or minus the signal that ended it."""
        os.close(self.handle)
        return self.forker.ask(json.dumps({"wait": self.pid}))


class DaemonForker:
    """One process from which daemons are forked, for one thread at a time."""

    def __init__(self, root: Path = ROOT) -> None:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.forked_daemon"],
            cwd=root,
            env=kept | _SINGLE | {"PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # Its imports take longer than some runs: no run's time may pass meanwhile.
        self._answer()

    def begin(
        self,
        folder: Path,
        epoch: Epoch,
        environment: Mapping[str, str],
        kills: Sequence[KillAtCommit] = (),
        skew: float = 0.0,
    ) -> ForkedDaemon:
        pid = self.ask(as_command(folder, epoch, dict(environment), kills, skew))
        return ForkedDaemon(pid, self, os.pidfd_open(pid))

    def ask(self, line: str) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> int:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that daemons are forked from has ended: its own message is above")
        return int(json.loads(answer))

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(30.0)


@contextmanager
def daemon_forker(root: Path = ROOT) -> Iterator[DaemonForker]:
    made = DaemonForker(root)
    try:
        yield made
    finally:
        made.close()


def until(moment: float) -> float:
    """Real seconds until this steady moment, never negative."""
    return max(0.0, moment - time.monotonic())
