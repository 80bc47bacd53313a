"""What all variants together show: two maps, the plateau, what each fold chooses, and how much of it is luck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nija.analysis.deflated import best_of, deflated_sharpe
from nija.optimize.overfitting import Overfitting, overfitting
from nija.optimize.plateau import neighbours_median, peak, widest_plateau
from nija.optimize.scores import sharpe_ratios, standard_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from nija.optimize.folds import DayRange, Division, WalkForwardFold
    from nija.optimize.grid import Grid
    from nija.optimize.outcome import VariantOutcome
    from nija.optimize.plateau import Cell, Plateau


@dataclass(frozen=True, slots=True, eq=False)
class PlateauMap:
    """By cell of the grid: the Sharpe ratio of the daily returns of `part`, not annualised, and its neighbours' median.

    nan where there is none: a variant that the strategy refuses, or one that never traded in this part.
    """

    part: DayRange
    scores: NDArray[np.float64]
    medians: NDArray[np.float64]
    trades: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Luck:
    """How the best variant in sample compares with the best of as many worthless ones.

    `best` is its Sharpe ratio and `expected` that of the best of the worthless, both of daily returns; `deflated` is
    the probability that its true ratio is above `expected`. `spread` is the deviation between the variants' ratios,
    which takes near relatives for what they are; with `independent` all count as tries of their own.
    """

    best: float
    spread: float
    expected: float
    deflated: float | None
    independent: float | None


@dataclass(frozen=True, slots=True)
class FoldChoice:
    """The middle of the widest plateau of a fold's training; None if no variant traded in it."""

    fold: WalkForwardFold
    cell: Cell | None


@dataclass(frozen=True, slots=True)
class Findings:
    """`plateau` and `peak` are in sample, the days before the first test; None if no variant traded there."""

    in_sample: PlateauMap
    walk_forward: PlateauMap
    plateau: Plateau | None
    peak: Cell | None
    choices: tuple[FoldChoice, ...]
    overfitting: Overfitting | None
    luck: Luck | None


def find(grid: Grid, division: Division, outcomes: Sequence[VariantOutcome]) -> Findings:
    """`outcomes` are those of `grid.variants`, in their order."""
    in_sample = _map(grid, division, outcomes, division.in_sample)
    best = peak(in_sample.scores)
    return Findings(
        in_sample=in_sample,
        walk_forward=_map(grid, division, outcomes, division.walk_forward),
        plateau=widest_plateau(in_sample.scores, standard_error(division.in_sample.days)),
        peak=best,
        choices=tuple(FoldChoice(fold, _choice(grid, division, outcomes, fold)) for fold in division.folds),
        overfitting=overfitting(np.array([outcome.returns for outcome in outcomes])),
        luck=None if best is None else _luck(grid, division, outcomes, in_sample, best),
    )


def by_cell(grid: Grid, outcomes: Sequence[VariantOutcome]) -> Mapping[Cell, VariantOutcome]:
    return {variant.cell: outcome for variant, outcome in zip(grid.variants, outcomes, strict=True)}


def returns_in(outcome: VariantOutcome, division: Division, part: DayRange) -> NDArray[np.float64]:
    first = division.fitted.start
    return outcome.returns[part.start - first : part.end - first]


def _map(grid: Grid, division: Division, outcomes: Sequence[VariantOutcome], part: DayRange) -> PlateauMap:
    scores = _scores(grid, division, outcomes, part)
    trades = np.zeros(grid.shape, dtype=np.int64)
    for cell, outcome in by_cell(grid, outcomes).items():
        trades[cell] = outcome.trades(part)
    return PlateauMap(part, scores, neighbours_median(scores), trades)


def _scores(grid: Grid, division: Division, outcomes: Sequence[VariantOutcome], part: DayRange) -> NDArray[np.float64]:
    scores = np.full(grid.shape, np.nan)
    for cell, outcome in by_cell(grid, outcomes).items():
        scores[cell] = sharpe_ratios(returns_in(outcome, division, part))
    return scores


def _choice(grid: Grid, division: Division, outcomes: Sequence[VariantOutcome], fold: WalkForwardFold) -> Cell | None:
    plateau = widest_plateau(_scores(grid, division, outcomes, fold.train), standard_error(fold.train.days))
    return None if plateau is None else plateau.middle


def _luck(
    grid: Grid, division: Division, outcomes: Sequence[VariantOutcome], in_sample: PlateauMap, best: Cell
) -> Luck | None:
    known = in_sample.scores[~np.isnan(in_sample.scores)]
    if len(known) < 2:  # noqa: PLR2004  one variant has no spread
        return None
    tries, spread = len(outcomes), float(known.std(ddof=1))
    returns = returns_in(by_cell(grid, outcomes)[best], division, in_sample.part)
    return Luck(
        best=float(in_sample.scores[best]),
        spread=spread,
        expected=best_of(tries) * spread,
        deflated=deflated_sharpe(returns, tries, spread),
        independent=deflated_sharpe(returns, tries),
    )
