from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from nija.strategy.base import Strategy, StrategyError
from nija.strategy.ema_cross import EmaCross
from nija.strategy.registry import load_strategy
from nija.strategy.trend import Trend
from nija.strategy.trend_ensemble import TrendEnsemble
from tests.nija.strategy.generated import candles_of, flat
from tests.nija.strategy.own_strategies import NewHigh

if TYPE_CHECKING:
    from pathlib import Path

OWN = "tests.nija.strategy.own_strategies"


def test_the_built_in_strategies_are_loaded_by_name() -> None:
    assert load_strategy("trend", {"entry": 30, "stop_atr": 2}) == Trend(entry=30, stop_atr=2)
    assert load_strategy("ema_cross", {}) == EmaCross()
    assert load_strategy("trend_ensemble", {"lookbacks": (30, 90)}) == TrendEnsemble(lookbacks=(30, 90))


def test_a_users_own_class_is_loaded_and_evaluates() -> None:
    strategy = load_strategy(f"{OWN}:NewHigh", {"stop": 0.1})
    assert isinstance(strategy, Strategy)
    assert strategy == NewHigh(stop=0.1)
    candles = candles_of([*flat(2), (100, 102, 100, 102)])
    signal = strategy.evaluate(candles).last(candles)
    assert signal.entry
    assert float(signal.initial_stop or 0) == pytest.approx(91.8)


def test_two_accounts_with_equal_parameters_share_one_key() -> None:
    shared = {load_strategy("trend", {}), load_strategy("trend", {"entry": 20}), load_strategy("trend", {"entry": 30})}
    assert len(shared) == 2


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        (
            "trnd",
            {},
            'strategy = "trnd": expected one of ema_cross, trend, trend_ensemble, or your own "package.module:Class"',
        ),
        (":Trend", {}, 'strategy = ":Trend": expected one of ema_cross, trend'),
        ("no.such:Thing", {}, 'strategy = "no.such:Thing": module no.such cannot be imported (No module named'),
        (f"{OWN}:Missing", {}, f"module {OWN} has no class Missing"),
        (f"{OWN}:NOT_A_CLASS", {}, f"module {OWN} has no class NOT_A_CLASS"),
        ("trend", {"entri": 5}, "[strategy.trend] entri = 5: unknown key, expected one of: entry, exit, stop_atr"),
        ("trend", {"entry": "20"}, "[strategy.trend] entry = '20': expected a whole number of candles"),
        ("trend_ensemble", {"lookbacks": ()}, "lookbacks = (): expected at least one number of candles, and each once"),
        ("trend_ensemble", {"lookbacks": (20, 20)}, "lookbacks = (20, 20): expected at least one number of candles"),
        ("trend_ensemble", {"lookbacks": (20, 1)}, "lookbacks = 1: expected a whole number of candles, at least 2"),
        ("trend_ensemble", {"band": 0}, "[strategy.trend_ensemble] band = 0: expected a number above 0"),
        ("ema_cross", {"slow": 10}, "[strategy.ema_cross] fast = 20: expected fewer candles than slow = 10"),
        (f"{OWN}:NewHigh", {}, f"[strategy.{OWN}:NewHigh] stop is missing"),
        (f"{OWN}:NewHigh", {"stop": 7}, f"[strategy.{OWN}:NewHigh] stop = 7: expected a fraction"),
        (f"{OWN}:NewHigh", {"stop": "a"}, f"[strategy.{OWN}:NewHigh] '<' not supported"),
        (f"{OWN}:WithoutEvaluate", {}, "the class lacks evaluate of the Strategy protocol"),
        (f"{OWN}:WithoutWarmup", {}, "warmup is 0, expected a number of candles from 1"),
        (f"{OWN}:WithAnOddFeeGate", {}, "fee_gate is 'two', expected a number from 0"),
        (f"{OWN}:WithoutValueEquality", {}, "declare the class as @dataclass(frozen=True)"),
    ],
)
def test_what_cannot_be_loaded_is_named_with_what_was_expected(
    name: str, parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(StrategyError, match=re.escape(message)):
        load_strategy(name, parameters)


def test_a_users_module_with_a_mistake_is_named_with_the_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_broken_module.py").write_text("class Mine(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(StrategyError, match="module own_broken_module cannot be imported"):
        load_strategy("own_broken_module:Mine", {})
