"""Bad luck by the thousand: the whole daemon, several accounts, struck and killed by seeds; the exchange's books judge.

    python -m bench.chaos --seeds 1000 [--first 0] [--jobs 2] [--logs FOLDER]
    python -m bench.chaos --seed 17            one run again, with the daemon's log where something was wrong
    python -m bench.chaos --desk --seeds 5000  the order desk alone, over an exchange in memory: many more a minute

A seed fixes the prices, the faults and when they strike, and when the daemon is killed; how the machine shares its time
among processes stays its own. The exit code is 1 where any run had a violation.
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos.chaos_run import run
from tests.chaos.nursery import nursery
from tests.chaos.stage import Outcome
from tests.nija.orders import desk_chaos

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from multiprocessing.queues import SimpleQueue

_SHOWN = 12


def whole(seeds: Sequence[int], jobs: int) -> Iterator[Outcome]:
    """Runs of the whole daemon, in the order in which they end."""
    context = multiprocessing.get_context("spawn")
    waiting: SimpleQueue[int | None] = context.SimpleQueue()
    done: SimpleQueue[Outcome] = context.SimpleQueue()
    workers = [context.Process(target=_work, args=(waiting, done), daemon=True) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    for seed in [*seeds, *[None] * jobs]:
        waiting.put(seed)
    for _ in seeds:
        yield done.get()
    for worker in workers:
        worker.join()


def _work(waiting: SimpleQueue[int | None], done: SimpleQueue[Outcome]) -> None:
    with nursery() as made:
        while (seed := waiting.get()) is not None:
            try:
                outcome = run(seed, made)
            except Exception as error:  # noqa: BLE001 - a run that broke down is told like any other violation
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

    def add(self, outcome: Outcome) -> None:
        self.runs += 1
        total = self.sum
        total.violations += outcome.violations
        total.faults.update(outcome.faults)
        total.kills += outcome.kills
        total.disks_lost += outcome.disks_lost
        total.orders += outcome.orders
        total.fills += outcome.fills
        total.bare = max(total.bare, outcome.bare)
        if outcome.violations:
            self.failed.append(outcome.seed)

    def line(self) -> str:
        total = self.sum
        return (
            f"{self.runs} runs in {time.monotonic() - self.began:.0f} s: {total.orders} orders, {total.fills} fills, "
            f"{total.faults.total()} faults injected, {total.kills} kills, {total.disks_lost} journals lost, "
            f"all covered {total.bare:.0f} s after the last fault, "
            f"{len(total.violations)} violations in {len(self.failed)} runs"
        )


def report(outcomes: Iterable[Outcome], logs: Path | None, replay: str, every: int) -> int:
    tally = Tally()
    for outcome in outcomes:
        tally.add(outcome)
        if outcome.violations:
            _tell(outcome, logs, replay)
        if tally.runs % every == 0:
            print(tally.line(), flush=True)
    print()
    for kind, count in sorted(tally.sum.faults.items()):
        print(f"  {count:7} {kind}")
    print(tally.line())
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50, help="how many runs")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="this run alone")
    parser.add_argument("--jobs", type=int, default=2, help="how many runs at a time")
    parser.add_argument("--desk", action="store_true", help="the order desk alone, in memory")
    parser.add_argument("--logs", type=Path, help="keep the daemon's log of each failed run in this folder")
    given = parser.parse_args()
    # Told to stop, it ends what it started.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    seeds = [given.seed] if given.seed is not None else range(given.first, given.first + given.seeds)
    logs = Path() if given.seed is not None and given.logs is None and not given.desk else given.logs
    with suppress(BrokenPipeError):
        if given.desk:
            return report(desk(seeds), None, "python -m bench.chaos --desk --seed", every=500)
        return report(whole(seeds, min(given.jobs, len(seeds))), logs, "python -m bench.chaos --seed", every=25)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
