"""The whole daemon under faults and kill -9; thousands more of the same in `python -m bench.chaos`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokers.model import Exchange
from tests.chaos import chaos_run, kill_matrix, two_daemons
from tests.chaos.daemon_forker import daemon_forker
from tests.chaos.kill_matrix import cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.chaos.daemon_forker import DaemonForker
    from tests.chaos.harness import Outcome

SEEDS = (1, 2, 3)
# Seconds of the quick clock: the short form of a run.
_TRADING = 120.0
# The log's last lines, which show how a run came to its end.
_END = 80


@pytest.fixture(scope="module")
def forker() -> Iterator[DaemonForker]:
    with daemon_forker() as forker:
        yield forker


@pytest.mark.parametrize("exchange", [Exchange.KRAKEN, Exchange.COINBASE])
def test_a_kill_at_any_commit_of_the_journal_loses_and_doubles_nothing(
    forker: DaemonForker, exchange: Exchange
) -> None:
    outcome = kill_matrix.run(exchange, forker)
    assert outcome.violations == []
    assert outcome.kills == len(cells(exchange))


@pytest.fixture(scope="module")
def seeded(forker: DaemonForker) -> Sequence[Outcome]:
    return [chaos_run.run(seed, forker, trading=_TRADING) for seed in SEEDS]


@pytest.mark.xdist_group("seeded")
def test_seeded_faults_kills_and_acts_of_owners_leave_the_exchanges_books_and_the_journals_equal(
    seeded: Sequence[Outcome],
) -> None:
    for outcome in seeded:
        assert outcome.violations == [], "\n".join(outcome.log.splitlines()[-_END:])
    assert all(outcome.orders > 0 for outcome in seeded)


@pytest.mark.xdist_group("seeded")
def test_faults_kills_and_acts_of_owners_do_strike(seeded: Sequence[Outcome]) -> None:
    """When a run is short, one of them may be spared something."""
    assert sum(outcome.faults.total() for outcome in seeded) > 0
    assert sum(outcome.acts.total() for outcome in seeded) > 0
    assert sum(outcome.kills for outcome in seeded) > 0


def test_two_daemons_on_the_same_keys_notice_each_other_and_sell_nothing_of_the_owners(forker: DaemonForker) -> None:
    outcome = two_daemons.run(1, forker)
    assert outcome.violations == []
    assert outcome.orders > 0
