"""The plain engine's loop over candles, compiled. Importing this module loads numba: only the compiled pass does.

It repeats the decisions of nija/backtest, nija/risk/sizing.py and nija/risk/limits.py in floats; the tests of
nija/optimize/compiled.py hold it equal to them. Whatever is compared with a price step is exact. Everything is passed
in arrays of floats, as a call with an array costs nothing: a flag is 0 or 1.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_Function = TypeVar("_Function", bound="Callable[..., object]")


class At(IntEnum):
    """A market at one time. Without a candle all but CLOSE, the last known close, is nan.

    ENTER, LEAVE, SIGNAL_CLOSE and SIGNAL_STOP are those of the candle before, acted on at this one's OPEN; TRAIL is
    known at its close.
    """

    OPEN = 0
    LOW = 1
    CLOSE = 2
    IS_LAST = 3
    IS_STALE = 4
    ENTER = 5
    LEAVE = 6
    SIGNAL_CLOSE = 7
    SIGNAL_STOP = 8
    TRAIL = 9


class MarketRule(IntEnum):
    """A step is NUM / DEN, both whole numbers. ENABLED is 0 for a market of disabled_markets."""

    SLIPPAGE = 0
    PRICE_NUM = 1
    PRICE_DEN = 2
    AMOUNT_NUM = 3
    AMOUNT_DEN = 4
    MIN_AMOUNT = 5
    MIN_COST = 6
    ENABLED = 7


class AccountRule(IntEnum):
    CASH = 0
    FEE = 1
    GATE = 2
    RISK = 3
    RAISED_RISK = 4
    MAX_POSITION = 5
    MAX_EXPOSURE = 6
    MAX_POSITIONS = 7
    MAX_DAILY_LOSS = 8
    MAX_DRAWDOWN = 9
    MIN_BALANCE = 10


class _Held(IntEnum):
    """A position in a market: its amount, its stop before rounding, and the last time it was sold."""

    AMOUNT = 0
    LEVEL = 1
    SOLD = 2


_HELD = len(_Held)


class _Limit(IntEnum):
    """The loss limits. ENDED: by the drawdown, for good. HALTED: the day whose loss did, or -1."""

    LATEST = 0
    PEAK = 1
    OPENING = 2
    DAY = 3
    EQUITY = 4
    ENDED = 5
    HALTED = 6


_LEAST_GROWTH = 0.0001
# The limits are compared after rounding to 12 digits.
_HALF_DIGIT = 5e-13
# What a quotient of two floats is wrong by, at most, in parts of itself; and in absolute parts of a step.
_RELATIVE, _ABSOLUTE = 4e-16, 1e-9


def compiled(function: _Function) -> _Function:
    return cast("_Function", njit(cache=True, forceinline=True)(function))


@compiled
def floored(value: float, num: float, den: float) -> float:
    """`value` rounded down to the step, as the very float of that decimal."""
    steps = value * den / num
    near = np.rint(steps)
    whole = near if abs(steps - near) <= max(_ABSOLUTE, _RELATIVE * steps) else np.floor(steps)
    return float(whole * num / den)


@compiled
def placed(market: int, held: Floats, rules: Floats) -> float:
    """The price at which a stop rests."""
    return floored(held[market, _Held.LEVEL], rules[market, MarketRule.PRICE_NUM], rules[market, MarketRule.PRICE_DEN])


@compiled
def proceeds(market: int, price: float, held: Floats, rules: Floats, account: Floats) -> float:
    received = price * (1 - rules[market, MarketRule.SLIPPAGE])
    return float(held[market, _Held.AMOUNT] * received * (1 - account[AccountRule.FEE]))


@compiled
def observe(limits: Floats, equity: float, day: int, account: Floats) -> None:
    """As LossLimits of the plain engine."""
    last, before = limits[_Limit.EQUITY], limits[_Limit.LATEST]
    latest = before if last <= 0 else before * max(_LEAST_GROWTH, 1 + (equity - last) / last)
    limits[_Limit.LATEST], limits[_Limit.EQUITY] = latest, equity
    limits[_Limit.PEAK] = max(limits[_Limit.PEAK], latest)
    if day > limits[_Limit.DAY]:
        limits[_Limit.DAY], limits[_Limit.OPENING] = day, max(before, latest)
    if 1 - latest / limits[_Limit.OPENING] >= account[AccountRule.MAX_DAILY_LOSS] - _HALF_DIGIT:
        limits[_Limit.HALTED] = day
    if 1 - latest / limits[_Limit.PEAK] >= account[AccountRule.MAX_DRAWDOWN] - _HALF_DIGIT:
        limits[_Limit.ENDED] = 1.0


@compiled
def sell_at_open(time: int, row: Floats, held: Floats, rules: Floats, account: Floats) -> float:
    """After an exit signal, and where the candle opens at or below the stop. Returns what all sales bring in."""
    money = 0.0
    for market in range(len(held)):
        opened = row[market, At.OPEN]
        is_held = held[market, _Held.AMOUNT] > 0 and opened > 0
        if is_held and (row[market, At.LEAVE] > 0 or opened <= placed(market, held, rules)):
            money += proceeds(market, opened, held, rules, account)
            held[market, _Held.AMOUNT], held[market, _Held.SOLD] = 0.0, time
    return money


@compiled
def sell_at_stop(time: int, row: Floats, held: Floats, rules: Floats, account: Floats) -> float:
    """Within the candle; a position that lives on gets its next stop. Returns what all sales bring in."""
    money = 0.0
    for market in range(len(held)):
        if held[market, _Held.AMOUNT] > 0 and row[market, At.OPEN] > 0:
            stop = placed(market, held, rules)
            if row[market, At.LOW] <= stop:
                money += proceeds(market, stop, held, rules, account)
                held[market, _Held.AMOUNT], held[market, _Held.SOLD] = 0.0, time
            elif row[market, At.TRAIL] > held[market, _Held.LEVEL]:
                held[market, _Held.LEVEL] = row[market, At.TRAIL]
    return money


@compiled
def sell_at_end(row: Floats, held: Floats, rules: Floats, account: Floats) -> float:
    """At the close of a market's last candle. Returns what all sales bring in."""
    money = 0.0
    for market in range(len(held)):
        if held[market, _Held.AMOUNT] > 0 and row[market, At.IS_LAST] > 0:
            money += proceeds(market, row[market, At.CLOSE], held, rules, account)
            held[market, _Held.AMOUNT] = 0.0
    return money


