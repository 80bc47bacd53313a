"""D and X of the strategy evidence, section 7, as plain loops: written from its text, sharing no line with NIJA."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brokers.model import Candles


@dataclass(frozen=True)
class Costs:
    fee: float
    slippage: float
    gate: float = 0.0


@dataclass(frozen=True)
class PlainTrade:
    """By index of the candle; `net` is point 6 of the fill rules."""

    entered: int
    left: int
    net: float


@dataclass(frozen=True)
class Rows:
    """What a rule says at each close; None where it is not known, or does not exist."""

    enter: list[bool]
    leave: list[bool]
    stop: list[float | None]
    candidate: list[float | None]


def channel(candles: Candles, n: int, m: int, k: float | None, lag: float | None) -> Rows:
    """D(n, m, k, lag)."""
    high, low, close = candles.high.tolist(), candles.low.tolist(), candles.close.tolist()
    average = true_range_average(high, low, close, 20)
    rows = Rows([], [], [], [])
    for t, price in enumerate(close):
        known = average[t]
        stop = None if k is None or known is None else price - k * known
        rows.stop.append(stop)
        rows.enter.append(t >= n and price > max(high[t - n : t]) and (k is None or stop is not None))
        rows.leave.append(t >= m and price < min(low[t - m : t]))
        if lag is None or known is None or t + 1 < m:
            rows.candidate.append(None)
        else:
            rows.candidate.append(min(low[t - m + 1 : t + 1]) - lag * known)
    return rows


def crossing(candles: Candles, f: int, s: int) -> Rows:
    """X(f, s)."""
    close = candles.close.tolist()
    fast, slow = exponential(close, f), exponential(close, s)
    pairs = list(zip(fast, slow, strict=True))
    enter = [a is not None and b is not None and a > b for a, b in pairs]
    leave = [a is not None and b is not None and a < b for a, b in pairs]
    none: list[float | None] = [None] * len(close)
    return Rows(enter, leave, none, none)


def true_range_average(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int
) -> list[float | None]:
    result: list[float | None] = [None] * len(close)
    later = range(1, len(close))
    ranges = [0.0, *(max(high[t], close[t - 1]) - min(low[t], close[t - 1]) for t in later)]
    if len(close) <= n:
        return result
    value = sum(ranges[1 : n + 1]) / n
    result[n] = value
    for t in range(n + 1, len(close)):
        value = (value * (n - 1) + ranges[t]) / n
        result[t] = value
    return result


def exponential(values: Sequence[float], n: int) -> list[float | None]:
    result: list[float | None] = [None] * len(values)
    if len(values) < n:
        return result
    value = sum(values[:n]) / n
    result[n - 1] = value
    for t in range(n, len(values)):
        value += (values[t] - value) * 2 / (n + 1)
        result[t] = value
    return result


@dataclass
class Brakes:
    """Section 4, point 8: no entries for the rest of the day, or for ever. A day opens at the last value before it."""

    daily: float
    drawdown: float
    day: int = -1
    opening: float = 1.0
    last: float = 1.0
    peak: float = 1.0
    stopped_on: int = -1
    ended: bool = False

    def see(self, day: int, worth: float) -> None:
        if day > self.day:
            self.day, self.opening = day, max(self.last, worth)
        self.last, self.peak = worth, max(self.peak, worth)
        if round(1 - worth / self.opening, 12) >= self.daily:
            self.stopped_on = day
        self.ended |= round(1 - worth / self.peak, 12) >= self.drawdown

    def let_enter(self, day: int) -> bool:
        return not self.ended and day != self.stopped_on


@dataclass
class PlainAccount:
    """Starts with 1 in cash."""

    costs: Costs
    risk: float | None
    cash: float = 1.0
    coins: float = 0.0
    spent: float = 0.0
    since: int = -1
    stop: float | None = None
    trades: list[PlainTrade] = field(default_factory=list)

    def buy(self, t: int, price: float, close: float, stop: float | None) -> None:
        fee, slip, gate = self.costs.fee, self.costs.slippage, self.costs.gate
        price *= 1 + slip
        part = 1.0
        if stop is not None:
            distance = (close - stop) / close
            if distance < gate * (2 * fee + 2 * slip) or price <= stop:
                return
            part = 1.0 if self.risk is None else min(1.0, self.risk / distance)
        self.spent = min(part * self.cash, self.cash / (1 + fee))
        self.cash -= self.spent * (1 + fee)
        self.coins, self.since, self.stop = self.spent / price, t, stop

    def sell(self, t: int, price: float) -> None:
        received = self.coins * price * (1 - self.costs.slippage) * (1 - self.costs.fee)
        self.trades.append(PlainTrade(self.since, t, (received - self.spent * (1 + self.costs.fee)) / self.spent))
        self.cash, self.coins = self.cash + received, 0.0

    def look_at_stop(self, t: int, opened: float, low: float) -> None:
        if self.coins == 0 or self.stop is None:
            return
        if t > self.since and opened <= self.stop:
            self.sell(t, opened)
        elif low <= self.stop:
            self.sell(t, self.stop)


def plain_trades(
    candles: Candles, rows: Rows, costs: Costs, risk: float | None = None, brakes: Brakes | None = None
) -> tuple[list[PlainTrade], float]:
    """The trades of one account, and its return."""
    opens, lows, closes = candles.open.tolist(), candles.low.tolist(), candles.close.tolist()
    begins, step = candles.time.tolist(), candles.timeframe.seconds
    account = PlainAccount(costs, risk)
    for t in range(1, len(closes)):
        held = account.coins > 0
        if held and rows.leave[t - 1]:
            account.sell(t, opens[t])
        elif not held and rows.enter[t - 1] and (brakes is None or brakes.let_enter(begins[t] // 86_400)):
            account.buy(t, opens[t], closes[t - 1], rows.stop[t - 1])
        account.look_at_stop(t, opens[t], lows[t])
        candidate = rows.candidate[t]
        if candidate is not None and account.stop is not None:
            account.stop = max(account.stop, candidate)
        if brakes is not None:
            brakes.see((begins[t] + step - 1) // 86_400, account.cash + account.coins * closes[t])
    if account.coins > 0:
        account.sell(len(closes) - 1, closes[-1])
    return account.trades, account.cash - 1
