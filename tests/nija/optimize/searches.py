"""Small searches of `trend` on a made-up market."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from nija.optimize.folds import divide
from nija.optimize.grid import make_grid
from nija.optimize.ranges import read_ranges
from nija.optimize.store import VariantStore
from nija.optimize.study import Study, compute
from nija.optimize.trial import Pass
from tests.nija.optimize.markets import made_up_conditions, made_up_history

if TYPE_CHECKING:
    from pathlib import Path

    from nija.optimize.outcome import VariantOutcome


def made_up_study(*ranges: str, cash: str = "1000", seed: int = 1) -> Study:
    conditions = made_up_conditions([made_up_history("BTC/USD", seed)], cash=cash)
    division = divide(conditions.days, folds=2, test_days=None, held_back=0.2, is_rolling=False)
    grid = make_grid("trend", {}, read_ranges(ranges or ("entry=6,10,14", "exit=3,5")))
    return Study(grid, replace(conditions, days=division.fitted), division, Pass.PLAIN)


class Progress:
    """Presses Ctrl-C after so many variants."""

    def __init__(self, stop_after: int = 1000) -> None:
        self.whole = self.found = self.computed = 0
        self._left = stop_after

    def begin(self, whole: int, done: int) -> None:
        self.whole, self.found = whole, done

    def advance(self) -> None:
        self.computed += 1
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt


def run(study: Study, folder: Path, progress: Progress) -> list[VariantOutcome]:
    with closing(VariantStore(folder / "variants.sqlite")) as store:
        return compute(study, store, 1, folder, (progress.begin, progress.advance))
