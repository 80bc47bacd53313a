from __future__ import annotations

import pytest

from tests.nija.orders import desk_chaos


@pytest.mark.parametrize("seed", range(12))
def test_seeded_faults_leave_books_and_journal_equal(seed: int) -> None:
    wrong, _world = desk_chaos.run(seed)
    assert wrong == []
