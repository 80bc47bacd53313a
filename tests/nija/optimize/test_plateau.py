"""The widest plateau of a grid, and its middle."""

from __future__ import annotations

import numpy as np
import pytest

from nija.optimize.plateau import neighbours_median, peak, widest_plateau

NAN = float("nan")


def test_a_cell_is_judged_with_those_around_it() -> None:
    scores = np.array([[0.0, 1.0, 2.0], [3.0, 9.0, 4.0], [5.0, 6.0, 7.0]])
    medians = neighbours_median(scores)
    assert medians[1, 1] == 4.0
    assert medians[0, 0] == 2.0  # at a corner only 0, 1, 3 and 9 are there


def test_a_cell_without_a_score_counts_nowhere_and_has_no_median() -> None:
    medians = neighbours_median(np.array([1.0, NAN, 3.0]))
    assert medians[0] == 1.0
    assert np.isnan(medians[1])


def test_the_middle_of_a_wide_plateau_is_named_and_not_a_lonely_peak() -> None:
    scores = np.zeros((7, 7))
    scores[3:6, 1:6] = 1.0
    scores[0, 6] = 5.0
    plateau = widest_plateau(scores, 0.4)
    assert plateau is not None
    assert plateau.middle == (4, 3)
    assert peak(scores) == (0, 6)
    assert (0, 6) not in plateau.cells


def test_of_two_plateaus_the_wider_is_named_though_the_other_is_higher() -> None:
    scores = np.array([2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.5, 1.5, 1.5, 1.5, 1.5])
    plateau = widest_plateau(scores, 0.6)
    assert plateau is not None
    assert plateau.middle == (11,)


def test_what_is_worse_than_the_best_by_more_than_the_error_is_on_no_plateau() -> None:
    plateau = widest_plateau(np.array([2.0, 2.0, 2.0, 1.5, 1.5, 1.5, 1.5, 1.5]), 0.4)
    assert plateau is not None
    assert plateau.cells == {(0,), (1,), (2,)}


def test_no_loser_is_on_a_plateau_with_winners_however_large_the_error() -> None:
    plateau = widest_plateau(np.array([0.3, 0.3, 0.3, -0.1, -0.1, -0.1]), 1.0)
    assert plateau is not None
    assert plateau.cells == {(0,), (1,), (2,)}


def test_where_all_lose_the_least_loss_makes_the_plateau() -> None:
    plateau = widest_plateau(np.array([-3.0, -3.0, -1.2, -1.1, -1.0]), 0.5)
    assert plateau is not None
    assert plateau.middle == (3,)


def test_on_an_even_grid_everything_is_one_plateau() -> None:
    plateau = widest_plateau(np.full((3, 5), 0.7), 0.1)
    assert plateau is not None
    assert len(plateau.cells) == 15
    assert plateau.middle == (1, 2)


def test_plateaus_have_any_number_of_parameters() -> None:
    scores = np.zeros((5, 5, 5))
    scores[1:4, 1:4, 1:4] = 1.0
    plateau = widest_plateau(scores, 0.4)
    assert plateau is not None
    assert plateau.middle == (2, 2, 2)


@pytest.mark.parametrize("shape", [(3,), (2, 2)])
def test_without_any_score_there_is_no_plateau(shape: tuple[int, ...]) -> None:
    assert widest_plateau(np.full(shape, NAN), 0.4) is None
    assert peak(np.full(shape, NAN)) is None
