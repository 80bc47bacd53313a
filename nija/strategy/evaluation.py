"""Signals of a strategy that may be a user's own: whatever it does wrong is one error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.strategy.base import Signals, StrategyError

if TYPE_CHECKING:
    from brokers.model import Candles
    from nija.strategy.base import Strategy


def signals_of(strategy: Strategy, candles: Candles) -> Signals:
    """One signal for each candle. Raises StrategyError if `evaluate` fails, or gives anything else."""
    try:
        signals: object = strategy.evaluate(candles)
    except Exception as error:
        raise _failed(strategy, candles, f"{type(error).__name__}: {error}") from error
    if not isinstance(signals, Signals):
        raise _failed(strategy, candles, f"it gives {type(signals).__name__}, expected Signals")
    if len(signals) != len(candles):
        raise _failed(strategy, candles, f"it gives {len(signals)} signals")
    return signals


def _failed(strategy: Strategy, candles: Candles, why: str) -> StrategyError:
    return StrategyError(
        f"strategy {strategy.name}: evaluate fails on {len(candles)} {candles.timeframe} candles of {candles.market}:"
        f" {why}"
    )
