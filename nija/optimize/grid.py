"""The variants of a strategy: every combination of the ranges of its parameters."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from itertools import product
from typing import TYPE_CHECKING, Any, cast

from brokers.figures import exact, number
from nija.optimize.errors import OptimizeError
from nija.strategy.base import Strategy, StrategyError
from nija.strategy.registry import load_strategy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

Value = int | float


@dataclass(frozen=True, slots=True)
class ParameterRange:
    """The values of one parameter, rising."""

    key: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """A strategy with one combination of values. `cell` has the index of each value in its range."""

    cell: tuple[int, ...]
    values: tuple[Value, ...]
    strategy: Strategy


@dataclass(frozen=True, slots=True)
class Grid:
    """All combinations of the ranges' values; `refusal` is why the last refused one was left out."""

    strategy: str
    ranges: tuple[ParameterRange, ...]
    variants: tuple[Variant, ...]
    refused: int
    refusal: str

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(one.values) for one in self.ranges)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(one.key for one in self.ranges)

    def named(self, variant: Variant) -> str:
        """`entry = 20, exit = 10`."""
        return ", ".join(f"{key} = {number(value)}" for key, value in zip(self.keys, variant.values, strict=True))


def make_grid(name: str, base: Mapping[str, object], ranges: Mapping[str, Sequence[Decimal]]) -> Grid:
    """Every combination of `ranges`; the strategy's other parameters are those of `base`.

    Raises OptimizeError, and StrategyError if the strategy itself cannot be used.
    """
    if not ranges:
        raise OptimizeError("nothing to try: give at least one --range, such as --range entry=10..40..5")
    default = load_strategy(name, base)
    checked = tuple(_checked(name, default, key, values) for key, values in ranges.items())
    variants, refused, refusal = [], 0, ""
    for cell in product(*(range(len(one.values)) for one in checked)):
        values = tuple(one.values[index] for one, index in zip(checked, cell, strict=True))
        chosen = dict(zip((one.key for one in checked), values, strict=True))
        try:
            variants.append(Variant(cell, values, load_strategy(name, {**base, **chosen})))
        except StrategyError as error:
            refused, refusal = refused + 1, str(error)
    if not variants:
        raise OptimizeError(f"the strategy accepts no combination of these ranges; the last: {refusal}")
    return Grid(name, checked, tuple(variants), refused, refusal)


def _checked(name: str, strategy: Strategy, key: str, values: Sequence[Decimal]) -> ParameterRange:
    known: dict[str, Any] = {one.name: one for one in fields(cast("Any", strategy))} if is_dataclass(strategy) else {}
    if known and key not in known:
        nearest = get_close_matches(key, known, n=1, cutoff=0)[0]
        raise OptimizeError(f"{key}: {name} has no such parameter, the nearest is {nearest}; it has {', '.join(known)}")
    default = getattr(strategy, key, None)
    if default is not None and (isinstance(default, bool) or not isinstance(default, int | float)):
        raise OptimizeError(f"{key}: a range needs a parameter that is a number, and {key} is {default!r}")
    bounds: Mapping[str, Any] = known[key].metadata.get("bounds", {}) if key in known else {}
    for value in values:
        _check_bounds(key, value, bounds)
    is_whole = isinstance(default, int)
    for value in values:
        if is_whole and value != int(value):
            raise OptimizeError(f"{key} = {exact(value)}: expected a whole number")
    return ParameterRange(key, tuple(int(value) if is_whole else float(value) for value in values))


def _check_bounds(key: str, value: Decimal, bounds: Mapping[str, Any]) -> None:
    least, above, most = bounds.get("ge"), bounds.get("gt"), bounds.get("le")
    if (least is None or value >= least) and (above is None or value > above) and (most is None or value <= most):
        return
    words = [
        f"{word} {limit}"
        for word, limit in (("at least", least), ("above", above), ("at most", most))
        if limit is not None
    ]
    raise OptimizeError(f"{key} = {exact(value)}: expected {', '.join(words)}")
