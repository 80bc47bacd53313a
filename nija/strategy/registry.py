"""Makes a strategy from its name and parameters in nija.toml, with errors that say what to fix."""

from __future__ import annotations

import importlib
import inspect
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from accounts.setting_tables import strategy_tables
from nija.strategy.base import Strategy, StrategyError
from nija.strategy.ema_cross import EmaCross
from nija.strategy.parameters import parameter_table
from nija.strategy.trend import Trend
from nija.strategy.trend_ensemble import TrendEnsemble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BUILT_IN: Mapping[str, type[Trend | EmaCross | TrendEnsemble]] = MappingProxyType(
    {"trend": Trend, "ema_cross": EmaCross, "trend_ensemble": TrendEnsemble}
)
# [strategy.*] of nija.toml.
STRATEGY_TABLES = strategy_tables(
    {name: parameter_table(strategy, f"[strategy.{name}]: {strategy.title}.") for name, strategy in _BUILT_IN.items()}
)


def load_strategy(name: str, parameters: Mapping[str, object]) -> Strategy:
    """The built-in strategy of that name, or a user's own class named as `package.module:Class`.

    Raises StrategyError with the key, its value and what was expected.
    """
    make: Callable[..., Strategy] = _BUILT_IN.get(name) or _own_class(name)
    _check_keys(name, make, parameters)
    try:
        strategy = make(**parameters)
        twin = make(**parameters)
    except Exception as error:
        raise StrategyError(f"[strategy.{name}] {error}") from error
    _check_shape(name, strategy)
    _check_value(name, strategy, twin)
    return strategy


def _own_class(name: str) -> Callable[..., Strategy]:
    module_name, colon, class_name = name.partition(":")
    if not (module_name and colon and class_name):
        choices = ", ".join(sorted(_BUILT_IN))
        raise StrategyError(f'strategy = "{name}": expected one of {choices}, or your own "package.module:Class"')
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise StrategyError(
            f'strategy = "{name}": module {module_name} cannot be imported ({error}); it must be on the Python path'
        ) from error
    found = getattr(module, class_name, None)
    if not inspect.isclass(found):
        raise StrategyError(f'strategy = "{name}": module {module_name} has no class {class_name}')
    return cast("type[Strategy]", found)


def _check_keys(name: str, make: Callable[..., Strategy], parameters: Mapping[str, object]) -> None:
    known = inspect.signature(make).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in known.values()):
        return
    for key, value in parameters.items():
        if key not in known:
            expected = ", ".join(known) or "no parameters"
            raise StrategyError(f"[strategy.{name}] {key} = {value!r}: unknown key, expected one of: {expected}")
    for key, parameter in known.items():
        if parameter.default is inspect.Parameter.empty and key not in parameters:
            raise StrategyError(f"[strategy.{name}] {key} is missing: {name} has no default for it")


def _check_shape(name: str, strategy: object) -> None:
    if not isinstance(strategy, Strategy):
        lacking = [part for part in ("name", "warmup", "fee_gate", "evaluate") if not hasattr(strategy, part)]
        raise StrategyError(f'strategy = "{name}": the class lacks {", ".join(lacking)} of the Strategy protocol')
    if not isinstance(strategy.warmup, int) or strategy.warmup < 1:
        raise StrategyError(f'strategy = "{name}": warmup is {strategy.warmup!r}, expected a number of candles from 1')
    if not isinstance(strategy.fee_gate, int | float) or not strategy.fee_gate >= 0:
        raise StrategyError(f'strategy = "{name}": fee_gate is {strategy.fee_gate!r}, expected a number from 0')


def _check_value(name: str, strategy: Strategy, twin: Strategy) -> None:
    """Accounts with equal strategies share signals; without equality nothing would be shared."""
    try:
        same = strategy == twin and hash(strategy) == hash(twin)
    except TypeError:
        same = False
    if not same:
        raise StrategyError(
            f'strategy = "{name}": two instances with the same parameters must be equal and hashable;'
            " declare the class as @dataclass(frozen=True)"
        )
