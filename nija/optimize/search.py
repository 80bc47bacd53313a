"""Runs all variants on all cores, keeps each finished one, and can be interrupted at any time."""

from __future__ import annotations

import pickle
import signal
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from accounts.setting_tables import OwnSettings, StrategyTables
from nija.optimize.compiled import CompiledPass
from nija.optimize.errors import OptimizeError
from nija.optimize.trial import Conditions, Pass, trial

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from nija.optimize.outcome import VariantOutcome
    from nija.optimize.store import VariantStore
    from nija.strategy.base import Strategy

    _Outcomes = Generator[tuple[str, VariantOutcome], None, None]

# Fewer variants are done before another process has started.
_ALONE = 8
_QUEUED = 4


class Interrupted(Exception):
    """Ctrl-C; what was finished until then is kept."""


@dataclass(frozen=True, slots=True)
class Task:
    """What all variants of a search share; `cache` keeps compiled code."""

    conditions: Conditions
    how: Pass
    cache: Path

    def trial(self) -> Callable[[Strategy], VariantOutcome]:
        """Computes one variant after another."""
        if self.how is Pass.COMPILED:
            return CompiledPass(self.conditions, self.cache)
        return partial(trial, self.conditions)


def search(
    task: Task, wanted: Mapping[str, Strategy], store: VariantStore, jobs: int, advance: Callable[[], None]
) -> None:
    """Compute the outcomes of the variants in `wanted`, by key, and add them to `store`; `advance` follows each.

    Raises Interrupted, and OptimizeError if a process dies.
    """
    try:
        # Closed before anything else happens: that ends the processes, wherever an interrupt comes.
        with closing(_outcomes(task, wanted, jobs)) as outcomes:
            for key, outcome in outcomes:
                store.add(key, outcome)
                advance()
    except KeyboardInterrupt as error:
        raise Interrupted from error
    except BrokenProcessPool as error:
        raise OptimizeError(
            "a process that computed variants has died, perhaps of too little memory: use a smaller --jobs;"
            " all finished variants are kept"
        ) from error


def _outcomes(task: Task, wanted: Mapping[str, Strategy], jobs: int) -> _Outcomes:
    if jobs == 1 or len(wanted) <= _ALONE:
        yield from _alone(task, wanted)
        return
    first, *others = wanted.items()
    if task.how is Pass.COMPILED:
        # Compile once, for all processes.
        yield from _alone(task, dict([first]))
        yield from _beside(task, dict(others), jobs)
    else:
        yield from _beside(task, wanted, jobs)


def _alone(task: Task, wanted: Mapping[str, Strategy]) -> _Outcomes:
    if wanted:
        compute = task.trial()
        for key, strategy in wanted.items():
            yield key, compute(strategy)


def _beside(task: Task, wanted: Mapping[str, Strategy], jobs: int) -> _Outcomes:
    """Processes are spawned, as a fork would copy the threads that draw the progress."""
    with TemporaryDirectory(prefix="nija-optimize-") as folder:
        file = Path(folder) / "task"
        file.write_bytes(pickle.dumps(_portable(task)))
        pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
        running: dict[Future[VariantOutcome], str] = {}
        todo = iter(wanted.items())
        try:
            while True:
                with _interrupts_held():
                    while len(running) < _QUEUED * jobs and (one := next(todo, None)):
                        running[pool.submit(_in_process, str(file), one[1])] = one[0]
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future.result()
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """A process that is started in here never gets the Ctrl-C of its terminal: only this one ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _portable(task: Task) -> Task:
    """Without what another process cannot read and does not need: tables of parameters, and addresses of people."""
    account = task.conditions.account
    settings = account.plan.settings
    own = OwnSettings(risk_multiplier=settings.own.risk_multiplier, disabled_markets=settings.own.disabled_markets)
    bare = replace(settings, own=own, strategy=StrategyTables.model_construct(custom={}))
    plan = replace(account.plan, settings=bare)
    return replace(task, conditions=replace(task.conditions, account=replace(account, plan=plan)))


def _in_process(file: str, strategy: Strategy) -> VariantOutcome:
    return _trial(file)(strategy)


@lru_cache(maxsize=1)
def _trial(file: str) -> Callable[[Strategy], VariantOutcome]:
    """Made once by each process: the candles may be large."""
    task: Task = pickle.loads(Path(file).read_bytes())  # noqa: S301  written by our own parent
    return task.trial()
