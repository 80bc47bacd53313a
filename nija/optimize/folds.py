"""How the days are divided: what is fitted, the walk-forward tests in it, and what is held back."""

from __future__ import annotations

from dataclasses import dataclass

from nija.optimize.errors import OptimizeError

DAY = 86_400
# A shorter part says nothing about a rule that trades once a month.
_SHORTEST = 30


@dataclass(frozen=True, slots=True)
class DayRange:
    """Whole UTC days from `start` up to and without `end`, in days since 1970."""

    start: int
    end: int

    @property
    def days(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class WalkForwardFold:
    """A variant is chosen on `train` and tested on `test`, which follows it."""

    train: DayRange
    test: DayRange


@dataclass(frozen=True, slots=True)
class Division:
    """`fitted` are the days that choose a variant, `held_back` those after them; None if nothing is held back."""

    fitted: DayRange
    folds: tuple[WalkForwardFold, ...]
    held_back: DayRange | None

    @property
    def in_sample(self) -> DayRange:
        """The days before the first test."""
        return DayRange(self.fitted.start, self.folds[0].test.start)

    @property
    def walk_forward(self) -> DayRange:
        """The days of all tests together."""
        return DayRange(self.folds[0].test.start, self.folds[-1].test.end)


def divide(whole: DayRange, *, folds: int, test_days: int | None, held_back: float, is_rolling: bool) -> Division:
    """Hold back the last fraction `held_back`, and end the rest with `folds` tests of equal length.

    Without `test_days` the tests take half of what is fitted. An anchored training (the default) begins with the first
    day and grows; a rolling one keeps its length. Raises OptimizeError if a part would be too short.
    """
    kept = int(whole.days * held_back)
    fitted = DayRange(whole.start, whole.end - kept)
    length = test_days if test_days is not None else fitted.days // (2 * folds)
    training = fitted.days - folds * length
    for what, days in (("each test", length), ("the first training", training)):
        if days < _SHORTEST:
            raise OptimizeError(
                f"{what} would have {max(days, 0)} days of the {fitted.days} that are not held back, at least"
                f" {_SHORTEST} are needed: use fewer --folds, a shorter --test, or more candles"
            )
    return Division(fitted, _folds(fitted, folds, length, training, is_rolling=is_rolling), _last(fitted, kept))


def _last(fitted: DayRange, kept: int) -> DayRange | None:
    if kept == 0:
        return None
    if kept < _SHORTEST:
        raise OptimizeError(
            f"--hold-back keeps {kept} days back, at least {_SHORTEST} say anything: raise it, or use 0"
        )
    return DayRange(fitted.end, fitted.end + kept)


def _folds(
    fitted: DayRange, count: int, length: int, training: int, *, is_rolling: bool
) -> tuple[WalkForwardFold, ...]:
    starts = [fitted.start + training + number * length for number in range(count)]
    return tuple(
        WalkForwardFold(
            DayRange(start - training if is_rolling else fitted.start, start), DayRange(start, start + length)
        )
        for start in starts
    )
