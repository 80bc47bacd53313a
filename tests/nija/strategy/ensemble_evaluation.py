"""E of the strategy evidence, section 7, as a plain second program: it shares no line with the strategy.

`ensemble_weights` follows the members by the text, with the stop of the account that trades; `trade` fills the orders.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, nan, sqrt
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brokers.model import Candles


class Wishes(Protocol):
    """Says after each candle what is wanted; told before that whether the stop was hit in it."""

    def at_close(self, index: int, *, was_stopped: bool) -> tuple[float, float]:
        """The weight (nan: not known yet) and the floor for the stop (nan: none)."""
        ...


@dataclass
class PlainMembers:
    """The members, written from the text alone."""

    candles: Candles
    lookbacks: Sequence[int]
    target: float
    stop_atr: float | None
    lines: dict[int, float] = field(default_factory=dict)
    average: float = nan

    def __post_init__(self) -> None:
        self.closes: list[float] = self.candles.close.tolist()

    def at_close(self, index: int, *, was_stopped: bool) -> tuple[float, float]:
        close = self.closes
        if was_stopped:
            self.lines.clear()
        for lookback in self.lookbacks:
            last = close[max(0, index - lookback + 1) : index + 1]
            middle = (max(last) + min(last)) / 2
            if lookback in self.lines:
                if close[index] < self.lines[lookback]:
                    del self.lines[lookback]
                else:
                    self.lines[lookback] = max(self.lines[lookback], middle)
            elif index >= lookback and close[index] > max(close[index - lookback : index]):
                self.lines[lookback] = middle
        self._move_average(index)
        floor = nan
        if self.lines and self.stop_atr is not None:
            floor = min(self.lines.values()) - self.stop_atr * self.average
        return self._weight(close, index), floor

    def _weight(self, close: list[float], index: int) -> float:
        if index < 90:
            return nan
        returns = [close[at] / close[at - 1] - 1 for at in range(index - 89, index + 1)]
        mean = sum(returns) / 90
        volatility = sqrt(sum((one - mean) ** 2 for one in returns) / 89) * sqrt(365)
        return len(self.lines) / len(self.lookbacks) * min(1.0, self.target / volatility)

    def _move_average(self, index: int) -> None:
        if index == 20:
            self.average = sum(self._range(at) for at in range(1, 21)) / 20
        elif index > 20:
            self.average = (self.average * 19 + self._range(index)) / 20

    def _range(self, at: int) -> float:
        high, low, before = self.candles.high[at], self.candles.low[at], self.candles.close[at - 1]
        return float(max(high, before) - min(low, before))


@dataclass(frozen=True)
class EnsembleCosts:
    fee: float
    slippage: float


@dataclass
class Outcome:
    """`changes` counts all fills, the sale at the end included; `equity` is the account's at each close."""

    changes: int
    total: float
    mean_weight: float
    equity: list[float]


@dataclass
class Slot:
    """One market of the account."""

    candles: Candles
    wishes: Wishes
    quantity: float = 0.0
    stop: float = nan
    weight: float = nan
    floor: float = nan
    order: float | None = None


def trade(slots: Sequence[Slot], costs: EnsembleCosts, band: float, first: int = 0) -> Outcome:
    """One account on markets whose candles open at the same times; it may trade from candle `first` + 1 on."""
    account = _Account(slots, costs, band)
    for index in range(len(slots[0].candles)):
        account.candle(index, trades=index >= first)
    return account.end(first)


@dataclass
class _Account:
    slots: Sequence[Slot]
    costs: EnsembleCosts
    band: float
    cash: float = 1.0
    changes: int = 0
    equity: list[float] = field(default_factory=list)
    invested: list[float] = field(default_factory=list)

    def candle(self, index: int, *, trades: bool) -> None:
        opened = [float(slot.candles.open[index]) for slot in self.slots]
        worth = self.cash + sum(slot.quantity * price for slot, price in zip(self.slots, opened, strict=True))
        for slot, price in zip(self.slots, opened, strict=True):
            was_stopped = self._fill(slot, index, price, worth / len(self.slots))
            slot.weight, slot.floor = slot.wishes.at_close(index, was_stopped=was_stopped)
            if slot.quantity and slot.floor > slot.stop:
                slot.stop = slot.floor
        closes = [float(slot.candles.close[index]) for slot in self.slots]
        held = sum(slot.quantity * price for slot, price in zip(self.slots, closes, strict=True))
        self.equity.append(self.cash + held)
        self.invested.append(held)
        for slot, price in zip(self.slots, closes, strict=True):
            slot.order = self._order(slot, price) if trades else None

    def _order(self, slot: Slot, close: float) -> float | None:
        if isnan(slot.weight):
            return None
        part = slot.quantity * close / (self.equity[-1] / len(self.slots))
        is_due = abs(slot.weight - part) >= self.band or (slot.weight == 0 and part > 0)
        return slot.weight if is_due else None

    def _fill(self, slot: Slot, index: int, opened: float, share: float) -> bool:
        """Returns whether the stop was hit."""
        if slot.quantity and opened <= slot.stop:
            self._sell(slot, slot.quantity, opened)
            return True
        if slot.order is not None:
            self._make(slot, slot.order, opened, share)
        if slot.quantity and slot.candles.low[index] <= slot.stop:
            self._sell(slot, slot.quantity, slot.stop)
            return True
        return False

    def _make(self, slot: Slot, weight: float, opened: float, share: float) -> None:
        have, price = slot.quantity * opened, opened * (1 + self.costs.slippage)
        if weight == 0:
            self._sell(slot, slot.quantity, opened)
        elif weight * share > have:
            if slot.quantity == 0:
                if price <= slot.floor:
                    return
                slot.stop = slot.floor
            spend = min(weight * share - have, self.cash / (1 + self.costs.fee))
            slot.quantity += spend / price
            self.cash -= spend * (1 + self.costs.fee)
            self.changes += 1
        elif weight * share < have:
            self._sell(slot, (have - weight * share) / opened, opened)

    def _sell(self, slot: Slot, quantity: float, price: float) -> None:
        self.cash += quantity * price * (1 - self.costs.slippage) * (1 - self.costs.fee)
        slot.quantity = 0.0 if quantity == slot.quantity else slot.quantity - quantity
        self.changes += 1

    def end(self, first: int) -> Outcome:
        weights = [held / equity for held, equity in zip(self.invested, self.equity, strict=True)][first:]
        for slot in self.slots:
            if slot.quantity:
                self._sell(slot, slot.quantity, float(slot.candles.close[-1]))
        return Outcome(self.changes, self.cash - 1, sum(weights) / len(weights), [*self.equity[first:-1], self.cash])
