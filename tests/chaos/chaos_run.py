"""One run: the whole daemon, traded, struck, killed and started again, all by one seed; then judged."""

from __future__ import annotations

import random
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
from nija.journal.steps import Step
from tests.chaos import books_judge
from tests.chaos.lives import ANY, Death
from tests.chaos.nursery import until
from tests.chaos.quick_clock import QuickClock
from tests.chaos.restless import CALM
from tests.chaos.storm import storm
from tests.chaos.venue import venue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.chaos.nursery import Life, Nursery
    from tests.chaos.venue import Venue

# Processes are killed here, never the power: memory is disk enough.
_MEMORY = "/dev/shm"  # noqa: S108 - a folder of its own is made in it
# Seconds of the quick clock, but for the patience.
TRADING = 240.0
_GAP = 2.0
_CALM_WITHIN = 420.0
_PATIENCE = 45.0
_LOOK = 0.1
SETTINGS = """[trading]
strategy = "tests.chaos.restless:Restless"
markets = ["BTC/USD", "ETH/USD"]
poll_seconds = 10
max_candle_age = 0
[risk]
max_daily_loss = 0.99
max_drawdown = 0.99
"""


@dataclass(slots=True)
class Outcome:
    """What a run did, and what the judge found."""

    seed: int
    violations: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    disks_lost: int = 0
    orders: int = 0
    fills: int = 0
    seconds: float = 0.0
    log: str = ""


@contextmanager
def data_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=_MEMORY if Path(_MEMORY).is_dir() else None))
    try:
        (folder / "nija.toml").write_text(SETTINGS)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(seed: int, nursery: Nursery, *, trading: float = TRADING) -> Outcome:
    began = time.monotonic()
    outcome = Outcome(seed)
    with data_folder() as folder, venue(seed) as place:
        chaos = Chaos(seed, place, nursery, folder, outcome)
        try:
            chaos.trade(trading)
            chaos.settle()
        finally:
            chaos.end()
            outcome.log = (folder / "nija.log").read_text(encoding="utf-8") if (folder / "nija.log").exists() else ""
    outcome.seconds = time.monotonic() - began
    return outcome


class Chaos:
    def __init__(self, seed: int, place: Venue, nursery: Nursery, folder: Path, outcome: Outcome) -> None:
        self._seed = seed
        self._luck = random.Random(seed)
        self._place = place
        self._nursery = nursery
        self._folder = folder
        self._outcome = outcome
        self._clock = QuickClock(place.epoch)
        self._life: Life | None = None
        self._fated = False

    def trade(self, seconds: float) -> None:
        """Live and die until the time is over."""
        self._place.owner_orders()
        duration = seconds - 10.0
        faults = storm(
            self._seed, self._place.accounts, start=self._clock.time() + 5.0, duration=duration, mean_gap=_GAP
        )
        self._place.strike(faults)
        maintenance = self._luck.random() < 0.2
        over = time.monotonic() + seconds / self._place.epoch.factor
        while time.monotonic() < over:
            self._live(min(over, time.monotonic() + self._luck.uniform(0.3, 3.0)), over)
            if maintenance:
                self._maintain()
                maintenance = False

    def settle(self) -> None:
        """No more bad luck; what is still wrong after the time that NIJA's own waits take is a violation."""
        (self._folder / CALM).touch()
        self._place.heal()
        for account in self._place.accounts:
            self._place.mode(account.exchange, Mode.ONLINE)
        self._place.freeze()
        if self._life is not None and self._fated:
            self._life.kill()
            self._gone(self._life)
        if self._life is None:
            self._begin([])
        wrong = self._judged_until_right(_CALM_WITHIN)
        self._stop()
        state = self._place.state()
        accounts = self._place.accounts
        final = wrong or books_judge.violations(state, self._folder / "data", accounts, self._clock)
        self._outcome.violations += [*final, *self._errors()]
        self._outcome.faults.update(state["faults_injected"])
        for books in state["accounts"].values():
            self._outcome.orders += len(books_judge.ours(books))
            self._outcome.fills += len(books["fills"])

    def end(self) -> None:
        if self._life is not None:
            self._life.kill()
            self._life.end()
            self._life = None

    def _live(self, moment: float, over: float) -> None:
        """One life; at its end it was killed, from outside or at a step of its journal, or it goes on."""
        deaths = []
        if self._luck.random() < 0.5:
            deaths = [self._fate()]
            moment = min(over, moment + 1.0)
        life = self._life or self._begin(deaths)
        if life.died(until(moment)) or (moment < over and self._luck.random() < 0.9):
            life.kill()
            self._gone(life)

    def _fate(self) -> Death:
        """At one of the first steps of a kind, or at one of the first dozens of any."""
        committed = self._luck.random() < 0.5
        if self._luck.random() < 0.3:
            return Death(ANY, committed, count=self._luck.randint(1, 40))
        return Death(self._luck.choice(list(Step)).value, committed, count=self._luck.randint(1, 4))

    def _begin(self, deaths: Sequence[Death]) -> Life:
        self._fated = bool(deaths)
        skew = self._luck.choice([0.0, 0.0, -2.0, 2.0])
        self._life = self._nursery.begin(
            self._folder, self._place.epoch, self._place.environment, deaths, skew=skew
        )
        return self._life

    def _gone(self, life: Life) -> None:
        code = life.end()
        self._life = None
        if code == -signal.SIGKILL:
            self._outcome.kills += 1
        else:
            self._outcome.violations.append(f"the daemon ended by itself with {code}")
        self._outcome.violations += books_judge.forbidden(self._place.state())
        if self._luck.random() < 0.1:
            shutil.rmtree(self._folder / "data" / "journal", ignore_errors=True)
            self._outcome.disks_lost += 1

    def _maintain(self) -> None:
        exchange = self._luck.choice(self._place.accounts).exchange
        self._place.mode(exchange, self._luck.choice([Mode.MAINTENANCE, Mode.CANCEL_ONLY, Mode.POST_ONLY]))
        self._clock.sleep(15.0)
        self._place.mode(exchange, Mode.ONLINE)

    def _judged_until_right(self, seconds: float) -> list[str]:
        deadline = time.monotonic() + seconds / self._place.epoch.factor
        while True:
            wrong = self._wrong()
            if not wrong or time.monotonic() > deadline or books_judge.forbidden(self._place.state()):
                return wrong
            if self._life is not None and self._life.died(_LOOK):
                return [*wrong, "the daemon has ended"]

    def _wrong(self) -> list[str]:
        data = self._folder / "data"
        slugs = [account.slug for account in self._place.accounts]
        if not all((data / "journal" / f"{slug}.sqlite3").exists() for slug in slugs):
            return ["there is no journal yet"]
        return books_judge.violations(self._place.state(), data, self._place.accounts, self._clock)

    def _stop(self) -> None:
        if self._life is None:
            return
        life, self._life = self._life, None
        life.terminate()
        if not life.died(_PATIENCE):
            life.kill()
            self._outcome.violations.append("the daemon did not end on SIGTERM")
        code = life.end()
        if code != 0:
            self._outcome.violations.append(f"the daemon ended with {code}")

    def _errors(self) -> list[str]:
        """A traceback of the daemon's is a fault of its own, whatever became of the orders."""
        errors = (self._folder / "stderr.txt").read_text(encoding="utf-8")
        log = (self._folder / "nija.log").read_text(encoding="utf-8")
        found = [f"stderr: {line}" for line in errors.splitlines()[-1:]]
        return [*found, *(f"log: {line}" for line in log.splitlines() if "Traceback" in line)]
