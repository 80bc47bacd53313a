"""The whole daemon under faults and kill -9; thousands more of the same in `python -m bench.chaos`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokers.model import Exchange
from tests.chaos.conftest import SEEDS
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
def test_seeded_faults_and_kills_leave_the_exchanges_books_and_the_journals_equal(
    outcomes: Mapping[str, Future[Outcome]], seed: int
) -> None:
    outcome = outcomes[str(seed)].result(_PATIENCE)
    assert outcome.violations == []
    assert outcome.kills > 0
    assert outcome.orders > 0


def test_the_storms_have_really_struck(outcomes: Mapping[str, Future[Outcome]]) -> None:
    assert sum(outcomes[str(seed)].result(_PATIENCE).faults.total() for seed in SEEDS) > 0
