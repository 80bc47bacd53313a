"""Appraises an account: its equity, its earnings, its limits. While any of them is unknown nothing is opened."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from brokers.errors import BrokerError
from brokers.figures import duration
from brokers.model import ZERO, Fill, Side, Ticker
from nija.journal.positions import Position, fold, value_of_loss
from nija.risk.limits import Appraisal
from nija.risk.no_trade import Rule
from nija.risk.sizing import Funds
from nija.trader.balances import BalanceCache, value_of
from nija.trader.halts import PortfolioHalts, PortfolioShare, TradingHalts, paused_by
from nija.trader.plan import SWITCHED_OFF
from nija.trader.return_tracker import AccountValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from nija.journal.journal import Journal
    from nija.journal.records import WriteOff
    from nija.log.event_log import EventLog
    from nija.market_data.snapshot import FeedSnapshot
    from nija.risk.returns import EquityState
    from nija.risk.trusted_time import ClockReading
    from nija.trader.context import TraderContext


_NOTHING_KNOWN = Funds(equity=ZERO, available=ZERO, exposure=ZERO)


class Appraiser:
    """Used by one trader alone. `share` is this account's part in the limits of the portfolio."""

    def __init__(self, context: TraderContext, balances: BalanceCache, halts: TradingHalts, log: EventLog) -> None:
        self._context = context
        self._balances = balances
        self._halts = halts
        self._log = log
        self._quote = context.plan.quote
        self._earnings = Earnings(context.journal, self._quote)
        self._portfolio = PortfolioHalts(context.journal.portfolio, halts, context.portfolio)
        self.share: PortfolioShare = self._portfolio.share(None)

    def change(self, context: TraderContext) -> None:
        """Appraise by the plan of another context of the same account."""
        self._context = context
        if context.plan.quote != self._quote:
            self._quote = context.plan.quote
            self._earnings = Earnings(context.journal, self._quote)

    def appraise(self, snapshot: FeedSnapshot) -> Appraisal:
        """Raises BrokerError."""
        positions, pending = self._context.desk.positions(), self._context.desk.pending_entries()
        self._balances.note(positions)
        now, steady = self._context.broker.exchange_time(), self._context.clock.monotonic()
        reading = self._halts.read_clock(now, steady)
        fresh = snapshot.prices(steady)
        self.share = self._portfolio.share(None)
        missing = self._unpriced({*positions, *pending}, fresh)
        if missing:
            # Balances, and whether the exchange answers, are shown even if the account cannot be valued.
            with suppress(BrokerError):
                self._balances.balances()
        equity, funds = (None, _NOTHING_KNOWN) if missing else self._funds(positions, pending, fresh, reading)
        waits = self._portfolio.enforce(reading, steady)
        unknown = self._unknown_text(missing, snapshot) if missing else waits
        # The ages in the text change all the time.
        self._report(unknown, same=" ".join(missing) or waits)
        return Appraisal(
            equity=equity,
            funds=funds,
            open_positions=len(positions.keys() | pending.keys()),
            paused=SWITCHED_OFF if self._context.plan.is_switched_off else paused_by(self._halts.halts),
            unknown=unknown,
            now=now,
        )

    def no_price(self, market: str, snapshot: FeedSnapshot) -> str:
        """Why there is no price: there was none yet, or how old the last one is."""
        read = snapshot.read.get(market)
        if read is None:
            return f"no price of {market} yet"
        age, limit = duration(self._context.clock.monotonic() - read), duration(snapshot.price_max_age)
        return f"the last price of {market} is {age} old (prices older than {limit} are not used)"

    def _funds(
        self,
        positions: Mapping[str, Position],
        pending: Mapping[str, Decimal],
        fresh: Mapping[str, Ticker],
        reading: ClockReading,
    ) -> tuple[EquityState, Funds]:
        followed = dict.fromkeys((*self._context.plan.markets, *positions))
        bids = {market: fresh[market].bid for market in followed if market in fresh}
        asks = {market: fresh[market].ask for market in pending if market in fresh}
        held = value_of({market: position.amount for market, position in positions.items()}, bids, self._quote)
        equity = self._balances.total(self._quote) + held
        now = AccountValue(equity, self._earnings.counted(held, is_complete=not pending), self._quote, bids)
        state = self._halts.observe(now, reading, self._context.clock.monotonic())
        self.share = self._portfolio.share(now)
        hoped = value_of(pending, asks, self._quote)
        return state, Funds(equity, self._balances.available(self._quote), exposure=held + hoped, pending=hoped)

    def _unpriced(self, markets: Iterable[str], fresh: Mapping[str, Ticker]) -> list[str]:
        """The markets in which the account holds or may hold something and that have no fresh price."""
        mine = (market for market in markets if market.partition("/")[2] == self._quote)
        return sorted(market for market in mine if market not in fresh)

    def _unknown_text(self, missing: list[str], snapshot: FeedSnapshot) -> str:
        prices = " and ".join(self.no_price(market, snapshot) for market in missing)
        return f"{prices}: the account's value and its loss limits are unknown until there is one; exits continue"

    def _report(self, unknown: str, same: str) -> None:
        if unknown:
            self._log.reason("unknown", f"No new entries: {unknown}", same=same, rule=Rule.UNKNOWN.value)
        else:
            self._log.settled("unknown")


