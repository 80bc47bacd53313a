"""The compiled pass: the same trades as the plain engine, many times faster. It only ranks.

Equal means: the same entries at the same candles, and every day's return equal to within 1e-9. Amounts are floats here,
so a later digit may differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from nija.analysis.curve import Curve
from nija.optimize.folds import DAY
from nija.optimize.outcome import VariantOutcome
from nija.optimize.scores import returns_of_days
from nija.risk.costs import slippage
from nija.strategy.evaluation import signals_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal
    from pathlib import Path

    from numpy.typing import NDArray

    from brokers.model import Candles
    from nija.backtest.records import BacktestAccount, MarketHistory
    from nija.optimize.trial import Conditions
    from nija.strategy.base import Strategy

INSTALL = ".venv/bin/python -m pip install 'numba>=0.61'"


def why_not_compiled(conditions: Conditions, strategy: Strategy) -> str:
    """Why the plain engine has to rank these variants; empty if the compiled pass can."""
    if find_spec("numba") is None:
        return f"numba is not installed ({INSTALL} makes large searches many times faster)"
    if signals_of(strategy, conditions.histories[0].candles).weight is not None:
        return f"{strategy.name} resizes its positions, which the compiled pass does not do"
    return ""


class CompiledPass:
    """Callable for any variant of the same search. The first call of a machine compiles, which takes seconds."""

    def __init__(self, conditions: Conditions, cache: Path) -> None:
        """`cache` keeps the compiled code, unless NUMBA_CACHE_DIR names another folder."""
        numba: Any = import_module("numba")
        if not numba.config.CACHE_DIR:
            numba.config.CACHE_DIR = str(cache)
        self._loop: Any = import_module("nija.optimize.loop")
        self._conditions = conditions
        self._timeline = _timeline(conditions)
        # One table for all variants, as it may be large: each overwrites the signals of the last.
        self._table = self._price_table()
        self._rules = _market_rules(self._loop.MarketRule, conditions)
        step, times = conditions.account.plan.timeframe.seconds, self._timeline.times
        self._days = np.stack((times // DAY, (times + step - 1) // DAY), axis=1)

    def __call__(self, strategy: Strategy) -> VariantOutcome:
        account = self._conditions.account
        rules = _account_rules(self._loop.AccountRule, account, strategy)
        equity, entered, final = self._loop.simulate(self._with_signals(strategy), self._days, self._rules, rules)
        equity[-1] = final
        times, step = self._timeline.times, account.plan.timeframe.seconds
        curve = Curve(np.concatenate((times[:1], times + step)), np.concatenate(([float(account.cash)], equity)))
        opened = np.repeat(times // DAY, entered.astype(np.int64))
        return VariantOutcome(returns_of_days(curve, self._conditions.days), opened)

    def _price_table(self) -> NDArray[np.float64]:
        """By time, market and loop.At, with what does not depend on the strategy."""
        at, times = self._loop.At, self._timeline.times
        table = np.full((len(times), len(self._conditions.histories), len(at)), np.nan)
        table[:, :, [at.IS_LAST, at.IS_STALE, at.ENTER, at.LEAVE]] = 0
        longest = self._conditions.account.plan.settings.trading.max_candle_age
        for number, (history, part, places) in enumerate(self._parts()):
            candles = history.candles
            ages = np.diff(candles.time[part], prepend=candles.time[part][:1]) / candles.timeframe.seconds - 1
            table[places, number, at.OPEN], table[places, number, at.LOW] = candles.open[part], candles.low[part]
            table[:, number, at.CLOSE] = _carried(candles, times)
            table[places[-1:], number, at.IS_LAST] = 1
            table[places, number, at.IS_STALE] = (ages > longest) & (longest > 0)
        return table

    def _with_signals(self, strategy: Strategy) -> NDArray[np.float64]:
        at, table, quote = self._loop.At, self._table, self._conditions.account.plan.quote
        for number, (history, part, places) in enumerate(self._parts()):
            signals = signals_of(strategy, history.candles)
            # The signal of a candle is acted on at the open of the next one; the first candle has none before it.
            before, following = slice(part.start, max(part.start, part.stop - 1)), places[1:]
            table[following, number, at.ENTER] = signals.entry[before] if history.market.quote == quote else 0
            table[following, number, at.LEAVE] = signals.exit[before]
            table[following, number, at.SIGNAL_CLOSE] = history.candles.close[before]
            table[following, number, at.SIGNAL_STOP] = signals.initial_stop[before]
            table[places, number, at.TRAIL] = signals.trail[part]
        return table

    def _parts(self) -> Iterator[tuple[MarketHistory, slice, NDArray[np.int64]]]:
        return zip(self._conditions.histories, self._timeline.slices, self._timeline.places, strict=True)


@dataclass(frozen=True, slots=True, eq=False)
class _Timeline:
    """All opening times of any market; by market the slice of its candles, and their places among the times."""

    times: NDArray[np.int64]
    slices: tuple[slice, ...]
    places: tuple[NDArray[np.int64], ...]


def _timeline(conditions: Conditions) -> _Timeline:
    first, after = conditions.days.start * DAY, conditions.days.end * DAY
    slices = tuple(slice(*np.searchsorted(one.candles.time, (first, after)).tolist()) for one in conditions.histories)
    inside = [one.candles.time[part] for one, part in zip(conditions.histories, slices, strict=True)]
    times = np.unique(np.concatenate(inside))
    return _Timeline(times, slices, tuple(np.searchsorted(times, one) for one in inside))


def _carried(candles: Candles, times: NDArray[np.int64]) -> NDArray[np.float64]:
    """The last close known at each time, nan before the first."""
    last = np.searchsorted(candles.time, times, side="right") - 1
    return np.where(last >= 0, candles.close[np.maximum(last, 0)], np.nan)


def _market_rules(kinds: Any, conditions: Conditions) -> NDArray[np.float64]:  # noqa: ANN401  loop.MarketRule
    disabled = conditions.account.plan.settings.own.disabled_markets
    rules = np.empty((len(conditions.histories), len(kinds)))
    for number, market in enumerate(one.market for one in conditions.histories):
        price, amount = market.price_step.as_integer_ratio(), market.amount_step.as_integer_ratio()
        values: dict[int, Decimal | int | bool] = {
            kinds.SLIPPAGE: slippage(market),
            kinds.PRICE_NUM: price[0],
            kinds.PRICE_DEN: price[1],
            kinds.AMOUNT_NUM: amount[0],
            kinds.AMOUNT_DEN: amount[1],
            kinds.MIN_AMOUNT: market.min_amount,
            kinds.MIN_COST: market.min_cost,
            kinds.ENABLED: market.symbol not in disabled,
        }
        rules[number, list(values)] = [float(value) for value in values.values()]
    return rules


def _account_rules(kinds: Any, account: BacktestAccount, strategy: Strategy) -> NDArray[np.float64]:  # noqa: ANN401  loop.AccountRule
    settings = account.plan.settings
    risk = settings.risk
    values: dict[int, Decimal | float] = {
        kinds.CASH: account.cash,
        kinds.FEE: account.fees.taker,
        kinds.GATE: strategy.fee_gate,
        kinds.RISK: risk.risk_per_trade * settings.own.risk_multiplier,
        kinds.RAISED_RISK: 2 * risk.risk_per_trade,
        kinds.MAX_POSITION: risk.max_position,
        kinds.MAX_EXPOSURE: risk.max_exposure,
        kinds.MAX_POSITIONS: risk.max_positions,
        kinds.MAX_DAILY_LOSS: risk.max_daily_loss,
        kinds.MAX_DRAWDOWN: risk.max_drawdown,
        kinds.MIN_BALANCE: risk.min_balance,
    }
    rules = np.empty(len(kinds))
    rules[list(values)] = [float(value) for value in values.values()]
    return rules
