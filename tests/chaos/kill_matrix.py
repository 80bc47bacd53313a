"""SIGKILL at every step of the journal, before and after its commit, one daemon after the other on the same account."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import Exchange
from brokers.simulator.faults import Fault, FaultKind
from nija.journal.connection import CommitPoint
from tests.chaos.fault_schedule import PLACE
from tests.chaos.forked_daemon import KillAtCommit
from tests.chaos.harness import Harness, Outcome, running_harness

if TYPE_CHECKING:
    from tests.chaos.daemon_forker import DaemonForker, ForkedDaemon

# Real seconds in which a daemon must have come to its step: orders without an answer take most of them.
_WITHIN = 15.0
_LOOK = 1.0
# Nothing but the clock makes it wait here, so it runs as fast as the daemon can follow.
_FACTOR = 80.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One step of one exchange's account, just before or just after it is on disk."""

    exchange: Exchange
    step: CommitPoint
    committed: bool

    def __str__(self) -> str:
        return f"{self.exchange}, {'after' if self.committed else 'before'} {self.step.value}"


def cells(exchange: Exchange) -> tuple[Cell, ...]:
    """Nothing is ever amended at Coinbase."""
    steps = [step for step in CommitPoint if not (step is CommitPoint.AMENDED and exchange == Exchange.COINBASE)]
    return tuple(Cell(exchange, step, committed) for step in steps for committed in (False, True))


def run(exchange: Exchange, forker: DaemonForker, seed: int = 1) -> Outcome:
    """All cells of an exchange. A step that was never reached is a violation, too."""
    with running_harness(seed, forker, (f"{exchange}:master",), _FACTOR) as harness:
        harness.exchange.owner_orders()
        for cell in cells(exchange):
            _prepare(harness, cell)
            daemon = harness.begin([KillAtCommit(cell.step.value, cell.committed)])
            if not _dies(harness, daemon, cell):
                harness.outcome.violations.append(f"never reached: {cell}")
            found = len(harness.outcome.violations)
            harness.kill()
            harness.outcome.violations[found:] = [f"{cell}: {wrong}" for wrong in harness.outcome.violations[found:]]
        harness.settle()
    return harness.outcome


def _prepare(harness: Harness, cell: Cell) -> None:
    """What must be for the daemon to come to this step."""
    harness.exchange.heal()
    if cell.step is CommitPoint.ADOPTED:
        harness.lose_journals()


def _dies(harness: Harness, daemon: ForkedDaemon, cell: Cell) -> bool:
    """Whether the daemon comes to its step. For an unknown outcome answers get lost until one of them is an order's.

    Kraken answers previews at the same endpoint.
    """
    until = time.monotonic() + _WITHIN
    while time.monotonic() < until:
        if cell.step is CommitPoint.RESOLVED:
            harness.exchange.strike([Fault(FaultKind.DROP_AFTER, endpoint=PLACE[cell.exchange], count=1)])
        if daemon.died(_LOOK):
            return True
    return False
