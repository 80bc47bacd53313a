"""A strategy's parameters: default, bounds, unit and meaning in one place, for its class and its nija.toml table."""

from __future__ import annotations

from dataclasses import Field as Parameter
from dataclasses import field, fields
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, cast

from pydantic import BeforeValidator, Field, create_model, model_validator

from accounts.setting_tables import Count, Number, SettingsTable, unit_of
from accounts.setting_values import read_list
from brokers.figures import exact
from nija.strategy.base import StrategyError
from nija.strategy.indicators import SHORTEST_PERIOD

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import DataclassInstance

# Every stop distance is measured in average true ranges over this many candles.
ATR_PERIOD = 20
ATR = f"ATR({ATR_PERIOD})"
_LONGEST_PERIOD = 500
_LONGEST_OF_SEVERAL = 300
_LARGEST_MULTIPLE = 100
_Value = TypeVar("_Value")


def period(default: int, meaning: str, *, least: int = SHORTEST_PERIOD) -> int:
    """A field for a number of candles, bounded in nija.toml by what the exchanges provide."""
    return _parameter(default, meaning, "candles", {"ge": least, "le": _LONGEST_PERIOD})


def multiple(default: float, meaning: str, *, unit: str, least: Literal["0", "above 0"] = "0") -> float:
    """A field for a multiple of `unit`, such as of an average true range."""
    return _parameter(default, meaning, unit, {"ge" if least == "0" else "gt": 0, "le": _LARGEST_MULTIPLE})


def fraction(default: float, meaning: str, *, unit: str) -> float:
    """A field for a fraction of `unit`, above 0 and at most 1."""
    return _parameter(default, meaning, unit, {"gt": 0, "le": 1})


def periods(default: tuple[int, ...], meaning: str) -> tuple[int, ...]:
    """A field for several numbers of candles, each given once. The exchanges provide twice the longest."""
    return _parameter(default, meaning, "candles", {"ge": SHORTEST_PERIOD, "le": _LONGEST_OF_SEVERAL})


def fee_gate_parameter() -> float:
    """The field that every strategy has."""
    return multiple(2.0, "skip an entry whose stop distance is less than this many times its costs", unit="times")


def check_parameters(strategy: DataclassInstance) -> None:
    """Refuse meaningless values; the nija.toml table has stricter bounds. Raises StrategyError."""
    for parameter in fields(strategy):
        value = getattr(strategy, parameter.name)
        if isinstance(parameter.default, tuple):
            _check_periods(parameter, value)
        elif isinstance(parameter.default, int):
            _check_period(parameter, value)
        elif value is not None:
            _check_multiple(parameter, value)


def parameter_table(make: Callable[..., DataclassInstance], title: str) -> type[SettingsTable]:
    """The nija.toml table of a strategy's parameters."""
    keys: dict[str, Any] = {one.name: (_kind(one), _key(one)) for one in fields(cast("DataclassInstance", make))}

    def check(table: SettingsTable) -> SettingsTable:
        make(**table.model_dump())
        return table

    return create_model(
        make.__name__,
        __base__=SettingsTable,
        __doc__=title,
        __validators__={"check": cast("Callable[..., Any]", model_validator(mode="after")(check))},
        **keys,
    )


def _kind(parameter: Parameter[Any]) -> object:
    if isinstance(parameter.default, tuple):
        one = Annotated[Count, Field(**parameter.metadata["bounds"])]
        return Annotated[tuple[one, ...], BeforeValidator(read_list)]
    return Count if isinstance(parameter.default, int) else Number


def _key(parameter: Parameter[Any]) -> Any:  # noqa: ANN401 - as pydantic's Field
    bounds = {} if isinstance(parameter.default, tuple) else parameter.metadata["bounds"]
    return Field(
        default=parameter.default,
        description=parameter.metadata["meaning"],
        **bounds,
        json_schema_extra=unit_of(parameter.metadata["unit"]),
    )


def _parameter(default: _Value, meaning: str, unit: str, bounds: dict[str, int]) -> _Value:
    return field(default=default, metadata={"meaning": meaning, "unit": unit, "bounds": bounds})


def _check_periods(parameter: Parameter[Any], values: object) -> None:
    if not isinstance(values, tuple) or not values or len(set(values)) != len(values):
        raise StrategyError(f"{parameter.name} = {values!r}: expected at least one number of candles, and each once")
    for value in values:
        _check_period(parameter, value)


def _check_period(parameter: Parameter[Any], value: object) -> None:
    least = parameter.metadata["bounds"]["ge"]
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise StrategyError(f"{parameter.name} = {value!r}: expected a whole number of candles, at least {least}")


def _check_multiple(parameter: Parameter[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise StrategyError(f"{parameter.name} = {value!r}: expected a number")
    shown = exact(value)
    if "gt" in parameter.metadata["bounds"] and value <= 0:
        raise StrategyError(f"{parameter.name} = {shown}: expected a number above 0")
    if value < 0:
        raise StrategyError(f"{parameter.name} = {shown}: expected a number, at least 0")
