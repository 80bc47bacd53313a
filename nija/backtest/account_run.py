"""One account on the simulated clock: sales at the open, then purchases market by market, then stops in the candles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from brokers.model import ZERO, Fees, Side
from nija.backtest.endings import Moment
from nija.backtest.ledger import Ledger
from nija.backtest.leg import NEVER, Held, Leg, Wanted
from nija.backtest.loss_watch import LossWatch
from nija.backtest.records import BacktestFill, BacktestTrade, FillReason, NotOpened, StopMove
from nija.backtest.resizes import next_due
from nija.backtest.traded_market import price_of
from nija.risk.limits import Appraisal, may_open
from nija.risk.no_trade import NoTradeReason, Rule
from nija.risk.resizing import Increase, Reduce, limits_on_weights, share_of
from nija.risk.sizing import Funds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from nija.backtest.assumptions import Assumptions
    from nija.backtest.purchases import Purchase
    from nija.backtest.records import BacktestAccount
    from nija.backtest.traded_market import TradedMarket
    from nija.risk.resizing import NextSize
    from nija.strategy.base import SignalAt

# Nothing was wanted that a rule has forbidden.
_ORDINARY = frozenset({Rule.NO_SIGNAL, Rule.WITHIN_BAND})


class AccountRun:
    """Call `run` once; `trades` and `ledger` then hold what happened, in the order of time."""

    def __init__(
        self, account: BacktestAccount, markets: Sequence[TradedMarket], assumptions: Assumptions, start: int
    ) -> None:
        self._account = account
        self._plan = account.plan
        self._assumptions = assumptions
        self._at_bid = assumptions.sizing.at_bid
        self._legs = [Leg(market) for market in markets]
        self._refused: dict[tuple[str, Rule], tuple[int, str]] = {}
        self.ledger = Ledger(account.cash)
        self._watch = LossWatch(account.plan, markets, self.ledger, start, at_bid=self._at_bid)
        self._fraction = share_of(account.plan.settings.markets, account.plan.settings)
        self._before_parts: tuple[int, Appraisal] | None = None
        self.trades: list[BacktestTrade] = []

    def run(self) -> None:
        for leg in self._legs:
            self._await(leg, leg.market.first)
        while (leg := min(self._legs, key=_next)).next is not NEVER:
            (time, moment), booked = leg.next, len(self.ledger.bookings)
            if leg.held is None:
                self._consider(leg, time)
            elif leg.held.due is not None and moment in (Moment.SALE_IN_PART, Moment.PURCHASE):
                self._resize(leg, leg.held, leg.held.due, time, moment)
            else:
                self._sell_as_planned(leg, leg.held, time)
            if len(self.ledger.bookings) > booked:
                self._plan_resizes(time)

    @property
    def not_opened(self) -> tuple[NotOpened, ...]:
        counts = self._refused.items()
        return tuple(NotOpened(market, rule.value, count, example) for (market, rule), (count, example) in counts)

    def _await(self, leg: Leg, index: int) -> None:
        """Want the next entry whose signal's candle is at `index` or later."""
        market = leg.market
        position = int(market.entries.searchsorted(index))
        if position == len(market.entries):
            leg.wanted, leg.next = None, NEVER
            return
        signal = int(market.entries[position])
        purchase = self._assumptions.purchase(market, signal, self._account.fees)
        leg.wanted = Wanted(signal, purchase)
        leg.next = market.time(purchase.index), Moment.PURCHASE

    def _consider(self, leg: Leg, time: int) -> None:
        market, wanted = leg.market, leg.wanted
        if wanted is None:
            return
        reason = self._enter(leg, market.signals.at(market.candles, wanted.signal), wanted.purchase, time)
        if reason is not None and reason.rule is Rule.PAUSED and self._watch.is_final:
            # No later entry can do better: they are counted, and not considered one by one.
            left = len(market.entries) - int(market.entries.searchsorted(wanted.signal))
            self._count(market, reason, left)
            leg.wanted, leg.next = None, NEVER
            return
        self._count(market, reason)
        if leg.held is None:
            self._await(leg, wanted.purchase.index)

    def _count(self, market: TradedMarket, reason: NoTradeReason | None, times: int = 1) -> None:
        if reason is not None and reason.rule not in _ORDINARY:
            count, _ = self._refused.get((market.symbol, reason.rule), (0, ""))
            self._refused[market.symbol, reason.rule] = count + times, reason.text

    def _enter(self, leg: Leg, signal: SignalAt, purchase: Purchase, time: int) -> NoTradeReason | None:
        """As the daemon's trader: the limits, then the size."""
        market, plan, price = leg.market.market, self._plan, purchase.price
        if price is None:
            return None
        if market.quote != plan.quote:
            return NoTradeReason(Rule.OTHER_QUOTE, f"not quoted in {plan.quote}, the currency this account counts in")
        appraisal = self._appraise(time)
        if signal.weight is not None:
            settings = limits_on_weights(plan.settings)
            size = may_open(market, signal, appraisal, settings) or self._next_size(leg, signal, appraisal, time)
            if isinstance(size, Increase):
                self._open(leg, signal, purchase, price, size.amount)
            return size if isinstance(size, NoTradeReason) else None
        if refusal := may_open(market, signal, appraisal, plan.settings):
            return refusal
        fees = Fees(self._account.fees.maker, taker=purchase.fee)
        sized = self._assumptions.sizing.entry(plan, market, signal, price, fees, appraisal.funds)
        if isinstance(sized, NoTradeReason):
            return sized
        self._open(leg, signal, purchase, price, sized.amount)
        return None

    def _open(self, leg: Leg, signal: SignalAt, purchase: Purchase, price: Decimal, amount: Decimal) -> None:
        market, index = leg.market, purchase.index
        stop = None if signal.initial_stop is None else market.market.floor_price(signal.initial_stop)
        end = self._assumptions.end(market, index, price, stop)
        first = () if stop is None else (StopMove(signal.time, stop),)
        low, high = market.extremes(index, end.sales[-1].index)
        entry = self._bought(market, index, price, amount, purchase.fee, FillReason.ENTRY)
        leg.held = Held(amount, (entry,), end.sales, first + end.stops, low, high, decided=index - 1)
        self._note(market, leg.held, amount, float(price))
        leg.next = market.time(end.sales[0].index), end.sales[0].moment

    def _bought(
        self, market: TradedMarket, index: int, price: Decimal, amount: Decimal, rate: Decimal, reason: FillReason
    ) -> BacktestFill:
        value = amount * price
        fee = value * rate
        time = market.time(index)
        self.ledger.book(market.symbol, time, amount=amount, cash=-value - fee)
        return BacktestFill(time, Side.BUY, amount, price, fee, reason)

    def _note(self, market: TradedMarket, held: Held, amount: Decimal, price: float) -> None:
        """Tell the loss limits how this amount, which now counts with `price`, can do until the end of the position."""
        size, fee = float(amount), float(self._account.fees.taker)
        worst = held.low * float(market.bid) * (1 - fee) - price * (1 + fee)
        self._watch.note(size * worst, size * (held.high - price))

    def _sell_as_planned(self, leg: Leg, held: Held, time: int) -> None:
        sale, *later = held.sales
        amount = held.amount if sale.part is None else held.fills[0].amount * sale.part
        # A last candle is closed with the position in it: nothing was really sold.
        counts = time + (sale.moment is Moment.CLOSE)
        fills = (*held.fills, self._sold(leg.market, time, amount, sale.price, sale.reason, counts))
        if later:
            leg.held = replace(held, amount=held.amount - amount, fills=fills, sales=tuple(later))
            leg.next = leg.market.time(later[0].index), later[0].moment
        else:
            self._close(leg, fills, held.stops, sale.index)

    def _sold(
        self, market: TradedMarket, time: int, amount: Decimal, price: Decimal, reason: FillReason, counts: int
    ) -> BacktestFill:
        value = amount * price
        fee = value * self._account.fees.taker
        self.ledger.book(market.symbol, counts, amount=-amount, cash=value - fee)
        return BacktestFill(time, Side.SELL, amount, price, fee, reason)

    def _close(self, leg: Leg, fills: tuple[BacktestFill, ...], stops: tuple[StopMove, ...], index: int) -> None:
        leg.held = None
        self.trades.append(BacktestTrade(self._account.name, leg.market.symbol, fills, stops))
        # The rules enter only if nothing was held when the signal's candle closed.
        self._await(leg, index)

    def _plan_resizes(self, time: int) -> None:
        """After a fill, as it changes what every part of the account weighs."""
        for leg in self._legs:
            if leg.held is not None and leg.resizes:
                self._plan_resize(leg, leg.held, self._holdings(), time)

    def _holdings(self) -> list[tuple[TradedMarket, Decimal]]:
        return [(leg.market, leg.held.amount) for leg in self._legs if leg.held is not None]

    def _plan_resize(self, leg: Leg, held: Held, holdings: Sequence[tuple[TradedMarket, Decimal]], time: int) -> None:
        market, sale = leg.market, held.sales[0]
        upcoming = int(market.candles.time.searchsorted(time))
        span = max(held.decided + 1, upcoming - 1), sale.index - 1
        due = next_due(market, holdings, self.ledger.cash, self._fraction, span)
        leg.held = replace(held, due=due)
        leg.next = market.time(sale.index), sale.moment
        if due is not None:
            leg.next = min(leg.next, (market.time(due + 1), Moment.SALE_IN_PART))

    def _resize(self, leg: Leg, held: Held, signal_index: int, time: int, moment: Moment) -> None:
        """First sales, of all markets together, then purchases, one by one: as the daemon's trader."""
        market, index = leg.market, signal_index + 1
        signal = market.signals.at(market.candles, signal_index)
        appraisal = self._appraise(time) if moment is Moment.PURCHASE else self._appraise_once(time)
        size = self._next_size(leg, signal, appraisal, time)
        if isinstance(size, Increase):
            if moment is Moment.SALE_IN_PART:
                leg.next = time, Moment.PURCHASE
                return
            others = replace(appraisal, open_positions=appraisal.open_positions - 1)
            size = may_open(market.market, signal, others, limits_on_weights(self._plan.settings)) or size
        leg.held = held = replace(held, decided=signal_index)
        opened = price_of(market.candles.open, index)
        if isinstance(size, NoTradeReason):
            self._count(market, size)
            self._plan_resize(leg, held, self._holdings(), time)
        elif isinstance(size, Increase):
            price = opened * market.ask
            more = self._bought(market, index, price, size.amount, self._account.fees.taker, FillReason.INCREASE)
            leg.held = replace(held, amount=held.amount + size.amount, fills=(*held.fills, more))
            self._note(market, held, size.amount, float(price))
        elif isinstance(size, Reduce):
            amount = held.amount - size.keep
            less = self._sold(market, time, amount, opened * market.bid, FillReason.REDUCE, time)
            leg.held = replace(held, amount=size.keep, fills=(*held.fills, less))
        else:
            rest = self._sold(market, time, held.amount, opened * market.bid, FillReason.EXIT, time)
            self._close(leg, (*held.fills, rest), held.stops_before(time), index)

    def _next_size(self, leg: Leg, signal: SignalAt, appraisal: Appraisal, time: int) -> NextSize | NoTradeReason:
        market = leg.market
        price = market.last_price(time)
        held, stop = ZERO, signal.initial_stop
        if leg.held is not None:
            held, stop = leg.held.amount, leg.held.stop_at(signal.time)
        at_close = self._equity_at(signal.time, appraisal.funds.equity, time)
        bid = self._valued(market, price)
        share = self._plan.market_share(market.market, held, at_close, bid, price * market.ask, self._account.fees)
        return self._assumptions.sizing.resize(self._plan, signal, share, stop, appraisal.funds)

    def _equity_at(self, close_of: int, equity: Decimal, time: int) -> Decimal:
        """The account's equity with each position at the close of the same candle."""
        for leg in self._legs:
            if leg.held is not None:
                before, now = leg.market.close_at(close_of), self._valued(leg.market, leg.market.last_price(time))
                equity += leg.held.amount * (before - now)
        return equity

    def _appraise_once(self, time: int) -> Appraisal:
        """Sales in part are all decided on what the account was worth before the first of them."""
        if self._before_parts is None or self._before_parts[0] != time:
            self._before_parts = time, self._appraise(time)
        return self._before_parts[1]

    def _appraise(self, time: int) -> Appraisal:
        held = [(leg.market, leg.held) for leg in self._legs if leg.held is not None]
        exposure = ZERO
        for market, position in held:
            exposure += position.amount * self._valued(market, market.last_price(time))
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

    def _valued(self, market: TradedMarket, price: Decimal) -> Decimal:
        return price * market.bid if self._at_bid else price


def _next(leg: Leg) -> tuple[int, Moment]:
    return leg.next
