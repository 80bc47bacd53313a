"""The whole daemon under faults and kill -9; thousands more of the same in `python -m bench.chaos`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokers.model import Exchange
from tests.chaos import chaos_run, step_matrix, two_daemons
from tests.chaos.nursery import nursery
from tests.chaos.step_matrix import cells

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.chaos.stage import Outcome

SEEDS = (1, 2, 3)
# Seconds of the quick clock: the short form of a run.
_TRADING = 120.0


def kills_at_kraken(_: Path) -> Outcome:
    with nursery() as made:
        return step_matrix.walk(Exchange.KRAKEN, made)


def kills_at_coinbase(_: Path) -> Outcome:
    with nursery() as made:
        return step_matrix.walk(Exchange.COINBASE, made)


def storms(_: Path) -> Mapping[int, Outcome]:
    """By seed."""
    with nursery() as made:
        return {seed: chaos_run.run(seed, made, trading=_TRADING) for seed in SEEDS}


def beside_each_other(_: Path) -> Outcome:
    with nursery() as made:
        return two_daemons.run(1, made)


@pytest.mark.parametrize(
    "exchange",
    [
        pytest.param(exchange, marks=pytest.mark.backstage.with_args(play))
        for exchange, play in ((Exchange.KRAKEN, kills_at_kraken), (Exchange.COINBASE, kills_at_coinbase))
    ],
)
def test_a_kill_at_any_step_of_the_journal_loses_and_doubles_nothing(outcome: Outcome, exchange: Exchange) -> None:
    assert outcome.violations == []
    assert outcome.kills == len(cells(exchange))


@pytest.mark.backstage.with_args(storms)
@pytest.mark.parametrize("seed", SEEDS)
def test_seeded_faults_kills_and_owners_with_hands_leave_the_exchanges_books_and_the_journals_equal(
    outcome: Mapping[int, Outcome], seed: int
) -> None:
    assert outcome[seed].violations == []
    assert outcome[seed].orders > 0


@pytest.mark.backstage.with_args(storms)
def test_the_storms_have_really_struck(outcome: Mapping[int, Outcome]) -> None:
    assert sum(one.faults.total() for one in outcome.values()) > 0
    assert sum(one.acts.total() for one in outcome.values()) > 0
    assert sum(one.kills for one in outcome.values()) > 0


@pytest.mark.backstage.with_args(beside_each_other)
def test_two_daemons_on_the_same_keys_notice_each_other_and_sell_nothing_of_the_owners(outcome: Outcome) -> None:
    assert outcome.violations == []
    assert outcome.orders > 0
