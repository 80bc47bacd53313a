"""Which candles have been looked at before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nija.optimize.errors import OptimizeError
from nija.optimize.folds import DayRange
from nija.optimize.looks import LookKind, LookLog

if TYPE_CHECKING:
    from pathlib import Path

DAYS = DayRange(18_000, 18_100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "looks.jsonl"


def test_nothing_was_seen_at_first(path: Path) -> None:
    assert LookLog(path).before(["BTC"], DAYS) == ()


@pytest.mark.parametrize("kind", LookKind)
def test_a_look_is_known_to_the_next_process(path: Path, kind: LookKind) -> None:
    LookLog(path).add(kind, ["ETH", "BTC"], DAYS, "trend")
    (look,) = LookLog(path).before(["BTC"], DAYS)
    assert (look.kind, look.coins, look.what) == (kind, ("BTC", "ETH"), "trend")
    assert (look.since, look.until) == ("2019-04-14", "2019-07-22")


@pytest.mark.parametrize(
    ("coins", "days", "is_seen"),
    [
        (["BTC"], DayRange(18_099, 18_200), True),
        (["BTC"], DayRange(17_900, 18_001), True),
        (["BTC"], DayRange(18_100, 18_200), False),
        (["BTC"], DayRange(17_900, 18_000), False),
        (["SOL"], DAYS, False),
        (["SOL", "BTC"], DAYS, True),
    ],
)
def test_days_of_a_coin_are_seen_if_a_look_had_any_of_them(
    path: Path, coins: list[str], days: DayRange, *, is_seen: bool
) -> None:
    LookLog(path).add(LookKind.HELD_BACK, ["BTC"], DAYS, "trend")
    assert bool(LookLog(path).before(coins, days)) is is_seen


def test_the_same_fitted_days_are_noted_once_but_every_look_at_what_was_held_back(path: Path) -> None:
    log = LookLog(path)
    for kind in (LookKind.FITTED, LookKind.FITTED, LookKind.HELD_BACK, LookKind.HELD_BACK):
        log.add(kind, ["BTC"], DAYS, "trend")
    assert [look.kind.value for look in log.before(["BTC"], DAYS)] == ["fitted", "held back", "held back"]


@pytest.mark.parametrize("line", ["not JSON", '{"kind": "fitted"}', '{"kind": "guessed", "coins": []}'])
def test_a_damaged_line_is_named_and_nothing_counts_as_unseen(path: Path, line: str) -> None:
    LookLog(path).add(LookKind.FITTED, ["BTC"], DAYS, "trend")
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(OptimizeError, match=r"looks\.jsonl, line 2: cannot be read"):
        LookLog(path).before(["BTC"], DAYS)


def test_a_look_that_cannot_be_noted_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OptimizeError, match="a look that cannot be noted is not taken"):
        LookLog(tmp_path / "file" / "looks.jsonl").add(LookKind.HELD_BACK, ["BTC"], DAYS, "trend")
