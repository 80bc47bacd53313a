"""The compiled pass makes the same trades as the plain engine, and the same returns to the last digits of floats.

Here its code runs uncompiled, which is the same code; tests/nija/optimize/test_numba.py compiles it.
"""

from __future__ import annotations

from decimal import Decimal
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from brokers.model import Timeframe
from nija.optimize import compiled
from nija.optimize.chosen import TOLERANCE
from nija.optimize.compiled import CompiledPass, why_not_compiled
from nija.optimize.trial import Conditions, trial
from nija.strategy.ema_cross import EmaCross
from nija.strategy.trend import Trend
from tests.nija.optimize.markets import made_up_conditions, made_up_history

if TYPE_CHECKING:
    from pathlib import Path

    from nija.strategy.base import Strategy

needs_numba = pytest.mark.skipif(
    find_spec("numba") is None, reason="numba is not installed: pip install 'nija[optimize]'"
)
SEEDS = range(15)


@pytest.fixture(autouse=True)
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("numba") is not None:
        import numba  # noqa: PLC0415  optional

        monkeypatch.setattr(numba.config, "DISABLE_JIT", True)


def check_equal(conditions: Conditions, strategy: Strategy, cache: Path) -> int:
    """Returns the number of trades."""
    plain, fast = trial(conditions, strategy), CompiledPass(conditions, cache)(strategy)
    assert fast.opened.tolist() == plain.opened.tolist()
    np.testing.assert_allclose(fast.returns, plain.returns, rtol=0, atol=TOLERANCE)
    return len(plain.opened)


@needs_numba
class TestEqual:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_trend_on_one_market(self, seed: int, tmp_path: Path) -> None:
        conditions = made_up_conditions([made_up_history("BTC/USD", seed)])
        assert check_equal(conditions, Trend(entry=10 + seed % 20, exit=5), tmp_path) > 0

    @pytest.mark.parametrize("seed", SEEDS)
    def test_ema_cross_on_three_markets_of_one_account(self, seed: int, tmp_path: Path) -> None:
        histories = [made_up_history(f"C{number}/USD", 100 * number + seed) for number in range(3)]
        conditions = made_up_conditions(histories, "ema_cross", max_positions=2)
        assert check_equal(conditions, EmaCross(fast=5, slow=12 + seed % 20), tmp_path) > 0

    @pytest.mark.parametrize("cash", ["26", "40", "60", "100"])
    def test_accounts_that_reach_the_minimum_order(self, cash: str, tmp_path: Path) -> None:
        histories = [made_up_history("BTC/USD", 3), made_up_history("ETH/USD", 4)]
        check_equal(made_up_conditions(histories, cash=cash), Trend(entry=8, exit=4), tmp_path)

    @pytest.mark.parametrize(
        "overrides",
        [
            {"max_daily_loss": Decimal("0.002")},
            {"max_drawdown": Decimal("0.01")},
            {"max_exposure": Decimal("0.2")},
            {"risk_multiplier": Decimal(3)},
            {"disabled_markets": ("ETH/USD",)},
            {"max_candle_age": 0.5},
            {"max_candle_age": 0.0},
        ],
    )
    def test_every_limit_of_the_settings(self, overrides: dict[str, Any], tmp_path: Path) -> None:
        histories = [made_up_history("BTC/USD", 5), made_up_history("ETH/USD", 6)]
        check_equal(made_up_conditions(histories, **overrides), Trend(entry=8, exit=4, fee_gate=0), tmp_path)

    def test_stops_that_lie_on_the_very_step_of_the_price(self, tmp_path: Path) -> None:
        for seed in range(4):
            conditions = made_up_conditions([made_up_history("BTC/USD", seed)])
            check_equal(conditions, Trend(entry=10, exit=8, trail_atr=0), tmp_path)

    def test_a_fee_gate_that_refuses_some(self, tmp_path: Path) -> None:
        conditions = made_up_conditions([made_up_history("BTC/USD", 7)])
        both = [check_equal(conditions, Trend(entry=8, exit=4, fee_gate=gate), tmp_path) for gate in (0.0, 16.0)]
        assert both[1] < both[0]

    def test_candles_within_a_day(self, tmp_path: Path) -> None:
        history = made_up_history("BTC/USD", 8, 1200, Timeframe.H1)
        assert check_equal(made_up_conditions([history]), Trend(entry=20, exit=10, fee_gate=0), tmp_path) > 5

    def test_a_market_that_ends_before_the_other(self, tmp_path: Path) -> None:
        histories = [made_up_history("BTC/USD", 9), made_up_history("ETH/USD", 10, 300)]
        assert check_equal(made_up_conditions(histories), Trend(entry=8, exit=4), tmp_path) > 0

    def test_one_pass_for_many_variants_keeps_nothing_of_the_last(self, tmp_path: Path) -> None:
        conditions = made_up_conditions([made_up_history("BTC/USD", 12)])
        both = CompiledPass(conditions, tmp_path)
        both(Trend(entry=4, exit=2, fee_gate=0))
        late, alone = Trend(entry=30, exit=20), CompiledPass(conditions, tmp_path)
        assert both(late).returns.tolist() == alone(late).returns.tolist()

    def test_a_strategy_without_a_stop_opens_nothing_in_either(self, tmp_path: Path) -> None:
        conditions = made_up_conditions([made_up_history("BTC/USD", 11)])
        assert check_equal(conditions, Trend(stop_atr=None), tmp_path) == 0


def test_without_numba_the_reason_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "find_spec", lambda _name: None)
    conditions = made_up_conditions([made_up_history("BTC/USD", 1)])
    assert "pip install" in why_not_compiled(conditions, Trend())
