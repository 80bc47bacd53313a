"""SIGKILL at every step of the journal, before and after its commit, one daemon after the other on the same account."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import Exchange
from brokers.simulator.faults import Fault, FaultKind
from nija.journal.steps import Step
from tests.chaos.lives import Death
from tests.chaos.stage import Outcome, Stage, stage
from tests.chaos.storm import PLACE

if TYPE_CHECKING:
    from tests.chaos.nursery import Life, Nursery

# Real seconds in which a daemon must have come to its step: orders without an answer take most of them.
_WITHIN = 15.0
_LOOK = 1.0
# Nothing but the clock makes it wait here, so it runs as fast as the daemon can follow.
_FACTOR = 80.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One step of one exchange's account, just before or just after it is on disk."""

    exchange: Exchange
    step: Step
    committed: bool

    def __str__(self) -> str:
        return f"{self.exchange}, {'after' if self.committed else 'before'} {self.step.value}"


def cells(exchange: Exchange) -> tuple[Cell, ...]:
    """Nothing is ever amended at Coinbase."""
    steps = [step for step in Step if not (step is Step.AMENDED and exchange == Exchange.COINBASE)]
    return tuple(Cell(exchange, step, committed) for step in steps for committed in (False, True))


def walk(exchange: Exchange, nursery: Nursery, seed: int = 1) -> Outcome:
    """Through all cells of an exchange. A step that was never reached is a violation, too."""
    with stage(seed, nursery, (f"{exchange}:master",), _FACTOR) as made:
        made.place.owner_orders()
        for cell in cells(exchange):
            _prepare(made, cell)
            life = made.begin([Death(cell.step.value, cell.committed)])
            if not _dies(made, life, cell):
                made.outcome.violations.append(f"never reached: {cell}")
            found = len(made.outcome.violations)
            made.kill()
            made.outcome.violations[found:] = [f"{cell}: {wrong}" for wrong in made.outcome.violations[found:]]
        made.settle()
    return made.outcome


def _prepare(made: Stage, cell: Cell) -> None:
    """What must be for the daemon to come to this step."""
    made.place.heal()
    if cell.step is Step.ADOPTED:
        made.lose_journals()


def _dies(made: Stage, life: Life, cell: Cell) -> bool:
    """Whether the daemon comes to its step. For an unknown outcome answers get lost until one of them is an order's.

    Kraken answers previews at the same endpoint.
    """
    until = time.monotonic() + _WITHIN
    while time.monotonic() < until:
        if cell.step is Step.RESOLVED:
            made.place.strike([Fault(FaultKind.DROP_AFTER, endpoint=PLACE[cell.exchange], count=1)])
        if life.died(_LOOK):
            return True
    return False
