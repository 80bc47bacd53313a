"""Frozen dataclasses to JSON and back without loss: Decimal and datetime travel as text.

Deliberately without pydantic: importing it takes longer than `nija status` takes to answer.
"""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Mapping

_T = TypeVar("_T")


def to_plain(value: object) -> Any:  # noqa: ANN401  whatever JSON can hold
    """`value` as dicts, lists, text and numbers."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, frozenset)):
        return [to_plain(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


def from_plain(kind: type[_T], plain: object) -> _T:
    """The inverse of `to_plain`. Unknown fields are ignored. Raises ValueError if `plain` is not a `kind`."""
    try:
        found: _T = _read(kind, plain)
    except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error
    return found


def _read(kind: Any, plain: Any) -> Any:  # noqa: ANN401  driven by annotations, checked by mypy where it is used
    if kind in (str, int, bool) or kind is float:
        return _checked(kind, plain)
    if is_dataclass(kind):
        return _read_fields(kind, plain)
    if get_origin(kind) in (Union, types.UnionType):
        (inner,) = (option for option in get_args(kind) if option is not type(None))
        return None if plain is None else _read(inner, plain)
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], item) for item in plain)
    if kind is datetime:
        return datetime.fromisoformat(plain)
    return kind(_checked(str, plain))


def _read_fields(kind: Any, plain: Mapping[str, object]) -> Any:  # noqa: ANN401  as in _read
    hints = _hints(kind)
    return kind(**{field.name: _read(hints[field.name], plain[field.name]) for field in fields(kind)})


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _checked(kind: type, plain: object) -> object:
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    if type(plain) is not kind:
        raise TypeError(f"{plain!r} where {kind.__name__} was expected")
    return plain
