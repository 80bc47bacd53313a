"""One account on the simulated clock: sales at the open, then purchases market by market, then stops in the candles."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import ZERO, Side
from nija.backtest.endings import Moment
from nija.backtest.losses import LossLimits
from nija.backtest.records import BacktestFill, BacktestTrade, FillReason, NotOpened, StopMove
from nija.backtest.traded_market import opening_times
from nija.risk.limits import Appraisal, may_open
from nija.risk.no_trade import NoTradeReason, Rule
from nija.risk.sizing import Funds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from nija.backtest.assumptions import Assumptions
    from nija.backtest.endings import PlannedSale
    from nija.backtest.purchases import Purchase
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
    """A position with what is left of it, its fills so far, and its sales still to come."""

    amount: Decimal
    fills: tuple[BacktestFill, ...]
    sales: tuple[PlannedSale, ...]
    stops: tuple[StopMove, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An entry that will be considered: the index of its signal's candle, and where it would fill."""

    signal: int
    purchase: Purchase


@dataclass(slots=True)
class _Leg:
    """One market of the account, in which something is held, or an entry wanted, or nothing happens any more."""

    market: TradedMarket
    held: _Held | None = None
    wanted: _Wanted | None = None


class AccountRun:
    """Call `run` once; `trades` and `bookings` then hold what happened, in the order of time."""

    def __init__(
        self, account: BacktestAccount, markets: Sequence[TradedMarket], assumptions: Assumptions, start: int
    ) -> None:
        self._account = account
        self._assumptions = assumptions
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
            self._await(leg, leg.market.first)
            _schedule(leg, order, queue)
        while queue:
            time, _, order = heapq.heappop(queue)
            leg = self._legs[order]
            if leg.held is not None:
                self._sell(leg, leg.held, time)
            elif leg.wanted is not None:
                self._consider(leg, leg.wanted, time)
            _schedule(leg, order, queue)

    @property
    def not_opened(self) -> tuple[NotOpened, ...]:
        counts = self._refused.items()
        return tuple(NotOpened(market, rule.value, count, example) for (market, rule), (count, example) in counts)

    def _await(self, leg: _Leg, index: int) -> None:
        """Want the next entry whose signal's candle is at `index` or later."""
        market = leg.market
        position = int(np.searchsorted(market.entries, index))
        if position == len(market.entries):
            leg.wanted = None
            return
        signal = int(market.entries[position])
        leg.wanted = _Wanted(signal, self._assumptions.purchase(market, signal, self._account.fees))

    def _consider(self, leg: _Leg, wanted: _Wanted, time: int) -> None:
        market = leg.market
        reason = self._buy(leg, market.signals.at(market.candles, wanted.signal), wanted.purchase, time)
        if reason is not None:
            count, _ = self._refused.get((market.symbol, reason.rule), (0, ""))
            self._refused[market.symbol, reason.rule] = count + 1, reason.text
        if leg.held is None:
            self._await(leg, wanted.purchase.index)

    def _buy(self, leg: _Leg, signal: SignalAt, purchase: Purchase, time: int) -> NoTradeReason | None:
        """As the daemon's trader: the limits, then the size."""
        market, plan, price = leg.market.market, self._account.plan, purchase.price
        if price is None:
            return None
        if market.quote != plan.quote:
            return NoTradeReason(Rule.OTHER_QUOTE, f"not quoted in {plan.quote}, the currency this account counts in")
        appraisal = self._appraise(time)
        if refusal := may_open(market, signal, appraisal, plan.settings):
            return refusal
        fees = replace(self._account.fees, taker=purchase.fee)
        size = self._assumptions.sizing.entry(plan, market, signal, price, fees, appraisal.funds)
        if isinstance(size, NoTradeReason):
            return size
        entry = BacktestFill(time, Side.BUY, size.amount, price, size.amount * price * purchase.fee, FillReason.ENTRY)
        stop = None if signal.initial_stop is None else market.floor_price(signal.initial_stop)
        end = self._assumptions.end(leg.market, purchase.index, price, stop)
        first = () if stop is None else (StopMove(signal.time, stop),)
        leg.held = _Held(size.amount, (entry,), end.sales, first + end.stops)
        self._book(leg, time, -entry.value - entry.fee)
        return None

    def _sell(self, leg: _Leg, held: _Held, time: int) -> None:
        self._watch(time)
        sale, *later = held.sales
        amount = held.amount if sale.part is None else held.fills[0].amount * sale.part
        sold = BacktestFill(
            time, Side.SELL, amount, sale.price, amount * sale.price * self._account.fees.taker, sale.reason
        )
        fills = (*held.fills, sold)
        if later:
            leg.held = replace(held, amount=held.amount - amount, fills=fills, sales=tuple(later))
        else:
            leg.held = None
            self.trades.append(BacktestTrade(self._account.name, leg.market.symbol, fills, held.stops))
            # The rules enter only if nothing was held when the signal's candle closed.
            self._await(leg, sale.index)
        # A last candle is closed with the position in it: nothing was really sold.
        self._book(leg, time, sold.value - sold.fee, counts=time + (sale.moment is Moment.CLOSE))

    def _book(self, leg: _Leg, time: int, change: Decimal, counts: int | None = None) -> None:
        self._cash += change
        self._filled = time
        amount = ZERO if leg.held is None else leg.held.amount
        self.bookings.append(Booking(leg.market.symbol, time if counts is None else counts, self._cash, amount))

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
        return price * market.bid if self._assumptions.sizing.at_bid else price


def _schedule(leg: _Leg, order: int, queue: list[tuple[int, Moment, int]]) -> None:
    """Put what happens next in this market into the queue."""
    if leg.held is not None:
        sale = leg.held.sales[0]
        heapq.heappush(queue, (leg.market.time(sale.index), sale.moment, order))
    elif leg.wanted is not None:
        heapq.heappush(queue, (leg.market.time(leg.wanted.purchase.index), Moment.PURCHASE, order))
