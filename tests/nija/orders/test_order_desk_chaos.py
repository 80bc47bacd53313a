from __future__ import annotations

import pytest

from tests.nija.orders import desk_chaos


@pytest.mark.parametrize("seed", range(12))
def test_seeded_bad_luck_leaves_the_books_equal(seed: int) -> None:
    wrong, _world = desk_chaos.run(seed)
    assert wrong == []
