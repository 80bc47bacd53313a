"""All runs of this folder go on side by side, on two lanes; each test waits for its own and judges it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pytest

from brokers.model import Exchange
from tests.chaos import chaos_run, step_matrix, two_daemons
from tests.chaos.nursery import nursery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.chaos.nursery import Nursery
    from tests.chaos.stage import Outcome

    Job = Callable[[Nursery], Outcome]

SEEDS = (1, 2, 3)
BESIDE = "two daemons"
# Seconds of the quick clock: the short form of a run.
_TRADING = 120.0


@pytest.fixture(scope="session")
def outcomes() -> Iterator[Mapping[str, Future[Outcome]]]:
    """By an exchange's name, its walk through all steps of the journal; by a seed's number, its run; and BESIDE."""

    def steps(exchange: Exchange) -> tuple[str, Job]:
        return exchange.value, lambda made: step_matrix.walk(exchange, made)

    def seeded(seed: int) -> tuple[str, Job]:
        return str(seed), lambda made: chaos_run.run(seed, made, trading=_TRADING)

    def beside(made: Nursery) -> Outcome:
        return two_daemons.run(1, made)

    lanes = [[steps(Exchange.KRAKEN), (BESIDE, beside)], [steps(Exchange.COINBASE), *map(seeded, SEEDS)]]
    results: dict[str, Future[Outcome]] = {name: Future() for lane in lanes for name, _ in lane}
    threads = [threading.Thread(target=_run, args=(lane, results)) for lane in lanes]
    for thread in threads:
        thread.start()
    yield results
    for thread in threads:
        thread.join()


def _run(lane: Sequence[tuple[str, Job]], results: Mapping[str, Future[Outcome]]) -> None:
    with nursery() as made:
        for name, job in lane:
            try:
                results[name].set_result(job(made))
            except Exception as error:  # noqa: BLE001 - handed to the test that waits for it
                results[name].set_exception(error)
