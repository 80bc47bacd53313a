"""A strategy's parameters: default, bounds, unit and meaning in one place, for its class and its nija.toml table."""

from __future__ import annotations

from dataclasses import Field as Parameter
from dataclasses import field, fields
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from pydantic import Field, create_model, model_validator

from accounts.setting_tables import Count, Number, SettingsTable, unit_of
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
_LARGEST_MULTIPLE = 100
_Value = TypeVar("_Value")


def period(default: int, meaning: str, *, least: int = SHORTEST_PERIOD) -> int:
    """A field for a number of candles, bounded in nija.toml by what the exchanges provide."""
    return _parameter(default, meaning, "candles", {"ge": least, "le": _LONGEST_PERIOD})


def multiple(default: float, meaning: str, *, unit: str, least: Literal["0", "above 0"] = "0") -> float:
    """A field for a multiple of `unit`, such as of an average true range."""
    return _parameter(default, meaning, unit, {"ge" if least == "0" else "gt": 0, "le": _LARGEST_MULTIPLE})


def fee_gate_parameter() -> float:
    """The field that every strategy has."""
    return multiple(2.0, "skip an entry whose stop distance is less than this many times its costs", unit="times")


def check_parameters(strategy: DataclassInstance) -> None:
    """Refuse meaningless values; the nija.toml table has stricter bounds. Raises StrategyError."""
    for parameter in fields(strategy):
        value = getattr(strategy, parameter.name)
        if isinstance(parameter.default, int):
            _check_period(parameter, value)
        elif value is not None:
            _check_multiple(parameter, value)


def parameter_table(make: Callable[..., DataclassInstance], title: str) -> type[SettingsTable]:
    """The nija.toml table of a strategy's parameters."""
    keys: dict[str, Any] = {
        one.name: (
            Count if isinstance(one.default, int) else Number,
            Field(
                default=one.default,
                description=one.metadata["meaning"],
                **one.metadata["bounds"],
                json_schema_extra=unit_of(one.metadata["unit"]),
            ),
        )
        for one in fields(cast("DataclassInstance", make))
    }

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


def _parameter(default: _Value, meaning: str, unit: str, bounds: dict[str, int]) -> _Value:
    return field(default=default, metadata={"meaning": meaning, "unit": unit, "bounds": bounds})


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
