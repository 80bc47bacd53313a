"""The loop of one account, in its own thread: maintain orders, make exits, make entries."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.manager import AccountReport, AccountState
from brokers.errors import BrokerError, MarketRefused, OrderRejected, RequestRefused
from nija.events import Flattened
from nija.journal.records import HaltName
from nija.log.event_log import EventLog
from nija.orders.state import EntryStatus
from nija.orders.tracking import ErrorCollector
from nija.risk.limits import Appraisal, paused
from nija.risk.no_trade import NoTradeReason, Rule
from nija.risk.resizing import Increase
from nija.trader.appraisal import Appraiser
from nija.trader.balances import AccountFunds, BalanceCache, cost
from nija.trader.halts import TradingHalts, paused_by
from nija.trader.held_candles import HeldCandles
from nija.trader.plan import MissingMarkets
from nija.trader.resizing import Resizer
from nija.trader.view import ProtectionView, Steps, TraderView, WrittenOff

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from brokers.model import Fees, Market, Ticker
    from nija.journal.positions import Position
    from nija.market_data.snapshot import FeedSnapshot
    from nija.orders.state import EntryOutcome
    from nija.strategy.base import SignalAt
    from nija.trader.context import TraderContext
    from nija.trader.plan import TradingPlan

_MARKETS_TTL = 3_600.0
# For those who look: entries ask for them anyway. Not at the start, when requests are scarce.
_FEES_WAIT = 60.0
_FEES_TTL = 21_600.0
_WAITING = NoTradeReason(Rule.NO_CANDLE, "waiting for the first closed candle from the exchange")
_NO_SIGNAL = NoTradeReason(Rule.NO_SIGNAL, "no entry signal on the last closed candle")
_STOPPING = NoTradeReason(Rule.STOPPING, "NIJA is shutting down")
_POSITION_OPEN = NoTradeReason(Rule.POSITION_OPEN, "a position is open")
_TO_SELL = NoTradeReason(Rule.BLOCKED, "more is held than is wanted, and it cannot be sold yet")
# Not logged: ordinary reasons, which `nija status` shows, and reasons of the whole account, which are logged once.
_RELEASES = frozenset({HaltName.RELEASE, HaltName.RELEASE_KEEPING_STOPS})
_ORDINARY = frozenset(
    {
        *(Rule.STOPPING, Rule.NO_CANDLE, Rule.NO_SIGNAL, Rule.POSITION_OPEN),
        *(Rule.WITHIN_BAND, Rule.ACTED_ON, Rule.UNKNOWN),
    }
)


class Trader:
    """Reads the feed's last snapshot and its own account, and sends orders only through its desk."""

    def __init__(self, context: TraderContext) -> None:
        self._context = context
        self._plan = context.plan
        self._desk = context.desk
        self._balances = BalanceCache(context.broker, context.clock)
        self._halts = TradingHalts(
            context.journal, context.plan.settings.risk, context.log, context.commands, context.halt_reporter
        )
        self._log = EventLog(context.log, context.clock)
        self._markets_read = context.clock.monotonic()
        self._fees_due = self._markets_read + _FEES_WAIT
        self._quote = context.plan.quote
        self._followed: set[str] = set()
        self._held_candles = HeldCandles()
        self._missing = _missing_markets(context)
        self._appraiser = Appraiser(context, self._balances, self._halts, self._log)
        self._resizer = Resizer(context)
        self.view = TraderView(
            plan=context.plan,
            quote=self._quote,
            time=context.broker.exchange_time(),
            worked=False,
            share=self._appraiser.share,
        )

    def start(self) -> None:
        """Before the first cycle: compare journal and exchange, and start following the markets. Raises BrokerError."""
        self._desk.recover()
        self._held_candles.read(self._context.journal.fills.all())
        self._follow()

    def change(self, plan: TradingPlan) -> None:
        """Trade by another plan from now on. Orders, positions and halts stay as they are."""
        context = replace(self._context, plan=plan)
        self._missing = _missing_markets(context)
        self._context, self._plan, self._quote = context, plan, plan.quote
        self._halts.limits = plan.settings.risk
        self._desk.protect(plan.settings.risk.protective_stops)
        self._appraiser.change(context)
        self._resizer.change(context)
        self._followed = set()
        self._follow()
        self.view = replace(self.view, plan=plan, quote=plan.quote)

    def _follow(self) -> None:
        """Follow the markets that may be entered and those with a position, which may be adopted at any time."""
        markets = {*self._plan.markets, *self._desk.positions()}
        if markets != self._followed:
            self._followed = markets
            self._context.feed.follow(map(self._plan.subscription, markets), self._context.wake)

    @property
    def plan(self) -> TradingPlan:
        return self._plan

    @property
    def is_idle(self) -> bool:
        """Whether nothing is held and no order can still buy anything."""
        markets = {*self._plan.markets, *self._desk.pending_entries()}
        return not self._desk.positions() and not any(map(self._desk.blocked, markets))

    @property
    def has_nothing_open(self) -> bool:
        """Whether NIJA may leave the account: idle, and every order and position has ended in the journal too."""
        return self.is_idle and self._desk.is_empty

    def money(self) -> AccountFunds:
        """Raises BrokerError."""
        invested = cost(self._desk.positions(), self._quote)
        return AccountFunds(self._quote, self._balances.total(self._quote), invested)

    def report(self, money: AccountFunds) -> AccountReport:
        """The account's state before its first cycle."""
        return AccountReport(
            balances=self._balances.known,
            quote=self._quote,
            equity=money.total + money.invested,
            positions=len(self._desk.positions()),
            open_orders=len(self._desk.resting()),
        )

    def finish(self, seconds: float) -> bool:
        """On shutdown: protect all positions within `seconds`; returns whether that is done."""
        return self._desk.finish(seconds)

    @property
    def is_bare(self) -> bool:
        """Whether some position is not protected now."""
        return any(not known.covered for known in self._desk.protection().values())

    def cycle(self) -> None:
        """One pass over everything. Raises BrokerError; every decision is in the journal and continues next time."""
        try:
            self._run_cycle()
        finally:
            # Shown even if the cycle fails half-way, as that is when a position may be bare.
            self._publish_desk()

    def _run_cycle(self) -> None:
        snapshot = self._context.feed.snapshot
        prices = snapshot.prices(self._context.clock.monotonic())
        self._note_held(snapshot)
        # Stops and commands do not wait for what failed before them.
        attempts = ErrorCollector()
        with attempts:
            self._desk.refresh({market: ticker.bid for market, ticker in prices.items()})
        self._follow()
        with attempts:
            self._apply_halts()
        with attempts:
            self._desk.close_commanded()
        self._make_exits(snapshot, attempts)
        attempts.raise_first()
        self._refresh_markets()
        appraisal = self._appraiser.appraise(snapshot)
        self._desk.note_balances(self._balances.known)
        # Purchases wait for the next cycle, which knows what the sales have left.
        waits = self._awaits_sale()
        sold = bool(waits) or self._resizer.sell_parts(snapshot, appraisal, attempts)
        attempts.raise_first()
        self._publish(snapshot, appraisal, waits if sold else self._make_entry(snapshot, appraisal))
        self._refresh_fees()

    def _note_held(self, snapshot: FeedSnapshot) -> None:
        """Before anything ends in this cycle."""
        for market in self._desk.positions():
            signal = snapshot.signals.get(self._plan.subscription(market))
            if signal is not None:
                self._held_candles.note(market, signal)

    def _refresh_markets(self) -> None:
        """Markets change their minimums, steps and states now and then; orders must follow."""
        now = self._context.clock.monotonic()
        if now - self._markets_read >= _MARKETS_TTL:
            self._markets_read = now
            self._context.broker.refresh_markets()

    def _refresh_fees(self) -> None:
        now, listed = self._context.clock.monotonic(), self._context.broker.markets()
        traded = next((symbol for symbol in self._plan.markets if symbol in listed), None)
        if traded is not None and now >= self._fees_due:
            self._fees_due = now + _FEES_TTL
            with suppress(BrokerError):
                self._fees(traded)

    def _fees(self, symbol: str) -> Fees:
        """Raises BrokerError."""
        fees = self._context.broker.fees(symbol)
        self.view = replace(self.view, fees=fees)
        return fees

    def _apply_halts(self) -> None:
        halts = self._halts.refresh()
        if self._halts.pop_resume():
            self._resume()
        if self._desk.release(halts):
            self._halts.released(self._context.broker.exchange_time())
            self._log.info("All of NIJA's positions are released to their owner; trading stays stopped")
        if HaltName.FLATTEN not in halts or _RELEASES & halts.keys():
            return
        self._desk.cancel_entries()
        self._desk.flatten("flatten")
        if self.is_idle:
            self._halts.flattened(self._context.broker.exchange_time())
            self._context.events.publish(Flattened(self._context.account))

    def _resume(self) -> None:
        """The effect of `nija resume` on a running trader, besides the cleared halts."""
        self._desk.resumed()
        self._log.info("Resumed: new entries are allowed again")

    def _make_exits(self, snapshot: FeedSnapshot, attempts: ErrorCollector) -> None:
        """Exits and stops come before any entry, and also apply to markets that may no longer be entered."""
        for market, position in self._desk.positions().items():
            signal = snapshot.signals.get(self._plan.subscription(market))
            if signal is not None:
                with attempts:
                    self._make_exit(market, position, signal)

    def _make_exit(self, market: str, position: Position, signal: SignalAt) -> None:
        if position.stop_price is None:
            self._add_missing_stop(market, signal)
        if position.signal_time is not None and signal.closed <= position.signal_time:
            return
        if signal.exit and position.exit_reason is None:
            reason = f"{self._plan.strategy_name} exit on the candle closed {signal.closed:%Y-%m-%d %H:%M}"
            self._desk.exit(market, reason)
        elif signal.trail is not None and position.exit_reason is None:
            self._desk.trail(market, signal.trail)

    def _add_missing_stop(self, market: str, signal: SignalAt) -> None:
        """A position adopted without a stop gets the one of the last candle."""
        stop = signal.initial_stop if signal.trail is None else signal.trail
        if stop is not None:
            self._desk.trail(market, stop)

    def _make_entry(self, snapshot: FeedSnapshot, appraisal: Appraisal) -> list[NoTradeReason]:
        """Enter at most one market per cycle, so that each decision sees the funds that the last one left."""
        reasons: list[NoTradeReason] = []
        for symbol in self._plan.markets:
            try:
                reason = self._consider(symbol, snapshot, appraisal)
            except (RequestRefused, MarketRefused, OrderRejected) as error:
                reason = NoTradeReason(Rule.REFUSED, f"the exchange refused a request about this market: {error}")
            if reason is None:
                break
            reasons.append(replace(reason, market=symbol))
            if reason.rule in _ORDINARY:
                self._log.settled(symbol)
            else:
                self._log.reason(symbol, f"{symbol} not traded: {reason.text}", same=reason.rule, **_figures(reason))
        return reasons

    def _consider(self, symbol: str, snapshot: FeedSnapshot, appraisal: Appraisal) -> NoTradeReason | None:
        """Why this market is not entered; None after an order was sent."""
        market = self._listed(symbol)
        signal = snapshot.signals.get(self._plan.subscription(symbol))
        if market is None or market.quote != self._quote:
            return self._untradable(symbol)
        problem = snapshot.problems.get(self._plan.subscription(symbol))
        if signal is None:
            return NoTradeReason(Rule.NO_DATA, problem) if problem else _WAITING
        is_held = symbol in self._desk.positions()
        if refusal := self._plan.may_open(market, signal, appraisal, is_held=is_held):
            return refusal
        if problem and not signal.entry:
            return NoTradeReason(Rule.NO_DATA, problem)
        return self._not_ready(symbol, signal, appraisal.now) or self._buy(market, signal, snapshot, appraisal)

    def _awaits_sale(self) -> list[NoTradeReason]:
        """Why nothing is sized now: what a sale brought in would count twice, as money and as the position it sold."""
        sale = self._desk.unbooked_sale()
        if sale is None:
            return []
        reason = NoTradeReason(Rule.BLOCKED, f"{sale}: until then the account's value is not known")
        return [replace(reason, market=symbol) for symbol in self._plan.markets]

    def _listed(self, symbol: str) -> Market | None:
        """The market's current state, read again if it was closed when last read."""
        broker = self._context.broker
        market = broker.markets().get(symbol)
        if market is not None and not (market.tradable and market.takes_market_orders):
            broker.refresh_markets()
            market = broker.markets().get(symbol)
        return market

    def _untradable(self, symbol: str) -> NoTradeReason:
        listed = self._context.broker.markets()
        if symbol in listed:
            return NoTradeReason(Rule.OTHER_QUOTE, f"not quoted in {self._quote}, the currency this account counts in")
        return NoTradeReason(Rule.NO_MARKET, self._missing.text(symbol, listed))

    def _not_ready(self, symbol: str, signal: SignalAt, now: datetime) -> NoTradeReason | None:
        is_held = symbol in self._desk.positions()
        if is_held and signal.weight is None:
            return _POSITION_OPEN
        if not is_held and not signal.entry:
            return _NO_SIGNAL
        if blocked := self._desk.blocked(symbol):
            return NoTradeReason(Rule.BLOCKED, blocked)
        if used := self._used_up(symbol, signal, now):
            return used
        if later := self._desk.retries_later(symbol, signal.closed):
            return NoTradeReason(Rule.RETRY, later)
        return None

    def _used_up(self, symbol: str, signal: SignalAt, now: datetime) -> NoTradeReason | None:
        """Why this candle opens nothing any more."""
        if self._desk.acted_on(symbol, signal.closed):
            text = f"the candle closed {signal.closed:%Y-%m-%d %H:%M} was already acted upon"
            return NoTradeReason(Rule.ACTED_ON, text)
        if symbol not in self._desk.positions() and self._held_candles.was_held(symbol, signal, now):
            # The rules enter only if nothing was held when the candle closed; else a sale by hand would be undone.
            text = f"a position was held at the candle closed {signal.closed:%Y-%m-%d %H:%M}; the next one counts"
            return NoTradeReason(Rule.ACTED_ON, text)
        return None

    def _buy(
        self, market: Market, signal: SignalAt, snapshot: FeedSnapshot, appraisal: Appraisal
    ) -> NoTradeReason | None:
        # Read now: the requests above may have taken a while.
        ticker = snapshot.prices(self._context.clock.monotonic()).get(market.symbol)
        if ticker is None:
            return NoTradeReason(
                Rule.NO_PRICE, f"{self._appraiser.no_price(market.symbol, snapshot)}; waiting for a new one"
            )
        amount = self._amount(market, signal, ticker, snapshot, appraisal)
        if isinstance(amount, NoTradeReason):
            return amount
        if stopped := paused(paused_by(self._halts.refresh())):
            # The requests above may have waited for the rate limit; a stop command takes effect at once.
            return stopped
        if self._context.clock.stopping:
            return _STOPPING
        outcome = self._order(market, amount, signal)
        if outcome.status in (EntryStatus.REFUSED, EntryStatus.FAILED):
            rule = Rule.ENTRY_REFUSED if outcome.status is EntryStatus.REFUSED else Rule.ENTRY_FAILED
            return NoTradeReason(rule, f"the entry was not made: {outcome.reason}")
        self._log.settled(market.symbol)
        return None

    def _amount(
        self, market: Market, signal: SignalAt, ticker: Ticker, snapshot: FeedSnapshot, appraisal: Appraisal
    ) -> Decimal | NoTradeReason:
        """How much to buy (base), or why nothing."""
        fees = self._fees(market.symbol)
        if signal.weight is None:
            entry = self._plan.entry_size(market, signal, ticker.ask, fees, appraisal.funds)
            return entry if isinstance(entry, NoTradeReason) else entry.amount
        size = self._resizer.next_size(market, signal, ticker, fees, snapshot, appraisal)
        if isinstance(size, Increase):
            return size.amount
        return size if isinstance(size, NoTradeReason) else _TO_SELL

    def _order(self, market: Market, amount: Decimal, signal: SignalAt) -> EntryOutcome:
        if market.symbol in self._desk.positions():
            return self._desk.increase(market, amount, signal.closed, self._plan.strategy_name)
        return self._desk.enter(market, amount, signal.initial_stop, signal.closed, self._plan.strategy_name)

    def _publish_desk(self) -> None:
        """Publish the desk's state, without any request."""
        desk = self._desk
        protection = {market: ProtectionView.of(known) for market, known in desk.protection().items()}
        self.view = replace(
            self.view,
            positions=desk.positions(),
            resting=desk.resting(),
            halts=self._halts.halts,
            protection=MappingProxyType(protection),
            written_off=tuple(WrittenOff.of(market, loss) for market, loss in desk.written_off()),
            foreign_orders=desk.foreign_orders(),
            unread=desk.unread(),
            refused_markets=MappingProxyType(dict(desk.refused_markets())),
            answered=self._balances.answered,
        )

    def _publish(self, snapshot: FeedSnapshot, appraisal: Appraisal, reasons: list[NoTradeReason]) -> None:
        context = self._context
        self.view = replace(
            self.view,
            time=appraisal.now,
            equity=appraisal.equity,
            prices=MappingProxyType(
                {market: snapshot.tickers[market].bid for market in self._plan.markets if market in snapshot.tickers}
            ),
            not_trading=tuple(reasons),
            budget_left=context.broker.budget_left(),
            worked=True,
            share=self._appraiser.share,
            portfolio=context.portfolio(),
            steps=self._steps(),
        )
        state = AccountState.PAUSED if appraisal.paused else AccountState.TRADING
        if context.manager.snapshot(context.account).state is not state:
            context.manager.transition(context.account, state, appraisal.paused)
        context.manager.report(
            context.account,
            AccountReport(
                balances=self._balances.known,
                quote=self._quote,
                equity=None if appraisal.equity is None else appraisal.equity.current,
                positions=len(self._desk.positions()),
                open_orders=len(self._desk.resting()),
            ),
        )

    def _steps(self) -> Mapping[str, Steps]:
        listed = self._context.broker.markets()
        shown = (listed[market] for market in {*self._plan.markets, *self._desk.positions()} if market in listed)
        return MappingProxyType({one.symbol: Steps(one.price_step, one.amount_step) for one in shown})


def _missing_markets(context: TraderContext) -> MissingMarkets:
    listed = context.broker.markets()
    return MissingMarkets(context.account.exchange, [one for one in context.plan.markets if one in listed])


def _figures(reason: NoTradeReason) -> dict[str, str]:
    figures = {"rule": reason.rule.value}
    if reason.limit:
        figures |= {"value": reason.value, "limit": reason.limit}
    return figures
