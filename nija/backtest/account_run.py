"""One account on the simulated clock: sales at the open, then purchases market by market, then stops in the candles."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from brokers.model import ZERO, Fees, Side
from nija.backtest.endings import Moment
from nija.backtest.ledger import Ledger
from nija.backtest.loss_watch import LossWatch
from nija.backtest.records import BacktestFill, BacktestTrade, FillReason, NotOpened, StopMove
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

_NEVER = (sys.maxsize, Moment.CLOSE)


@dataclass(frozen=True, slots=True)
class _Held:
    """A position with what is left of it, its fills so far, and its sales still to come.

    `low` and `high` are the least and the highest price until its end.
    """

    amount: Decimal
    fills: tuple[BacktestFill, ...]
    sales: tuple[PlannedSale, ...]
    stops: tuple[StopMove, ...]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An entry that will be considered: the index of its signal's candle, and where it would fill."""

    signal: int
    purchase: Purchase


@dataclass(slots=True)
class _Leg:
    """One market of the account, in which something is held, or an entry wanted, or nothing happens any more.

    `next` is when something happens.
    """

    market: TradedMarket
    held: _Held | None = None
    wanted: _Wanted | None = None
    next: tuple[int, Moment] = _NEVER


class AccountRun:
    """Call `run` once; `trades` and `ledger` then hold what happened, in the order of time."""

    def __init__(
        self, account: BacktestAccount, markets: Sequence[TradedMarket], assumptions: Assumptions, start: int
    ) -> None:
        self._account = account
        self._plan = account.plan
        self._assumptions = assumptions
        self._at_bid = assumptions.sizing.at_bid
        self._legs = [_Leg(market) for market in markets]
        self._refused: dict[tuple[str, Rule], tuple[int, str]] = {}
        self.ledger = Ledger(account.cash)
        self._watch = LossWatch(account.plan, markets, self.ledger, start, at_bid=self._at_bid)
        self.trades: list[BacktestTrade] = []

    def run(self) -> None:
        for leg in self._legs:
            self._await(leg, leg.market.first)
        while (leg := min(self._legs, key=_next)).next is not _NEVER:
            time = leg.next[0]
            if leg.held is not None:
                self._sell(leg, leg.held, time)
            elif leg.wanted is not None:
                self._consider(leg, leg.wanted, time)

    @property
    def not_opened(self) -> tuple[NotOpened, ...]:
        counts = self._refused.items()
        return tuple(NotOpened(market, rule.value, count, example) for (market, rule), (count, example) in counts)

    def _await(self, leg: _Leg, index: int) -> None:
        """Want the next entry whose signal's candle is at `index` or later."""
        market = leg.market
        position = int(market.entries.searchsorted(index))
        if position == len(market.entries):
            leg.wanted, leg.next = None, _NEVER
            return
        signal = int(market.entries[position])
        purchase = self._assumptions.purchase(market, signal, self._account.fees)
        leg.wanted = _Wanted(signal, purchase)
        leg.next = market.time(purchase.index), Moment.PURCHASE

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
        market, plan, price = leg.market.market, self._plan, purchase.price
        if price is None:
            return None
        if market.quote != plan.quote:
            return NoTradeReason(Rule.OTHER_QUOTE, f"not quoted in {plan.quote}, the currency this account counts in")
        appraisal = self._appraise(time)
        if refusal := may_open(market, signal, appraisal, plan.settings):
            return refusal
        fees = Fees(self._account.fees.maker, taker=purchase.fee)
        size = self._assumptions.sizing.entry(plan, market, signal, price, fees, appraisal.funds)
        if isinstance(size, NoTradeReason):
            return size
        self._open(leg, signal, purchase, price, size.amount)
        return None

    def _open(self, leg: _Leg, signal: SignalAt, purchase: Purchase, price: Decimal, amount: Decimal) -> None:
        market = leg.market
        stop = None if signal.initial_stop is None else market.market.floor_price(signal.initial_stop)
        end = self._assumptions.end(market, purchase.index, price, stop)
        first = () if stop is None else (StopMove(signal.time, stop),)
        low, high = market.extremes(purchase.index, end.sales[-1].index)
        entry = self._bought(leg, purchase, price, amount, FillReason.ENTRY)
        leg.held = _Held(amount, (entry,), end.sales, first + end.stops, low, high)
        self._note(leg.market, leg.held, amount, float(price))
        leg.next = market.time(end.sales[0].index), end.sales[0].moment

    def _bought(
        self, leg: _Leg, purchase: Purchase, price: Decimal, amount: Decimal, reason: FillReason
    ) -> BacktestFill:
        value = amount * price
        fee = value * purchase.fee
        time = leg.market.time(purchase.index)
        self.ledger.book(leg.market.symbol, time, amount=amount, cash=-value - fee)
        return BacktestFill(time, Side.BUY, amount, price, fee, reason)

    def _note(self, market: TradedMarket, held: _Held, amount: Decimal, price: float) -> None:
        """Tell the loss limits how this amount, which now counts with `price`, can do until the end of the position."""
        size, fee = float(amount), float(self._account.fees.taker)
        worst = held.low * float(market.bid) * (1 - fee) - price * (1 + fee)
        self._watch.note(size * worst, size * (held.high - price))

    def _sell(self, leg: _Leg, held: _Held, time: int) -> None:
        sale, *later = held.sales
        amount = held.amount if sale.part is None else held.fills[0].amount * sale.part
        value = amount * sale.price
        fee = value * self._account.fees.taker
        fills = (*held.fills, BacktestFill(time, Side.SELL, amount, sale.price, fee, sale.reason))
        # A last candle is closed with the position in it: nothing was really sold.
        counts = time + (sale.moment is Moment.CLOSE)
        self.ledger.book(leg.market.symbol, counts, amount=-amount, cash=value - fee)
        if later:
            leg.held = replace(held, amount=held.amount - amount, fills=fills, sales=tuple(later))
            leg.next = leg.market.time(later[0].index), later[0].moment
            return
        leg.held = None
        self.trades.append(BacktestTrade(self._account.name, leg.market.symbol, fills, held.stops))
        # The rules enter only if nothing was held when the signal's candle closed.
        self._await(leg, sale.index)

    def _appraise(self, time: int) -> Appraisal:
        held = [(leg.market, leg.held) for leg in self._legs if leg.held is not None]
        exposure = ZERO
        for market, position in held:
            price = market.last_price(time)
            exposure += position.amount * (price * market.bid if self._at_bid else price)
        equity = self.ledger.cash + exposure
        state, has_looked = self._watch.at_open(time, equity)
        if has_looked:
            for market, position in held:
                self._note(market, position, position.amount, float(market.last_price(time)))
        return Appraisal(
            equity=state,
            funds=Funds(equity=equity, available=self.ledger.cash, exposure=exposure),
            open_positions=len(held),
            now=datetime.fromtimestamp(time, tz=UTC),
            paused=self._watch.paused,
        )


def _next(leg: _Leg) -> tuple[int, Moment]:
    return leg.next
