"""A backtest of an account's own settings on the candles in the store, as `nija explain` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from nija.analysis.buy_and_hold import held_coins
from nija.analysis.curve import YEAR, account_curve, max_drawdown
from nija.backtest.engine import backtest
from nija.backtest.records import BacktestAccount, MarketHistory
from nija.candles.markets import market_facts
from nija.candles.sources import find_candles, in_store
from nija.explain.past import PastFigures, PastStretch
from nija.explain.times import written

if TYPE_CHECKING:
    from brokers.model import Fees, Timeframe
    from nija.analysis.curve import Curve
    from nija.backtest.records import BacktestResult
    from nija.candles.store import CandleStore
    from nija.trader.plan import TradingPlan

# Fewer candles after the warm-up than this show nothing.
_LEAST = 60
_FEW_TRADES = 30
_YEARS_SHOWN = 8
_FEW_YEARS = 3 * YEAR


@dataclass(frozen=True, slots=True)
class StoredMarkets:
    """The store, and under which name the exchange's candles are in it."""

    store: CandleStore
    origin: str

    def history(self, symbol: str, timeframe: Timeframe) -> MarketHistory | None:
        """None without candles; finer ones are combined. Raises CandleError.

        It is raised also where the market's minimums and steps are not known.
        """
        series = [one for one in in_store(self.store) if (one.exchange, one.market) == (self.origin, symbol)]
        found = find_candles(series, timeframe)
        if found is None:
            return None
        return MarketHistory(market_facts(self.store, self.origin, symbol).market, found.candles)


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
    return PastFigures(fees.taker, _stretches(result), _source(stored, result), tuple(_notes(result)))


def _stretches(result: BacktestResult) -> tuple[PastStretch, ...]:
    """The last years and, where they are few, all together: the total of many is a figure of the first ones."""
    curve, held = account_curve(result), held_coins(result)
    begin, end = int(curve.time[0]), int(curve.time[-1])
    spans = [(_start_of(year), _start_of(year + 1)) for year in range(_year_of(begin), _year_of(end - 1) + 1)]
    years = [(max(begin, since), min(end, until)) for since, until in spans][-_YEARS_SHOWN:]
    whole = [(begin, end)] if len(years) > 1 and end - begin <= _FEW_YEARS else []
    return tuple(_stretch(span, curve, None if held is None else held.curve) for span in (*whole, *years))


def _stretch(span: tuple[int, int], curve: Curve, held: Curve | None) -> PastStretch:
    mine, theirs = curve.between(*span), None if held is None else held.between(*span)
    return PastStretch(
        period=_named(*span),
        total=_fraction(mine.change),
        fall=-_fraction(max_drawdown(mine.equity)),
        hold_total=None if theirs is None else _fraction(theirs.change),
        hold_fall=None if theirs is None else -_fraction(max_drawdown(theirs.equity)),
    )


def _named(since: int, until: int) -> str:
    """`2024`, or the days of a part of a year."""
    year = _year_of(since)
    if (since, until) == (_start_of(year), _start_of(year + 1)):
        return str(year)
    return f"{written(since)[:10]} to {written(until)[:10]}"


def _year_of(time: int) -> int:
    return datetime.fromtimestamp(time, tz=UTC).year


def _start_of(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _source(stored: StoredMarkets, result: BacktestResult) -> str:
    count = int(np.sum([len(one.candles) for one in result.histories]))
    return f"{count} stored {result.timeframe} candles of {stored.origin}; nija backtest has the whole report"


def _notes(result: BacktestResult) -> list[str]:
    since, until = written(result.start)[:10], written(result.end + result.timeframe.seconds)[:10]
    few = ": too few to prove anything" if len(result.trades) < _FEW_TRADES else ""
    trades = f"{len(result.trades)} trades from {since} to {until}{few}."
    return [trades, *(f"{one.market}: {one.count} entries left out by {one.rule}." for one in result.not_opened)]


def _fraction(value: float) -> Decimal:
    return Decimal(repr(value))