@compiled
def worth(row: Floats, held: Floats, rules: Floats, column: int) -> float:
    """Of all positions at the bid, at their opens or closes: the last known close where a market has no candle."""
    total = 0.0
    for market in range(len(held)):
        if held[market, _Held.AMOUNT] > 0:
            price = row[market, column] if row[market, At.OPEN] > 0 else row[market, At.CLOSE]
            total += held[market, _Held.AMOUNT] * price * (1 - rules[market, MarketRule.SLIPPAGE])
    return total


@compiled
def invested(row: Floats, held: Floats) -> float:
    """All positions at their last known closes."""
    total = 0.0
    for market in range(len(held)):
        if held[market, _Held.AMOUNT] > 0:
            total += held[market, _Held.AMOUNT] * row[market, At.CLOSE]
    return total


@compiled
def has_candle(row: Floats, held: Floats) -> bool:
    """Whether any market with a position has one."""
    found = False
    for market in range(len(held)):
        found |= held[market, _Held.AMOUNT] > 0 and row[market, At.OPEN] > 0
    return found


@compiled
def may_open(held: Floats, limits: Floats, day: int, account: Floats) -> bool:
    """As the rules of nija/risk/limits.py that concern the account."""
    positions = 0
    for market in range(len(held)):
        positions += held[market, _Held.AMOUNT] > 0
    is_halted = limits[_Limit.ENDED] > 0 or limits[_Limit.HALTED] == day
    return bool(
        not is_halted
        and limits[_Limit.EQUITY] >= account[AccountRule.MIN_BALANCE]
        and positions < account[AccountRule.MAX_POSITIONS]
    )


