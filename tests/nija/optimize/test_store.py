"""Finished variants on disk."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nija.optimize.errors import OptimizeError
from nija.optimize.outcome import VariantOutcome
from nija.optimize.store import VariantStore

if TYPE_CHECKING:
    from pathlib import Path

OUTCOME = VariantOutcome(np.array([0.0, 0.01, -1 / 3]), np.array([18_000, 18_002]))


def test_an_outcome_is_read_again_by_another_process_to_the_last_digit(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "variants.sqlite"
    with closing(VariantStore(path)) as store:
        store.add("one", OUTCOME)
        with closing(VariantStore(path)) as other:
            found = other.read(["one", "two"])
    assert set(found) == {"one"}
    assert found["one"].returns.tolist() == OUTCOME.returns.tolist()
    assert found["one"].opened.tolist() == OUTCOME.opened.tolist()


def test_a_damaged_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    path = tmp_path / "variants.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(OptimizeError, match=r"variants\.sqlite: .*; delete this file to compute all variants again"):
        VariantStore(path)


def test_a_folder_that_cannot_be_made_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OptimizeError, match="file"):
        VariantStore(tmp_path / "file" / "variants.sqlite")


def test_a_store_that_cannot_be_written_now_is_not_to_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "variants.sqlite"
    outcome = VariantOutcome(np.random.default_rng(1).random(10_000), OUTCOME.opened)
    with closing(VariantStore(path)) as store:
        store._database.execute("PRAGMA max_page_count = 3")
        with pytest.raises(OptimizeError, match="has space, or name another folder with --out") as caught:
            store.add("one", outcome)
    assert "delete" not in str(caught.value)
