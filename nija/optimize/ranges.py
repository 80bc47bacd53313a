"""The ranges of parameters, as a user writes them: options and TOML files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import prod
from typing import TYPE_CHECKING

from nija.optimize.errors import OptimizeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_RANGE_PARTS = 3
_MOST_VALUES = 1_000


def read_ranges(texts: Iterable[str]) -> dict[str, tuple[Decimal, ...]]:
    """The values of options such as `entry=10..40..5` (first, last, step) or `exit=5,10,20`. Raises OptimizeError."""
    found: dict[str, tuple[Decimal, ...]] = {}
    for text in texts:
        key, equals, values = (part.strip() for part in text.partition("="))
        if not (key and equals and values):
            raise OptimizeError(f"--range {text}: expected KEY=FIRST..LAST..STEP or KEY=VALUE,VALUE")
        if key in found:
            raise OptimizeError(f"--range {text}: {key} has a range already; give all of its values in one")
        found[key] = _values(f"--range {text}", values)
    return found


@dataclass(frozen=True, slots=True)
class RangesFile:
    """A TOML file with `strategy` (optional) and a table [ranges]."""

    strategy: str | None
    ranges: dict[str, tuple[Decimal, ...]]


def read_ranges_file(path: Path) -> RangesFile:
    """Raises OptimizeError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OptimizeError(f"{path}: cannot be read: {error}") from error
    for key in content.keys() - {"strategy", "ranges"}:
        raise OptimizeError(f"{path}: {key} is unknown; expected strategy and [ranges]")
    strategy, ranges = content.get("strategy"), content.get("ranges")
    if strategy is not None and not isinstance(strategy, str):
        raise OptimizeError(f"{path}: strategy = {strategy!r}: expected the name of a strategy")
    if not isinstance(ranges, dict) or not ranges:
        raise OptimizeError(f'{path}: a table [ranges] is expected, such as: entry = "10..40..5"')
    return RangesFile(strategy, {key: _from_file(f"{path}: {key}", value) for key, value in ranges.items()})


def count_variants(ranges: Mapping[str, Sequence[Decimal]]) -> int:
    return prod(len(values) for values in ranges.values())


def _from_file(place: str, value: object) -> tuple[Decimal, ...]:
    if isinstance(value, str):
        return _values(f"{place} = {value}", value)
    listed = value if isinstance(value, list) else [value]
    return _each_once(f"{place} = {value}", [_decimal(f"{place} = {value}", str(one)) for one in listed])


def _values(place: str, text: str) -> tuple[Decimal, ...]:
    if ".." not in text:
        return _each_once(place, [_decimal(place, one) for one in text.split(",")])
    parts = text.split("..")
    if len(parts) != _RANGE_PARTS:
        raise OptimizeError(f"{place}: expected FIRST..LAST..STEP, such as 10..40..5")
    first, last, step = (_decimal(place, part) for part in parts)
    if step <= 0 or last < first:
        raise OptimizeError(f"{place}: expected a step above 0 and a last value from the first on")
    if (count := int((last - first) / step) + 1) > _MOST_VALUES:
        raise OptimizeError(f"{place}: {count} values of one parameter; at most {_MOST_VALUES}, so widen the step")
    return tuple(first + index * step for index in range(count))


def _each_once(place: str, values: list[Decimal]) -> tuple[Decimal, ...]:
    if not values or len(set(values)) != len(values):
        raise OptimizeError(f"{place}: expected each value once")
    return tuple(sorted(values))


def _decimal(place: str, text: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise OptimizeError(f"{place}: {text.strip() or 'nothing'} is no number")
    return value
