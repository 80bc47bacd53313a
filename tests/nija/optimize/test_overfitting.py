"""The probability of backtest overfitting, on returns whose answer is known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from nija.optimize.overfitting import overfitting

DAYS = 640


def noise(variants: int, seed: int, days: int = DAYS) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0, 0.01, (variants, days))


def test_among_variants_of_pure_luck_the_best_is_below_the_median_about_half_of_the_time() -> None:
    known = [overfitting(noise(20, seed)) for seed in range(2)]
    assert 0.3 < np.mean([one.probability for one in known if one is not None]) < 0.7


def test_a_variant_that_really_is_better_is_no_overfitting() -> None:
    returns = noise(20, 1)
    returns[7] += 0.005
    known = overfitting(returns)
    assert known is not None
    assert known.probability == 0
    assert known.loss == 0


def test_a_variant_that_is_best_by_one_good_stretch_is_overfitting() -> None:
    returns = noise(20, 2) - 0.0005
    for variant in range(20):
        returns[variant, variant * 32 : (variant + 1) * 32] += 0.02
    known = overfitting(returns)
    assert known is not None
    assert known.probability > 0.6


def test_all_halves_of_sixteen_blocks_are_tried() -> None:
    known = overfitting(noise(2, 3))
    assert known is not None
    assert (known.blocks, known.splits) == (16, 12_870)


def test_the_probability_is_that_of_the_definition_computed_plainly() -> None:
    returns = noise(5, 4, days=80)
    known = overfitting(returns)
    assert known is not None
    blocks = np.split(returns, known.blocks, axis=1)
    below = 0
    for half in combinations(range(known.blocks), known.blocks // 2):
        chosen = np.concatenate([blocks[index] for index in half], axis=1)
        other = np.concatenate([block for index, block in enumerate(blocks) if index not in half], axis=1)
        best = np.argmax(chosen.mean(axis=1) / chosen.std(axis=1))
        judged = other.mean(axis=1) / other.std(axis=1)
        rank = (judged <= judged[best]).sum() / 6
        below += np.log(rank / (1 - rank)) <= 0
    assert known.probability == below / known.splits


def test_a_variant_that_never_trades_has_a_ratio_of_zero() -> None:
    returns = noise(2, 5) - 0.01
    returns[1] = 0
    known = overfitting(returns)
    assert known is not None
    assert known.probability == 0


@pytest.mark.parametrize(("variants", "days"), [(1, 640), (10, 39)])
def test_one_variant_or_too_few_days_have_no_probability(variants: int, days: int) -> None:
    assert overfitting(noise(variants, 6, days)) is None
