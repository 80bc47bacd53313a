"""A backtest of an account's own settings on the candles in the store, as `nija explain` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from nija.analysis.buy_and_hold import held_coins
from nija.analysis.curve import account_curve, max_drawdown
from nija.backtest.engine import backtest
from nija.backtest.records import BacktestAccount, MarketHistory
from nija.candles.markets import market_facts
from nija.explain.past import PastFigures, PastStretch
from nija.explain.times import written

if TYPE_CHECKING:
    from brokers.model import Fees, Timeframe
    from nija.backtest.records import BacktestResult
    from nija.candles.store import CandleStore
    from nija.trader.plan import TradingPlan

# Fewer candles after the warm-up than this show nothing.
_LEAST = 60
_FEW_TRADES = 30


@dataclass(frozen=True, slots=True)
class StoredMarkets:
    """The store, and under which name the exchange's candles are in it."""

    store: CandleStore
    origin: str

    def history(self, symbol: str, timeframe: Timeframe) -> MarketHistory | None:
        """None without candles. Raises CandleError, also where the market's minimums and steps are not known."""
        candles = self.store.read(self.origin, symbol, timeframe)
        if not len(candles):
            return None
        return MarketHistory(market_facts(self.store, self.origin, symbol).market, candles)


def own_past(stored: StoredMarkets, plan: TradingPlan, fees: Fees, cash: Decimal) -> PastFigures | None:
    """None if candles of any of its markets are missing or too few. Raises CandleError."""
    histories: dict[str, MarketHistory] = {}
    for symbol in plan.settings.markets:
        history = stored.history(symbol, plan.timeframe)
        if history is None or len(history.candles) < plan.strategy.warmup + _LEAST:
            return None
        histories[symbol] = history
    if not histories:
        return None
    first = max(int(one.candles.time[plan.strategy.warmup]) for one in histories.values())
    last = min(int(one.candles.time[-1]) for one in histories.values())
    if last - first < _LEAST * plan.timeframe.seconds:
        return None
    (result,) = backtest([BacktestAccount("explain", plan, fees, cash)], histories, start=first, end=last)
    return PastFigures(fees.taker, (_stretch(result),), _source(stored, result), tuple(_notes(result)))


def _stretch(result: BacktestResult) -> PastStretch:
    curve, held = account_curve(result), held_coins(result)
    end = result.end + result.timeframe.seconds
    return PastStretch(
        period=f"{written(result.start)[:10]} to {written(end)[:10]}",
        total=result.total_return,
        fall=-_fraction(max_drawdown(curve.equity)),
        hold_total=None if held is None else _fraction(held.net_return),
        hold_fall=None if held is None else -_fraction(held.max_drawdown),
        trades=len(result.trades),
    )


def _source(stored: StoredMarkets, result: BacktestResult) -> str:
    count = int(np.sum([len(one.candles) for one in result.histories]))
    return f"{count} stored {result.timeframe} candles of {stored.origin}; nija backtest has the whole report"


def _notes(result: BacktestResult) -> list[str]:
    notes = [f"{len(result.trades)} trades."]
    if len(result.trades) < _FEW_TRADES:
        notes = [f"{len(result.trades)} trades: too few to prove anything."]
    return [*notes, *(f"{one.market}: {one.count} entries left out by {one.rule}." for one in result.not_opened)]


def _fraction(value: float) -> Decimal:
    return Decimal(repr(value))
