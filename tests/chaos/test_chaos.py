"""The whole daemon under faults and kill -9; thousands more of the same in `python -m bench.chaos`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokers.model import Exchange
from tests.chaos.conftest import BESIDE, SEEDS
from tests.chaos.step_matrix import cells

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from tests.chaos.stage import Outcome

_PATIENCE = 150.0


@pytest.mark.parametrize("exchange", list(Exchange))
def test_a_kill_at_any_step_of_the_journal_loses_and_doubles_nothing(
    outcomes: Mapping[str, Future[Outcome]], exchange: Exchange
) -> None:
    outcome = outcomes[exchange.value].result(_PATIENCE)
    assert outcome.violations == []
    assert outcome.kills == len(cells(exchange))


@pytest.mark.parametrize("seed", SEEDS)
def test_seeded_faults_kills_and_owners_with_hands_leave_the_exchanges_books_and_the_journals_equal(
    outcomes: Mapping[str, Future[Outcome]], seed: int
) -> None:
    outcome = outcomes[str(seed)].result(_PATIENCE)
    assert outcome.violations == []
    assert outcome.orders > 0


def test_the_storms_have_really_struck(outcomes: Mapping[str, Future[Outcome]]) -> None:
    stormy = [outcomes[str(seed)].result(_PATIENCE) for seed in SEEDS]
    assert sum(outcome.faults.total() for outcome in stormy) > 0
    assert sum(outcome.acts.total() for outcome in stormy) > 0
    assert sum(outcome.kills for outcome in stormy) > 0


def test_two_daemons_on_the_same_keys_notice_each_other_and_sell_nothing_of_the_owners(
    outcomes: Mapping[str, Future[Outcome]],
) -> None:
    outcome = outcomes[BESIDE].result(_PATIENCE)
    assert outcome.violations == []
    assert outcome.orders > 0
