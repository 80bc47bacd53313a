"""One account on the simulated clock: sales at the open, then purchases market by market, then stops in the candles."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import ZERO, Side
from nija.backtest.endings import Ending, Moment, ending
from nija.backtest.losses import LossLimits
from nija.backtest.records import BacktestFill, BacktestTrade, FillReason, NotOpened, StopMove
from nija.backtest.traded_market import opening_times, price_of
from nija.risk.limits import Appraisal, may_open
from nija.risk.no_trade import NoTradeReason, Rule
from nija.risk.sizing import Funds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from nija.backtest.assumptions import Sizing
    from nija.backtest.records import BacktestAccount
    from nija.backtest.traded_market import TradedMarket
    from nija.strategy.base import SignalAt


@dataclass(frozen=True, slots=True)
class Booking:
    """The account's cash and what it holds of one market, as of the close of the first candle that opens at `time`."""

    market: str
    time: int
    cash: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Held:
    amount: Decimal
    entry: BacktestFill
    first_stop: tuple[StopMove, ...]
    ending: Ending


@dataclass(slots=True)
class _Leg:
    """One market of the account. `considered` is the number of its entry signals that are used up."""

    market: TradedMarket
    considered: int = 0
    held: _Held | None = None


class AccountRun:
    """Call `run` once; `trades` and `bookings` then hold what happened, in the order of time."""

    def __init__(self, account: BacktestAccount, markets: Sequence[TradedMarket], sizing: Sizing, start: int) -> None:
        self._account = account
        self._sizing = sizing
        self._cash = account.cash
        self._legs = [_Leg(market) for market in markets]
        self._limits = LossLimits(account.plan.settings.risk, account.cash, start)
        self._watched = start
        # The opening of the candle of the last fill, until its close is followed.
        self._filled: int | None = None
        self._refused: dict[tuple[str, Rule], tuple[int, str]] = {}
        self.trades: list[BacktestTrade] = []
        self.bookings: list[Booking] = []

    def run(self) -> None:
        queue: list[tuple[int, Moment, int]] = []
        for order, leg in enumerate(self._legs):
            _schedule(leg, order, queue)
        while queue:
            time, _, order = heapq.heappop(queue)
            leg = self._legs[order]
            if leg.held is None:
                self._consider(leg, time)
            else:
                self._sell(leg, leg.held, time)
            _schedule(leg, order, queue)

    @property
    def not_opened(self) -> tuple[NotOpened, ...]:
        counts = self._refused.items()
        return tuple(NotOpened(market, rule.value, count, example) for (market, rule), (count, example) in counts)

    def _consider(self, leg: _Leg, time: int) -> None:
        market = leg.market
        index = int(market.entries[leg.considered])
        leg.considered += 1
        signal = market.signals.at(market.candles, index)
        reason = self._buy(leg, signal, index + 1, time)
        if reason is not None:
            count, _ = self._refused.get((market.symbol, reason.rule), (0, ""))
            self._refused[market.symbol, reason.rule] = count + 1, reason.text

    def _buy(self, leg: _Leg, signal: SignalAt, index: int, time: int) -> NoTradeReason | None:
        """As the daemon's trader: the limits, then the size."""
        market, plan = leg.market, self._account.plan
        if market.market.quote != plan.quote:
            return NoTradeReason(Rule.OTHER_QUOTE, f"not quoted in {plan.quote}, the currency this account counts in")
        appraisal = self._appraise(time)
        if refusal := may_open(market.market, signal, appraisal, plan.settings):
            return refusal
        price = price_of(market.candles.open, index) * market.ask
        size = self._sizing.entry(plan, market.market, signal, price, self._account.fees, appraisal.funds)
        if isinstance(size, NoTradeReason):
            return size
        fee = size.amount * price * self._account.fees.taker
        entry = BacktestFill(time, Side.BUY, size.amount, price, fee, FillReason.ENTRY)
        stop = None if signal.initial_stop is None else market.market.floor_price(signal.initial_stop)
        first_stop = () if stop is None else (StopMove(signal.time, stop),)
        leg.held = _Held(size.amount, entry, first_stop, ending(market, index, stop))
        self._book(leg, time, -entry.value - fee)
        self._filled = time
        return None

    def _sell(self, leg: _Leg, held: _Held, time: int) -> None:
        self._watch(time)
        sale = held.ending.sale
        fee = held.amount * sale.price * self._account.fees.taker
        sold = BacktestFill(time, Side.SELL, held.amount, sale.price, fee, sale.reason)
        stops = held.first_stop + held.ending.stops
        self.trades.append(BacktestTrade(self._account.name, leg.market.symbol, (held.entry, sold), stops))
        leg.held = None
        # The rules enter only if nothing was held when the signal's candle closed.
        leg.considered = int(np.searchsorted(leg.market.entries, sale.index))
        # A last candle is closed with the position in it: nothing was really sold.
        self._book(leg, time + (sale.moment is Moment.CLOSE), sold.value - fee)
        self._filled = time

    def _book(self, leg: _Leg, time: int, change: Decimal) -> None:
        self._cash += change
        amount = ZERO if leg.held is None else leg.held.amount
        self.bookings.append(Booking(leg.market.symbol, time, self._cash, amount))

    def _appraise(self, time: int) -> Appraisal:
        self._watch(time)
        held = [(leg.market, leg.held.amount) for leg in self._legs if leg.held is not None]
        exposure = sum((amount * self._valued(market, market.last_price(time)) for market, amount in held), ZERO)
        equity = self._cash + exposure
        return Appraisal(
            equity=self._limits.observe(equity, time),
            funds=Funds(equity=equity, available=self._cash, exposure=exposure),
            open_positions=len(held),
            now=datetime.fromtimestamp(time, tz=UTC),
            paused=self._limits.paused,
        )

    def _watch(self, until: int) -> None:
        """Follow the loss limits through the closes of all candles that open before `until`."""
        held = [(leg.market, leg.held.amount) for leg in self._legs if leg.held is not None]
        times = opening_times([market for market, _ in held], self._watched, until - 1)
        self._watched = until
        if self._filled is not None and self._filled < until:
            times = np.union1d(times, [self._filled])
            self._filled = None
        if len(times) == 0:
            return
        step = self._account.plan.timeframe.seconds

        def exact(index: int) -> Decimal:
            time = int(times[index])
            return self._cash + sum((amount * self._valued(one, one.close_at(time)) for one, amount in held), ZERO)

        equity = np.full(len(times), float(self._cash))
        for market, amount in held:
            equity += float(self._valued(market, amount)) * market.closes(times)
        # A day's last candle closes on that day.
        self._limits.follow(times + (step - 1), equity, exact)

    def _valued(self, market: TradedMarket, price: Decimal) -> Decimal:
        return price * market.bid if self._sizing.at_bid else price


def _schedule(leg: _Leg, order: int, queue: list[tuple[int, Moment, int]]) -> None:
    """Put the next thing that happens in this market into the queue: the sale, or the next entry to consider."""
    market = leg.market
    if leg.held is not None:
        sale = leg.held.ending.sale
        heapq.heappush(queue, (market.time(sale.index), sale.moment, order))
    elif leg.considered < len(market.entries):
        signal = int(market.entries[leg.considered])
        heapq.heappush(queue, (market.time(signal + 1), Moment.PURCHASE, order))
