"""A small evaluator of a strategy on candles, with the fill rules of the strategy evidence, section 7.

It runs on the project's own signals, stops, fee gate and sizing; only fills and cash are its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import Market
from nija.risk.costs import fee_gate, round_trip_cost
from nija.risk.sizing import Entry, EntrySize, Funds, size_entry
from tests.nija.risk.settings_of import settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from brokers.model import Candles
    from nija.strategy.base import SignalAt, Strategy

_MAKER_THROUGH = Decimal("0.9995")
_FINE = Decimal("1e-24")


@dataclass(frozen=True, slots=True)
class Costs:
    """Fractions. With a `maker_fee`, entries rest as limit orders first and pay `entry_fee` only if missed."""

    entry_fee: Decimal
    exit_fee: Decimal
    slippage: Decimal
    maker_fee: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Trade:
    entered: int
    net: Decimal


@dataclass(frozen=True, slots=True)
class Result:
    trades: tuple[Trade, ...]
    total: Decimal

    @property
    def mean_net(self) -> Decimal:
        return sum((trade.net for trade in self.trades), Decimal(0)) / len(self.trades)


@dataclass(frozen=True, slots=True)
class Bar:
    time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


@dataclass(frozen=True, slots=True)
class Held:
    entered: int
    quantity: Decimal
    paid: Decimal
    notional: Decimal
    stop: Decimal | None
    highest: Decimal


@dataclass(slots=True)
class Evaluation:
    """One pass over one market. `risk` sizes by the stop distance; `hang` trails that far under the highest high."""

    costs: Costs
    risk: Decimal | None = None
    hang: NDArray[np.float64] | None = None
    cash: Decimal = Decimal(1)
    held: Held | None = None
    missed: SignalAt | None = None
    trades: list[Trade] = field(default_factory=list)

    def run(self, candles: Candles, strategy: Strategy) -> Result:
        bars, signals = _bars(candles), strategy.evaluate(candles)
        told = [signals.at(candles, index) for index in range(len(candles))]
        for index in range(1, len(bars)):
            bar, last = bars[index], told[index - 1]
            was_held = self.held is not None
            if was_held and last.exit:
                self._sell(bar.open * (1 - self.costs.slippage))
            elif not was_held:
                self._enter(bar, last, strategy.fee_gate)
            self._stopped(bar, is_entry=not was_held)
            self._raise(bar, told[index], index)
        if self.held is not None:
            self._sell(bars[-1].close * (1 - self.costs.slippage))
        return Result(tuple(self.trades), self.cash - 1)

    def _enter(self, bar: Bar, last: SignalAt, gate: float) -> None:
        if self.missed is not None:
            signal, self.missed = self.missed, None
            if not last.exit:
                self._buy(bar, signal, bar.open * (1 + self.costs.slippage), self.costs.entry_fee)
            return
        if not last.entry or self._gated(last, gate):
            return
        if self.costs.maker_fee is None:
            self._buy(bar, last, bar.open * (1 + self.costs.slippage), self.costs.entry_fee)
        elif bar.low <= bar.open * _MAKER_THROUGH:
            self._buy(bar, last, bar.open, self.costs.maker_fee)
        else:
            self.missed = last

    def _gated(self, signal: SignalAt, gate: float) -> bool:
        if signal.initial_stop is None:
            return False
        cost = round_trip_cost(self.costs.entry_fee, self.costs.exit_fee, self.costs.slippage)
        refusal = fee_gate(close=signal.close, stop=signal.initial_stop, round_trip=cost, gate=gate)
        return refusal is not None

    def _buy(self, bar: Bar, signal: SignalAt, price: Decimal, fee: Decimal) -> None:
        if signal.initial_stop is not None and price <= signal.initial_stop:
            return
        notional = self.cash / (1 + fee) if self.risk is None else self._by_risk(signal, fee)
        paid = notional * (1 + fee)
        self.cash -= paid
        self.held = Held(bar.time, notional / price, paid, notional, signal.initial_stop, bar.high)

    def _by_risk(self, signal: SignalAt, fee: Decimal) -> Decimal:
        market = Market("BTC/USD", "BTC", "USD", _FINE, _FINE, min_amount=_FINE, min_cost=_FINE)
        settings = settings_of(risk_per_trade=self.risk, max_position=Decimal(1), max_exposure=Decimal(1))
        entry = Entry(market, signal.close, signal.initial_stop, signal.close, fee, slippage=Decimal(0))
        sized = size_entry(entry, Funds(self.cash, self.cash, Decimal(0)), settings)
        assert isinstance(sized, EntrySize)
        return sized.notional

    def _stopped(self, bar: Bar, *, is_entry: bool) -> None:
        if self.held is None or self.held.stop is None:
            return
        if not is_entry and bar.open <= self.held.stop:
            self._sell(bar.open * (1 - self.costs.slippage))
        elif bar.low <= self.held.stop:
            self._sell(self.held.stop * (1 - self.costs.slippage))

    def _raise(self, bar: Bar, signal: SignalAt, index: int) -> None:
        if self.held is None or self.held.stop is None:
            return
        highest = max(self.held.highest, bar.high)
        if self.hang is not None:
            signal = replace(signal, trail=highest - Decimal(repr(float(self.hang[index]))))
        stop = self.held.stop if signal.trail is None else max(self.held.stop, signal.trail)
        self.held = replace(self.held, highest=highest, stop=stop)

    def _sell(self, price: Decimal) -> None:
        assert self.held is not None
        received = self.held.quantity * price * (1 - self.costs.exit_fee)
        self.cash += received
        self.trades.append(Trade(self.held.entered, (received - self.held.paid) / self.held.notional))
        self.held = None


def _bars(candles: Candles) -> Sequence[Bar]:
    columns = (candles.open, candles.high, candles.low, candles.close)
    prices = ([Decimal(repr(value)) for value in column.tolist()] for column in columns)
    return [Bar(*row) for row in zip(candles.time.tolist(), *prices, strict=True)]
