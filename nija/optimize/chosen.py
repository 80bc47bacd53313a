"""The figures of the few variants that are shown: always by the plain engine."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from nija.analysis.buy_and_hold import held_coins
from nija.analysis.figures import figures
from nija.optimize.errors import OptimizeError
from nija.optimize.folds import DAY
from nija.optimize.trial import outcome_of, run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nija.analysis.figures import Figures
    from nija.backtest.records import BacktestResult
    from nija.optimize.findings import FoldChoice
    from nija.optimize.folds import DayRange, Division
    from nija.optimize.grid import Variant
    from nija.optimize.outcome import VariantOutcome
    from nija.optimize.trial import Conditions

# The same search shows the same figures.
_SEED = 1
# What the compiled pass may differ by in the return of a day: see compiled.py.
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class RangeFigures:
    """What a variant did in a part of the days; `held` is what the coins did there, None if that is unknown."""

    figures: Figures
    held: float | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """One variant on the fitted days, in one run that starts flat on the first of them."""

    variant: Variant
    in_sample: RangeFigures
    walk_forward: RangeFigures


@dataclass(frozen=True, slots=True)
class FoldResult:
    """The test of the variant that a fold chose, started flat; both None if no variant traded in its training."""

    choice: FoldChoice
    variant: Variant | None
    test: RangeFigures | None


@dataclass(frozen=True, slots=True)
class WalkForward:
    folds: tuple[FoldResult, ...]

    @property
    def net_return(self) -> float:
        """Of all tests one after another, each with what the one before left; a fold without a choice holds cash."""
        return prod(1 + fold.test.figures.net_return for fold in self.folds if fold.test is not None) - 1

    @property
    def trades(self) -> int:
        return sum(fold.test.figures.trades for fold in self.folds if fold.test is not None)


def chosen(conditions: Conditions, division: Division, variant: Variant, ranked: VariantOutcome) -> Chosen:
    """Raises OptimizeError if the plain engine does not confirm the outcome by which the variant was ranked."""
    result = run(conditions, variant.strategy, division.fitted)
    _confirm(outcome_of(result, division.fitted), ranked, variant)
    return Chosen(variant, _part(result, division.in_sample), _part(result, division.walk_forward))


def walk_forward(
    conditions: Conditions, choices: Iterable[FoldChoice], variants: dict[tuple[int, ...], Variant]
) -> WalkForward:
    return WalkForward(tuple(_fold(conditions, choice, variants) for choice in choices))


def alone(conditions: Conditions, variant: Variant, part: DayRange) -> RangeFigures:
    """A variant that starts flat on the first day of `part`."""
    return _part(run(conditions, variant.strategy, part), part)


def _fold(conditions: Conditions, choice: FoldChoice, variants: dict[tuple[int, ...], Variant]) -> FoldResult:
    if choice.cell is None:
        return FoldResult(choice, None, None)
    variant = variants[choice.cell]
    return FoldResult(choice, variant, alone(conditions, variant, choice.fold.test))


def _part(result: BacktestResult, part: DayRange) -> RangeFigures:
    since, until = part.start * DAY, part.end * DAY
    held = held_coins(result)
    return RangeFigures(
        figures(result, _SEED, since=since, until=until),
        None if held is None else held.curve.between(since, until).change,
    )


def _confirm(plain: VariantOutcome, ranked: VariantOutcome, variant: Variant) -> None:
    if np.array_equal(plain.opened, ranked.opened) and np.allclose(plain.returns, ranked.returns, 0, TOLERANCE):
        return
    raise OptimizeError(
        f"{variant.strategy}: the compiled pass differs from the plain engine, so its ranking is worthless;"
        " use --plain, and please report these settings"
    )
