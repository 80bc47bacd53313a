"""What an account would do in one market now, why not, and what would have to happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.figures import amount
from brokers.model import ZERO
from nija.explain.next_candle import Outlooks
from nija.market_data.signals import shortage
from nija.risk.costs import slippage
from nija.risk.no_trade import NoTradeReason, Rule
from nija.risk.resizing import Increase, Reduce, SellAll, enough_equity_for_band, share_of
from nija.risk.sizing import Entry, EntrySize, enough_equity

if TYPE_CHECKING:
    from brokers.model import Candles, Fees, Market
    from nija.risk.limits import Appraisal
    from nija.strategy.base import SignalAt
    from nija.trader.plan import TradingPlan


@dataclass(frozen=True, slots=True)
class PlannedEntry:
    """An order to buy about `amount` (base) for `cost` (quote), which loses `risk` (quote) if the stop is hit.

    If nothing would be bought, `refused` names the `rule` and says why, and the figures are None.
    """

    price: Decimal
    stop: Decimal | None
    amount: Decimal | None = None
    cost: Decimal | None = None
    risk: Decimal | None = None
    rule: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class MarketNow:
    """One market of an account, as of the last closed candle. Prices are in quote, amounts in base currency.

    `closed` is when that candle ended, `decides` when the next one does; None where market time runs faster than the
    clock. `signal` is `buy`, `sell` or empty. `order` is what it buys now, or would have bought but for a rule; None
    without a signal to buy. `why_not` is the reason for buying nothing now, by its `rule`.

    `weight` is the fraction of its share that a strategy with weights wants held; `sells` is what it would sell of it
    now. `buys_above`: the next candle would have to close above this, and would then open `next_order`; `sells_below`:
    a close below this would sell what is `held`. `enough` is the equity with which the smallest order can be placed at
    the present stop. Unknown values are None; `problem` says why they are unknown.
    """

    market: str
    timeframe: str
    closed: datetime | None = None
    close: Decimal | None = None
    decides: datetime | None = None
    price: Decimal | None = None
    signal: str = ""
    order: PlannedEntry | None = None
    weight: Decimal | None = None
    sells: str = ""
    rule: str = ""
    why_not: str = ""
    held: Decimal = ZERO
    stop: Decimal | None = None
    buys_above: Decimal | None = None
    next_order: PlannedEntry | None = None
    sells_below: Decimal | None = None
    enough: Decimal | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class MarketFound:
    """What is known of a market: None for what is not. `price` is what one unit costs; `held` and `stop` are NIJA's.

    `refusal` is the trader's own reason for not buying; None where no daemon runs.
    """

    symbol: str
    market: Market | None = None
    candles: Candles | None = None
    price: Decimal | None = None
    held: Decimal = ZERO
    stop: Decimal | None = None
    refusal: NoTradeReason | None = None
    problem: str = ""


def market_now(
    found: MarketFound, plan: TradingPlan, fees: Fees, appraisal: Appraisal, outlooks: Outlooks | None = None
) -> MarketNow:
    """`outlooks` are shared by all accounts. A strategy that fails is a problem of this market, not an error."""
    known = MarketNow(found.symbol, str(plan.timeframe), price=found.price, held=found.held, stop=found.stop)
    if found.market is None or found.candles is None or not len(found.candles):
        return _unknown(known, found)
    try:
        return _Decider(found.market, found.candles, found, plan, fees, appraisal, outlooks or Outlooks()).decide()
    except Exception as error:  # noqa: BLE001 - a strategy may be a user's own
        return _unknown(known, found, f"the strategy {plan.strategy_name} failed: {type(error).__name__}: {error}")


def _unknown(known: MarketNow, found: MarketFound, problem: str = "") -> MarketNow:
    reason = found.refusal
    return MarketNow(
        known.market,
        known.timeframe,
        price=known.price,
        held=known.held,
        stop=known.stop,
        rule="" if reason is None else reason.rule.value,
        why_not="" if reason is None else reason.text,
        problem=problem or found.problem or "no candles are known of it",
    )


@dataclass(frozen=True, slots=True)
class _Decider:
    market: Market
    candles: Candles
    found: MarketFound
    plan: TradingPlan
    fees: Fees
    appraisal: Appraisal
    outlooks: Outlooks

    def decide(self) -> MarketNow:
        strategy, timeframe = self.plan.strategy, self.plan.timeframe
        signal = self.outlooks.signal(strategy, self.candles)
        refusal = self._refusal(signal)
        ahead = self.outlooks.next_candle(strategy, self.candles)
        is_held = self.found.held > ZERO
        buys_above = None if is_held or ahead.buys_above is None else self._price(ahead.buys_above)
        sells_below = None if not is_held or ahead.sells_below is None else self._price(ahead.sells_below)
        is_replay = self.plan.settings.trading.max_candle_age == 0
        return MarketNow(
            market=self.market.symbol,
            timeframe=str(timeframe),
            closed=signal.closed,
            close=signal.close,
            decides=None if is_replay else signal.closed + timedelta(seconds=timeframe.seconds),
            price=self.found.price,
            signal="buy" if signal.entry else "sell" if signal.exit else "",
            order=self._entry(signal, self.found.price) if self._may_buy(signal) else None,
            weight=signal.weight,
            sells=self._sells(signal),
            rule="" if refusal is None else refusal.rule.value,
            why_not="" if refusal is None else refusal.text,
            held=self.found.held,
            stop=self.found.stop,
            buys_above=buys_above,
            next_order=None if buys_above is None else self._next_order(buys_above + self.market.price_step),
            sells_below=sells_below,
            enough=self._enough(signal),
            problem=self._problem(),
        )

    def _refusal(self, signal: SignalAt) -> NoTradeReason | None:
        """The trader's, if there is one; else what its rules say."""
        if self.found.refusal is not None:
            return self.found.refusal
        if self.found.held > ZERO and signal.weight is None:
            return NoTradeReason(Rule.POSITION_OPEN, "a position is open")
        if forbidden := self.plan.may_open(self.market, signal, self.appraisal, is_held=self.found.held > ZERO):
            return forbidden
        if not self._may_buy(signal):
            return NoTradeReason(Rule.NO_SIGNAL, "no entry signal on the last closed candle")
        if self.found.price is None:
            return NoTradeReason(Rule.NO_PRICE, f"no price of {self.market.symbol} yet")
        size = self._size(signal, self.found.price)
        return size if isinstance(size, NoTradeReason) else None

    def _may_buy(self, signal: SignalAt) -> bool:
        """A strategy with weights may also buy more."""
        return signal.entry and (self.found.held == ZERO or signal.weight is not None)

    def _size(self, signal: SignalAt, price: Decimal) -> EntrySize | Reduce | SellAll | NoTradeReason:
        funds = self.appraisal.funds
        if signal.weight is None:
            return self.plan.entry_size(self.market, signal, price, self.fees, funds)
        share = self.plan.market_share(self.market, self.found.held, funds.equity, price, price, self.fees)
        stop = self.found.stop if self.found.held > ZERO else signal.initial_stop
        size = self.plan.next_size(signal, share, stop, funds)
        if not isinstance(size, Increase):
            return size
        return EntrySize(size.amount, size.notional, ZERO if stop is None else size.amount * (price - stop))

    def _sells(self, signal: SignalAt) -> str:
        if signal.weight is None or self.found.price is None or self.found.held == ZERO:
            return ""
        size = self._size(signal, self.found.price)
        if isinstance(size, Reduce):
            return f"down to {amount(size.keep)} {self.market.base}"
        return "all of it" if isinstance(size, SellAll) else ""

    def _entry(self, signal: SignalAt, price: Decimal | None) -> PlannedEntry | None:
        if price is None:
            return None
        size = self._size(signal, price)
        stop = None if signal.initial_stop is None else self.market.floor_price(signal.initial_stop)
        if isinstance(size, NoTradeReason):
            return PlannedEntry(price, stop, rule=size.rule.value, refused=size.text)
        if not isinstance(size, EntrySize):
            return None
        return PlannedEntry(price, stop, size.amount, size.notional, size.risk)

    def _next_order(self, close: Decimal) -> PlannedEntry | None:
        signal = self.outlooks.signal(self.plan.strategy, self.candles, float(close))
        return self._entry(signal, signal.close)

    def _enough(self, signal: SignalAt) -> Decimal | None:
        if signal.weight is not None:
            fraction = share_of(self.plan.settings.markets, self.plan.settings)
            return enough_equity_for_band(signal.band, self.market, signal.close, fraction)
        stop = signal.initial_stop
        if stop is None or not 0 < stop < signal.close:
            return None
        entry = Entry(self.market, signal.close, stop, signal.close, self.fees.taker, slippage(self.market))
        return enough_equity(entry, self.plan.settings)

    def _price(self, value: float) -> Decimal:
        """On the market's step."""
        steps = (Decimal(repr(value)) / self.market.price_step).to_integral_value()
        return steps * self.market.price_step

    def _problem(self) -> str:
        subscription = self.plan.subscription(self.market.symbol)
        if len(self.candles) < self.plan.strategy.warmup:
            return shortage(subscription, len(self.candles))
        return self.found.problem
