"""One exchange, one data folder, and one daemon after the other in it; in the end the books are checked."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from brokers.simulator.engine.markets import Mode
from nija.journal.errors import JournalError
from tests.chaos import checker
from tests.chaos.bare_time import BareTime, bare_now, bare_time
from tests.chaos.exchange import FACTOR, chaos_exchange
from tests.chaos.quick_clock import QuickClock
from tests.chaos.random_strategy import CALM
from tests.simulated_books import of_nija

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.chaos.daemon_forker import DaemonForker, ForkedDaemon
    from tests.chaos.exchange import ChaosExchange
    from tests.chaos.forked_daemon import KillAtCommit

# Processes are killed here, never the power: memory is disk enough.
_SHARED = "/dev/shm"  # noqa: S108 - a folder of its own is made in it
MEMORY = _SHARED if Path(_SHARED).is_dir() else None
# Seconds of the quick clock: the longest wait before a connect is tried again, then the one between two comparisons
# with the exchange, and what a busy machine takes.
_CALM_WITHIN = 900.0
# Until every position is covered: the waits of a connect that was refused, and of a rate limit that was used up.
_COVERED_WITHIN = 300.0
# Nothing can be asked meanwhile.
_LOCKED_OUT = 900.0
_PATIENCE = 45.0
# A clock that is wrong by more is refused by NIJA itself until it is put right.
_WORKABLE = 4.0
_LOOK = 0.1
_SETTINGS = """[trading]
strategy = "tests.chaos.random_strategy:{strategy}"
markets = ["BTC/USD", "ETH/USD"]
poll_seconds = 10
max_candle_age = 0
[risk]
max_daily_loss = 0.99
max_drawdown = 0.99
"""


@dataclass(slots=True)
class Outcome:
    """What a run did, and what the checker found.

    `acts` are what owners and exchanges did by themselves. `seconds` are real ones, those of `bare` the run's clock's.
    """

    seed: int
    violations: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    bare: BareTime = field(default_factory=BareTime)
    disks_lost: int = 0
    orders: int = 0
    fills: int = 0
    seconds: float = 0.0
    log: str = ""


def settings(seed: int) -> str:
    """The text of nija.toml. Every other seed resizes its positions."""
    return _SETTINGS.format(strategy="RandomStrategy" if seed % 2 else "RandomWeights")


@contextmanager
def running_harness(seed: int, forker: DaemonForker, names: Sequence[str], factor: float = FACTOR) -> Iterator[Harness]:
    """`factor`: how much faster than the machine's the clock of everything in it runs."""
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=MEMORY))
    (folder / "nija.toml").write_text(settings(seed))
    try:
        with chaos_exchange(seed, names, factor=factor) as exchange:
            harness = Harness(seed, exchange, forker, folder)
            try:
                yield harness
            finally:
                harness.end()
                harness.outcome.log = harness.log()
                harness.outcome.seconds = time.monotonic() - began
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Harness:
    def __init__(self, seed: int, exchange: ChaosExchange, forker: DaemonForker, folder: Path) -> None:
        self.exchange = exchange
        self.clock = QuickClock(exchange.epoch)
        self.outcome = Outcome(seed)
        self._forker = forker
        self.folder = folder
        self._daemon: ForkedDaemon | None = None
        self._will_die = False

    @property
    def daemon(self) -> ForkedDaemon | None:
        """The daemon that runs, or has just ended."""
        return self._daemon

    def begin(self, kills: Sequence[KillAtCommit] = (), skew: float = 0.0) -> ForkedDaemon:
        """Start the daemon; `skew` is how many seconds its clock is wrong."""
        self._will_die = bool(kills) or abs(skew) > _WORKABLE
        self._daemon = self._forker.begin(self.folder, self.exchange.epoch, self.exchange.environment, kills, skew=skew)
        return self._daemon

    def kill(self) -> None:
        """End the daemon that runs, or take note of how it ended; and see that nothing forbidden was done."""
        if self._daemon is None:
            return
        daemon, self._daemon = self._daemon, None
        daemon.kill()
        code = daemon.end()
        if code == -signal.SIGKILL:
            self.outcome.kills += 1
        else:
            self.outcome.violations.append(f"the daemon ended by itself with {code}")
        self._note(checker.forbidden(self.exchange.state()))

    @property
    def has_traded(self) -> bool:
        """Whether anything of NIJA's was ordered, and anything struck."""
        state = self.exchange.state()
        return bool(state["faults_injected"]) and any(map(of_nija, state["accounts"].values()))

    def lose_journals(self) -> None:
        shutil.rmtree(self.folder / "data" / "journal", ignore_errors=True)
        self.outcome.disks_lost += 1

    def settle(self) -> None:
        """No more bad luck; what is still wrong after the time that NIJA's own waits take is a violation."""
        (self.folder / CALM).touch()
        self.exchange.heal()
        for account in self.exchange.accounts:
            self.exchange.mode(account.exchange, Mode.ONLINE)
        self.exchange.freeze()
        calm_since = self.clock.time()
        if self._will_die:
            self.kill()
        wrong = self._checked_until_right()
        self._stop()
        if not wrong and self._wrong(self.exchange.state()):
            # An order that was under way as the daemon was told to end is for the next one to book.
            wrong = self._checked_until_right()
            self._stop()
        state = self.exchange.state()
        self._note([*(wrong or self._wrong(state)), *self._errors()])
        self.outcome.faults.update(state["faults_injected"])
        self.outcome.acts.update(state["acts_done"])
        self.outcome.bare = bare_time(state, calm_since, self._given_up(state))
        for books in state["accounts"].values():
            self.outcome.orders += len(of_nija(books))
            self.outcome.fills += len(books["fills"])

    def end(self) -> None:
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.end()
            self._daemon = None

    def log(self) -> str:
        """What all the daemons said."""
        file = self.folder / "nija.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def _checked_until_right(self) -> list[str]:
        if self._daemon is None:
            self.begin()
        began = self.clock.monotonic()
        covered = False
        while True:
            state = self.exchange.state()
            locked_out = _LOCKED_OUT if "lockout" in state["faults_injected"] else 0.0
            passed = self.clock.monotonic() - began
            if not covered:
                bare = self._bare(state)
                covered = not bare
                if bare and passed > _COVERED_WITHIN + locked_out:
                    return [
                        f"{position} has no stop of its size {passed:.0f} s after the last fault" for position in bare
                    ]
            wrong = self._wrong(state)
            if not wrong or passed > _CALM_WITHIN + locked_out or checker.forbidden(state):
                return wrong
            if self._daemon is not None and self._daemon.died(_LOOK):
                return [*wrong, "the daemon has ended"]

    def _wrong(self, state: Mapping[str, object]) -> list[str]:
        try:
            wrong = checker.violations(state, self.folder / "data", self.exchange.accounts, self.clock)
        except JournalError as error:
            return [f"there is no journal: {error}"]
        return wrong or [f"{position} has no stop of its size" for position in self._bare(state)]

    def _bare(self, state: Mapping[str, object]) -> list[str]:
        bare = bare_now(state)
        given_up = self._given_up(state) if bare else {}
        return [position for position in bare if position not in given_up]

    def _given_up(self, state: Mapping[str, object]) -> Mapping[str, float]:
        return checker.given_up(state, self.folder / "data", self.exchange.accounts, self.clock)

    def _stop(self) -> None:
        """SIGTERM; the daemon must end by itself and without a complaint."""
        if self._daemon is None:
            return
        daemon, self._daemon = self._daemon, None
        daemon.terminate()
        if not daemon.died(_PATIENCE):
            daemon.kill()
            self.outcome.violations.append("the daemon did not end on SIGTERM")
        code = daemon.end()
        if code != 0:
            self.outcome.violations.append(f"the daemon ended with {code}")

    def _errors(self) -> list[str]:
        """A traceback of the daemon's is a fault of its own, whatever became of the orders."""
        errors = (self.folder / "stderr.txt").read_text(encoding="utf-8")
        unforeseen = {line.split("  ")[-1] for line in self.log().splitlines() if "failed unexpectedly" in line}
        return [f"said: {line}" for line in [*errors.splitlines()[-1:], *sorted(unforeseen)]]

    def _note(self, violations: Sequence[str]) -> None:
        """Each once, however often it is found."""
        self.outcome.violations += [wrong for wrong in violations if wrong not in self.outcome.violations]
