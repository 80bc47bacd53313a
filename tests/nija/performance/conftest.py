from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.performance.bookkeeper import Bookkeeper

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Bookkeeper]:
    with (
        closing(journals_in(tmp_path, ManualClock(), CapturedLog().logger)) as journals,
        closing(journals.open(AccountId.parse("kraken:daivon_frazier"))) as journal,
    ):
        yield Bookkeeper(journal)
