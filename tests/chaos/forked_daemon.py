"""Whole daemons, forked from a process that has imported everything, so that a kill costs little.

    python -m tests.chaos.forked_daemon

Says that it is ready by a line of its own. Then one command a line on stdin, one answer a line on stdout. {"folder",
"epoch", "skew", "environment", "kills"} starts a daemon and is answered with its pid; {"wait": pid} with how it ended.
Everything ends with stdin.

What differs from `nija run`: the clock is the one of the epoch, and a kill may be ordered for a commit of the journal.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pykrakenapi  # noqa: F401 - imported before the fork: it is slow, and each fork would do it again

from accounts.dotenv_file import export_library_variables
from nija.journal.opening import Journals
from nija.log.setup import configure_logging
from nija.supervisor.configuration import read_configuration
from nija.supervisor.supervisor import Supervisor
from tests.chaos.quick_clock import Epoch, QuickClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.identity import AccountId
    from nija.journal.connection import CommitHook, CommitPoint
    from nija.journal.journal import Journal

_PR_SET_PDEATHSIG = 1
ANY = "*"


@dataclass(frozen=True, slots=True)
class KillAtCommit:
    """SIGKILL at the `count`th time that a step of this name is just about to be, or has just been, committed.

    `account` may be an exchange's name for all of its accounts, and either may be ANY.
    """

    step: str
    committed: bool
    account: str = ANY
    count: int = 1

    def is_at(self, account: str, step: str, *, committed: bool) -> bool:
        place = self.account in (ANY, account, account.partition(":")[0])
        return place and self.step in (ANY, step) and self.committed is committed


class CommitKiller:
    """Counts the commits of all accounts, and kills this process at the one that was ordered."""

    def __init__(self, kills: Sequence[KillAtCommit]) -> None:
        self._left = {kill: kill.count for kill in kills}
        self._lock = threading.Lock()

    def of(self, account: AccountId) -> CommitHook:
        def on_commit(step: CommitPoint, committed: bool) -> None:  # noqa: FBT001 - the shape of CommitHook
            self._count(str(account), step.value, committed=committed)

        return on_commit

    def _count(self, account: str, step: str, *, committed: bool) -> None:
        with self._lock:
            for kill in self._left:
                if kill.is_at(account, step, committed=committed):
                    self._left[kill] -= 1
                    if self._left[kill] == 0:
                        os.kill(os.getpid(), signal.SIGKILL)


def run_daemon(command: dict[str, Any]) -> int:
    """The daemon from its first to its last moment, in this process; its exit code."""
    folder = Path(command["folder"])
    os.chdir(folder)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    killer = CommitKiller([KillAtCommit(**kill) for kill in command["kills"]])

    class Watched(Journals):
        def open(self, account: AccountId, *, on_commit: CommitHook | None = None) -> Journal:
            return super().open(account, on_commit=on_commit or killer.of(account))

    configuration = read_configuration(command["environment"], folder)
    export_library_variables(configuration.environ)
    with (folder / "nija.log").open("a", encoding="utf-8", buffering=1) as console:
        log = configure_logging(secrets=configuration.discovery.secrets, console=console)
        try:
            clock = QuickClock(Epoch(**command["epoch"]), stop, skew=command["skew"])
            return Supervisor(configuration, clock, stop, log.redactor.redact, Watched).run()
        finally:
            log.close()


def _begin(command: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    code = 70
    errors = Path(command["folder"], "stderr.txt").open("a", encoding="utf-8")  # noqa: SIM115 - until the process ends
    os.dup2(errors.fileno(), 2)
    try:
        code = run_daemon(command)
    except BaseException:  # noqa: BLE001 - the process's top: whatever it is, it is reported and ends this daemon alone
        traceback.print_exc(file=errors)
    finally:
        errors.flush()
        os._exit(code)


def main() -> None:
    alive: set[int] = set()
    _answer(os.getpid())
    for line in sys.stdin:
        command = json.loads(line)
        if "wait" in command:
            pid = command["wait"]
            answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            alive.discard(pid)
        else:
            answer = _begin(command)
            alive.add(answer)
        _answer(answer)
    for pid in alive:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _answer(number: int) -> None:
    sys.stdout.write(f"{json.dumps(number)}\n")
    sys.stdout.flush()


def as_command(
    folder: Path, epoch: Epoch, environment: dict[str, str], kills: Sequence[KillAtCommit], skew: float
) -> str:
    """The line that starts a daemon."""
    command = {
        "folder": str(folder),
        "epoch": asdict(epoch),
        "skew": skew,
        "environment": environment,
        "kills": [asdict(kill) for kill in kills],
    }
    return json.dumps(command)


if __name__ == "__main__":
    main()