@compiled
def entry(market: int, cash: float, exposure: float, row: Floats, rules: Floats, account: Floats) -> float:
    """The amount to buy; 0 if the market, its stop, the fee gate or the size forbids it."""
    close, stop, slipped = row[market, At.SIGNAL_CLOSE], row[market, At.SIGNAL_STOP], rules[market, MarketRule.SLIPPAGE]
    price = row[market, At.OPEN] * (1 + slipped)
    # A stop that is nan fails the first comparison.
    if not 0 < stop < close or price <= stop or row[market, At.IS_STALE] > 0 or rules[market, MarketRule.ENABLED] == 0:
        return 0.0
    distance = (close - stop) / close
    costs = 2 * (account[AccountRule.FEE] + slipped)
    if account[AccountRule.GATE] > 0 and distance < account[AccountRule.GATE] * costs:
        return 0.0
    fraction, equity = max(distance, (price - stop) / price), cash + exposure
    ceiling = min(
        cash / (1 + account[AccountRule.FEE] + slipped),
        account[AccountRule.MAX_EXPOSURE] * equity - exposure,
        account[AccountRule.MAX_POSITION] * equity,
    )
    notional = min(account[AccountRule.RISK] * equity / fraction, ceiling)
    least = 2 * max(rules[market, MarketRule.MIN_AMOUNT] * price, rules[market, MarketRule.MIN_COST])
    if notional < least:
        if min(ceiling, account[AccountRule.RAISED_RISK] * equity / fraction) < least:
            return 0.0
        notional = least
    amount = floored(notional / price, rules[market, MarketRule.AMOUNT_NUM], rules[market, MarketRule.AMOUNT_DEN])
    if amount < rules[market, MarketRule.MIN_AMOUNT] or amount * price < rules[market, MarketRule.MIN_COST]:
        return 0.0
    return amount


@compiled
def buy(market: int, amount: float, row: Floats, held: Floats, rules: Floats, account: Floats) -> float:
    """Returns what it costs."""
    held[market, _Held.AMOUNT], held[market, _Held.LEVEL] = amount, row[market, At.SIGNAL_STOP]
    held[market, _Held.LEVEL] = placed(market, held, rules)
    price = row[market, At.OPEN] * (1 + rules[market, MarketRule.SLIPPAGE])
    return float(amount * price * (1 + account[AccountRule.FEE]))


@compiled
def simulate(table: Floats, days: NDArray[np.int64], rules: Floats, account: Floats) -> tuple[Floats, Floats, float]:
    """The equity at each time, how many trades were entered at each, and the money at the end.

    `table` is by time, market and At; `days` by time, of the open and of the close; `rules` by market and MarketRule;
    `account` by AccountRule.
    """
    length, count, _ = table.shape
    held = np.zeros((count, _HELD))
    held[:, _Held.SOLD] = -1
    limits = np.array([1.0, 1.0, 1.0, days[0, 0], account[AccountRule.CASH], 0.0, -1.0])
    equity, entered = np.empty(length), np.zeros(length)
    cash, open_positions = account[AccountRule.CASH], False
    for time in range(length):
        row, before = table[time], cash
        if open_positions:
            cash += sell_at_open(time, row, held, rules, account)
        for market in range(count):
            is_free = held[market, _Held.AMOUNT] == 0 and held[market, _Held.SOLD] != time
            if row[market, At.ENTER] > 0 and is_free:
                exposure = worth(row, held, rules, At.OPEN)
                observe(limits, cash + exposure, days[time, 0], account)
                if may_open(held, limits, days[time, 0], account):
                    amount = entry(market, cash, exposure, row, rules, account)
                    if amount > 0:
                        cash -= buy(market, amount, row, held, rules, account)
                        entered[time] += 1
        if open_positions or cash != before:
            cash += sell_at_stop(time, row, held, rules, account)
            equity[time] = cash + invested(row, held)
            counts = cash != before or has_candle(row, held)
            cash += sell_at_end(row, held, rules, account)
            left = worth(row, held, rules, At.CLOSE)
            if counts:
                observe(limits, cash + left, days[time, 1], account)
            open_positions = left > 0
        else:
            equity[time] = cash
    return equity, entered, cash
