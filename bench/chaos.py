"""Seeded chaos in quantity: the whole daemon with several accounts, under faults and kills; then the books are checked.

    python -m bench.chaos --seeds 1000 [--first 0] [--jobs 2] [--logs FOLDER] [--no-owners]
    python -m bench.chaos --seeds 4 --speed 1  at wall speed: the bare seconds are real ones
    python -m bench.chaos --seed 17            one run again, with the daemon's log where something was wrong
    python -m bench.chaos --desk --seeds 5000  the order desk alone, over an exchange in memory: many more a minute

A seed fixes the prices, the faults and when they strike, what the owners and the exchanges do by themselves, and when
the daemon is killed; how the machine shares its time among processes stays its own. The exit code is 1 where any run
had a violation.
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos.bare_time import percentile
from tests.chaos.chaos_run import run
from tests.chaos.daemon_forker import daemon_forker
from tests.chaos.exchange import FACTOR
from tests.chaos.harness import Outcome
from tests.nija.orders import desk_chaos

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.queues import SimpleQueue

    from tests.chaos.daemon_forker import DaemonForker

_SHOWN = 12


def whole(seeds: Sequence[int], jobs: int, *, owners: bool = True, factor: float = FACTOR) -> Iterator[Outcome]:
    """Runs of the whole daemon, in the order in which they end."""
    one = partial(run, owners=owners, factor=factor)
    context = multiprocessing.get_context("spawn")
    waiting: SimpleQueue[int | None] = context.SimpleQueue()
    done: SimpleQueue[Outcome] = context.SimpleQueue()
    workers = [context.Process(target=_work, args=(waiting, done, one), daemon=True) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    for seed in [*seeds, *[None] * jobs]:
        waiting.put(seed)
    for _ in seeds:
        yield done.get()
    for worker in workers:
        worker.join()


def _work(
    waiting: SimpleQueue[int | None], done: SimpleQueue[Outcome], one: Callable[[int, DaemonForker], Outcome]
) -> None:
    # Told to stop, it ends the daemons that it started and clears away what they left.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    with daemon_forker() as forker:
        while (seed := waiting.get()) is not None:
            try:
                outcome = one(seed, forker)
            except Exception as error:  # noqa: BLE001 - a run that broke down is reported like any other violation
                outcome = Outcome(seed, [f"the run itself failed: {type(error).__name__}: {error}"])
            done.put(outcome)


def desk(seeds: Iterable[int]) -> Iterator[Outcome]:
    """Runs of the order desk alone, over an exchange in memory."""
    for seed in seeds:
        began = time.monotonic()
        wrong, world = desk_chaos.run(seed)
        yield Outcome(
            seed,
            violations=wrong,
            faults=Counter(fault.name.lower() for fault in world.exchange.struck),
            kills=world.kills,
            orders=len(world.exchange.ours()),
            fills=len(world.exchange.our_fills()),
            seconds=time.monotonic() - began,
        )


class Tally:
    def __init__(self) -> None:
        self.began = time.monotonic()
        self.sum = Outcome(-1)
        self.runs = 0
        self.failed: list[int] = []
        self.bare: list[float] = []
        self.bare_after: list[float] = []

    def add(self, outcome: Outcome) -> None:
        self.runs += 1
        total = self.sum
        total.violations += outcome.violations
        total.faults.update(outcome.faults)
        total.kills += outcome.kills
        total.disks_lost += outcome.disks_lost
        total.orders += outcome.orders
        total.fills += outcome.fills
        total.acts.update(outcome.acts)
        self.bare += [span.seconds for span in outcome.bare.spans]
        self.bare_after += outcome.bare.after
        if outcome.violations:
            self.failed.append(outcome.seed)

    def line(self) -> str:
        total = self.sum
        return (
            f"{self.runs} runs in {time.monotonic() - self.began:.0f} s: {total.orders} orders, {total.fills} fills, "
            f"{total.acts.total()} acts of owners and exchanges, {total.faults.total()} faults injected, "
            f"{total.kills} kills, {total.disks_lost} journals lost, "
            f"{len(total.violations)} violations in {len(self.failed)} runs"
        )

    def bare_lines(self) -> tuple[str, ...]:
        """In seconds of the run's clock."""
        if not self.bare_after:
            return ()
        return (
            f"bare: {_spread(self.bare)} (each time that a position had no stop of its size)",
            f"bare after the last fault: {_spread(self.bare_after)} (each position that was there)",
        )


def _spread(seconds: Sequence[float]) -> str:
    half, most = percentile(seconds, 0.5), percentile(seconds, 0.99)
    return f"{len(seconds)} times, p50 {half:.1f} s, p99 {most:.1f} s, longest {max(seconds, default=0.0):.1f} s"


def report(outcomes: Iterable[Outcome], logs: Path | None, replay: str, every: int) -> int:
    """The exit code. Told to stop, it says what there was until then."""
    tally = Tally()
    with suppress(SystemExit):
        for outcome in outcomes:
            tally.add(outcome)
            if outcome.violations:
                _tell(outcome, logs, replay)
            if tally.runs % every == 0:
                print(tally.line(), flush=True)
    print()
    for kinds in (tally.sum.faults, tally.sum.acts):
        for kind, count in sorted(kinds.items()):
            print(f"  {count:7} {kind}")
    print(*tally.bare_lines(), tally.line(), sep="\n")
    if tally.failed:
        print("failed seeds:", *sorted(tally.failed))
    return 1 if tally.failed else 0


def _tell(outcome: Outcome, logs: Path | None, replay: str) -> None:
    print(f"❌ seed {outcome.seed}, once more with: {replay} {outcome.seed}")
    for violation in outcome.violations[:_SHOWN]:
        print(f"     {violation}")
    if len(outcome.violations) > _SHOWN:
        print(f"     and {len(outcome.violations) - _SHOWN} more")
    sys.stdout.flush()
    if logs is not None:
        logs.mkdir(parents=True, exist_ok=True)
        (logs / f"{outcome.seed}.log").write_text(outcome.log, encoding="utf-8")


def _options(given: argparse.Namespace) -> str:
    """What a run must be told to happen once more."""
    return (" --no-owners" if given.no_owners else "") + (f" --speed {given.speed:g}" if given.speed != FACTOR else "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50, help="how many runs")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="this run alone")
    parser.add_argument("--jobs", type=int, default=2, help="how many runs at a time")
    parser.add_argument("--no-owners", action="store_true", help="faults and kills alone")
    parser.add_argument("--speed", type=float, default=FACTOR, help="of the run's clock; 1 is the machine's own")
    parser.add_argument("--desk", action="store_true", help="the order desk alone, in memory")
    parser.add_argument("--logs", type=Path, help="keep the daemon's log of each failed run in this folder")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    seeds = [given.seed] if given.seed is not None else range(given.first, given.first + given.seeds)
    logs = Path() if given.seed is not None and given.logs is None and not given.desk else given.logs
    with suppress(BrokenPipeError):
        if given.desk:
            return report(desk(seeds), None, "python -m bench.chaos --desk --seed", every=500)
        runs = whole(seeds, min(given.jobs, len(seeds)), owners=not given.no_owners, factor=given.speed)
        return report(runs, logs, f"python -m bench.chaos{_options(given)} --seed", every=25)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
