"""Whatever is wrong with a user's own strategy is one error that names the strategy and the candles."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from brokers.model import Candles, Timeframe
from nija.strategy.base import Signals, StrategyError
from nija.strategy.evaluation import signals_of
from nija.strategy.registry import load_strategy

COUNT = 30
CANDLES = Candles("BTC/USD", Timeframe.D1, np.arange(COUNT) * 86_400, *(np.full(COUNT, 10.0) for _ in range(5)))
NEVER, NONE = np.zeros(COUNT, bool), np.full(COUNT, np.nan)


class Own:
    name, warmup, fee_gate = "own", 1, 0.0

    def __init__(self, *answer: object) -> None:
        self._answer = answer

    def evaluate(self, candles: Candles) -> Any:  # noqa: ANN401 - a user's own class may give anything
        del candles
        return Signals(*self._answer) if self._answer else None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((), "it gives NoneType, expected Signals"),
        ((NEVER[1:], NEVER[1:], NONE[1:], NONE[1:]), "it gives 29 signals"),
        ((NEVER[1:], NEVER, NONE, NONE), "differ in length"),
        (([False] * COUNT, NEVER, NONE, NONE), "must be numpy arrays of one dimension"),
        ((NEVER, NEVER, NONE.reshape(-1, 1), NONE), "must be numpy arrays of one dimension"),
        ((NONE, NEVER, NONE, NONE), "entry and exit of a strategy's signals must be arrays of bool"),
        ((NEVER, NEVER, NONE.astype(str), NONE), "must be arrays of numbers"),
        ((NEVER, NEVER, NONE, NONE, NONE, np.nan), "expected a finite number"),
    ],
)
def test_signals_of_a_wrong_kind_are_refused(answer: tuple[object, ...], why: str) -> None:
    with pytest.raises(StrategyError) as caught:
        signals_of(Own(*answer), CANDLES)
    assert str(caught.value).startswith("strategy own: evaluate fails on 30 1d candles of BTC/USD: ")
    assert why in str(caught.value)


def test_a_nan_is_no_entry() -> None:
    """As a truth value it would be one."""
    with pytest.raises(ValueError, match="arrays of bool"):
        Signals(np.full(COUNT, np.nan), NEVER, NONE, NONE)


class Failing:
    def __init__(self) -> None:
        raise RuntimeError("no data feed")


def test_a_class_that_fails_when_made_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("made_for_this_test")
    module.Failing = Failing  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with pytest.raises(StrategyError, match=r"made_for_this_test:Failing\] no data feed"):
        load_strategy("made_for_this_test:Failing", {})
