"""Rules of the strategy evidence that NIJA does not trade: maker entries, hanging stops, targets, APEX."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import talib

from nija.backtest.endings import Moment, PlannedSale, PositionEnd
from nija.backtest.purchases import Purchase, purchase_at_next_open
from nija.backtest.records import FillReason
from nija.backtest.traded_market import price_of
from nija.strategy.base import Signals
from nija.strategy.indicators import atr, before, ema, highest, lowest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from brokers.model import Candles, Fees
    from nija.backtest.traded_market import TradedMarket

_THROUGH = Decimal("0.9995")
_THIRD = Decimal(1) / 3
_DAY = 86_400


def maker_purchase(market: TradedMarket, signal: int, fees: Fees) -> Purchase:
    """Point 5: at the open as a limit if the price trades through it, else at market one candle later."""
    limit = price_of(market.candles.open, signal + 1)
    if price_of(market.candles.low, signal + 1) <= limit * _THROUGH:
        return Purchase(signal + 1, limit, fees.maker)
    if signal + 2 > market.last:
        return Purchase(signal + 1, None, fees.maker)
    missed = purchase_at_next_open(market, signal + 1, fees)
    return Purchase(missed.index, None, missed.fee) if market.signals.exit[signal + 1] else missed


@dataclass(frozen=True)
class Hanging:
    """C(n, k): the stop trails `atrs` ATR(20) under the highest high since the entry."""

    atrs: float

    def __call__(self, market: TradedMarket, bought: int, price: Decimal, stop: Decimal | None) -> PositionEnd:
        assert stop is not None
        candles = market.candles
        distance = self.atrs * atr(candles.high, candles.low, candles.close, 20)
        top = Decimal(0)
        for index in range(bought, market.last + 1):
            sale = stop_sale(market, index, stop, is_entry=index == bought)
            if sale is not None:
                return PositionEnd((sale,), ())
            top = max(top, price_of(candles.high, index))
            stop = max(stop, top - price_of(distance, index))
        return PositionEnd((last_sale(market),), ())


def stop_sale(market: TradedMarket, index: int, stop: Decimal, *, is_entry: bool) -> PlannedSale | None:
    opened = price_of(market.candles.open, index)
    if not is_entry and opened <= stop:
        return PlannedSale(index, Moment.SALE_AT_OPEN, opened * market.bid, FillReason.STOP)
    if price_of(market.candles.low, index) <= stop:
        return PlannedSale(index, Moment.INSIDE, stop * market.bid, FillReason.STOP)
    return None


def last_sale(market: TradedMarket) -> PlannedSale:
    close = price_of(market.candles.close, market.last)
    return PlannedSale(market.last, Moment.CLOSE, close * market.bid, FillReason.END)


def thirds(market: TradedMarket, bought: int, price: Decimal, stop: Decimal | None) -> PositionEnd:
    """APEX: a third each at one, two and three times the first distance of the stop."""
    assert stop is not None
    candles, signals = market.candles, market.signals
    average = atr(candles.high, candles.low, candles.close, 14)
    targets = [price + times * (price - stop) for times in (1, 2, 3)]
    sales: list[PlannedSale] = []
    top = Decimal(0)
    for index in range(bought, market.last + 1):
        opened, high = price_of(candles.open, index), price_of(candles.high, index)
        if index > bought and signals.exit[index - 1]:
            sales.append(PlannedSale(index, Moment.SALE_AT_OPEN, opened * market.bid, FillReason.EXIT))
            return PositionEnd(tuple(sales), ())
        stopped = stop_sale(market, index, stop, is_entry=index == bought)
        if stopped is not None:
            return PositionEnd((*sales, stopped), ())
        for number in range(len(sales), 3):
            if high >= targets[number]:
                part = _THIRD if number < 2 else None
                sales.append(PlannedSale(index, Moment.INSIDE, max(opened, targets[number]), FillReason.TARGET, part))
        if len(sales) == 3:
            return PositionEnd(tuple(sales), ())
        top = max(top, high)
        if sales:
            stop = max(stop, price)
        if len(sales) > 1:
            stop = max(stop, top - Decimal("1.5") * price_of(average, index))
    return PositionEnd((*sales, last_sale(market)), ())


class Breakout:
    """The entries and the first stop of C(20, 3), without an exit signal."""

    name = "breakout"
    warmup = 21
    fee_gate = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        none = np.full(len(candles), np.nan)
        stop = candles.close - 3.0 * atr(candles.high, candles.low, candles.close, 20)
        entry = (candles.close > before(highest(candles.high, 20))) & ~np.isnan(stop)
        return Signals(entry, np.zeros(len(candles), dtype=bool), stop, none)


class Apex:
    """The rules as the evidence, section 7, defines them."""

    name = "apex"
    warmup = 60
    fee_gate = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        close = candles.close
        fast, middle, slow = (ema(close, length) for length in (9, 21, 50))
        vwap, usual = vwap_of_day(candles), talib.SMA(candles.volume, 20)
        histogram = talib.MACD(close, 12, 26, 9)[2]
        trend = (talib.ADX(candles.high, candles.low, close, 14) > 20) & (close > vwap) & (fast > middle)
        trend &= (middle > slow) & (histogram > 0) & (candles.volume >= 0.5 * usual)
        strength, quick = talib.RSI(close, 14), talib.RSI(close, 9)
        points = (
            ((np.abs(close / middle - 1) <= 0.005) | (np.abs(close / vwap - 1) <= 0.005)).astype(int)
            + ((strength >= 40) & (strength <= 70) & (quick > before(quick)))
            + (engulfing(candles) | hammer(candles))
            + (histogram > before(histogram))
            + (candles.volume >= usual)
        )
        floor = lowest(candles.low, 10) - 1.5 * atr(candles.high, candles.low, close, 14)
        stop = close * (1 - np.clip((close - floor) / close, 0.005, 0.02))
        return Signals(trend & (points >= 4), fast < middle, stop, np.full(len(close), np.nan))


def vwap_of_day(candles: Candles) -> NDArray[np.float64]:
    """Typical price × volume, cumulated from 00:00 UTC."""
    typical = (candles.high + candles.low + candles.close) / 3
    vwap = np.empty(len(candles))
    value = volume = 0.0
    for index, day in enumerate((candles.time // _DAY).tolist()):
        if index and day != candles.time[index - 1] // _DAY:
            value = volume = 0.0
        value += typical[index] * candles.volume[index]
        volume += candles.volume[index]
        vwap[index] = value / volume
    return vwap


def engulfing(candles: Candles) -> NDArray[np.bool_]:
    opened, close = candles.open, candles.close
    last_open, last_close = before(opened), before(close)
    covers: NDArray[np.bool_] = (close >= last_open) & (opened <= last_close)
    return covers & (close > opened) & (last_close < last_open)


def hammer(candles: Candles) -> NDArray[np.bool_]:
    body = np.abs(candles.close - candles.open)
    lower = np.minimum(candles.open, candles.close) - candles.low
    upper = candles.high - np.maximum(candles.open, candles.close)
    shape: NDArray[np.bool_] = (lower >= 2 * body) & (upper <= body)
    return shape & (candles.high > candles.low)