class Earnings:
    """NIJA's earnings on an account, from its own journal. Used by one trader alone.

    The loss limits are measured on them and not on the balance: a deposit, a withdrawal, a trade by the owner or a
    balance that lags behind a fill would each look like a gain or a loss. Fees taken in the base currency show as a
    smaller position.
    """

    def __init__(self, journal: Journal, quote: str) -> None:
        self._journal = journal
        self._quote = quote
        self._seen: tuple[int, int] | None = None
        self._booked = ZERO
        self._counted: Decimal | None = None

    def counted(self, worth: Decimal, *, is_complete: bool) -> Decimal:
        """`total`; while fills of an entry may be missing (`is_complete` is False), losses alone are counted.

        A stop's fill may be read before those of the purchase it sells. What it brought in would look like a gain until
        then, and the end of that like a loss.
        """
        total = self.total(worth)
        if not is_complete:
            known = self._last_known() if self._counted is None else self._counted
            total = total if known is None else min(total, known)
        self._counted = total
        return total

    def total(self, worth: Decimal) -> Decimal:
        """Realised and unrealised profit since the journal began; `worth` is the value of the open positions. In quote.

        A write-off is valued at the price of its time: it is neither gain nor loss.
        """
        changes = self._journal.fills.changes, self._journal.plans.losses
        if changes != self._seen:
            sold = sum((_cash(fill, self._quote) for fill in self._journal.fills.all()), ZERO)
            left = sum((self._value(loss) for loss in self._journal.plans.all_write_offs()), ZERO)
            self._booked, self._seen = sold + left, changes
        return self._booked + worth

    def _last_known(self) -> Decimal | None:
        row = self._journal.equity.latest()
        return None if row is None or row.currency != self._quote else row.earned

    def _value(self, loss: WriteOff) -> Decimal:
        plan = self._journal.plans.get(loss.position_id)
        if plan is None or not _is_in(plan.market, self._quote):
            return ZERO
        if loss.price is not None:
            return value_of_loss(loss, ZERO)
        return value_of_loss(loss, fold(plan, self._journal.fills.of_position(plan.id)).entry_price)


def _cash(fill: Fill, quote: str) -> Decimal:
    """The change of the quote currency's balance."""
    if not _is_in(fill.market, quote):
        return ZERO
    value = fill.amount * fill.price
    fee = fill.fee if fill.fee_currency == quote else ZERO
    return (value if fill.side is Side.SELL else -value) - fee


def _is_in(market: str, quote: str) -> bool:
    return market.partition("/")[2] == quote
