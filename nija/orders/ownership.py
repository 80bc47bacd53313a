"""Tracks how much of each currency is NIJA's and how much the owner's; nija/journal/ownership.py has the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.client_order_id import purpose_of
from brokers.errors import BadAnswer
from brokers.figures import amount
from brokers.model import ZERO, Balance, Fill, Order, Side
from nija.journal.ownership import Attribution, Removal, attribute, guarded, may_lag, movements_of, settled, uncertain
from nija.journal.records import Holding, Intent, WriteOff
from nija.orders.tracking import DeskContext, ErrorCollector, OrderTracker

if TYPE_CHECKING:
    from collections.abc import Mapping


# A stop cannot cover less than the finest step of either exchange.
_STEP = Decimal("0.00000001")
# How far the measured clock may run ahead of the exchange's, which dates the fills. Counting one twice is harmless.
_CLOCK_ERROR = timedelta(seconds=2)
# A fill may be listed only some time after it happened.
_OVERLAP = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Known:
    """`uncertain`: how much of NIJA's coins may not be NIJA's; `locked`: how much the owner's own orders lock."""

    checked: float
    uncertain: Decimal = ZERO
    locked: Decimal = ZERO


class OwnershipTracker:
    """Tracks the owner's share of each currency in which NIJA has a position. Used by one desk."""

    def __init__(self, context: DeskContext, tracker: OrderTracker, started: datetime) -> None:
        self._context = context
        self._tracker = tracker
        self._holdings = dict(context.journal.holdings.all())
        self._known: dict[str, _Known] = {}
        # Per currency: a fill moves two, and they are checked one after the other.
        self._counted: dict[str, frozenset[str]] = {}
        self._floors: dict[str, datetime] = {}
        self._others: dict[str, Decimal] = {}
        # Currencies whose coins NIJA's own stop has locked since the last check, and when that stop was withdrawn; and
        # those that nothing locked for a while, as at a start.
        self._guarded: set[str] = set()
        self._released: dict[str, float] = {}
        self._to_check: set[str] = set()
        self._noted: Mapping[str, Balance] | None = None
        self._lags_since: dict[str, float] = {}
        self._exposed: set[str] = {_base(market) for market in context.open.plans()}
        self._asked = float("-inf")
        self.started = started
        self.rival_orders: list[Order] = []

    def is_fresh(self, currency: str) -> bool:
        known = self._known.get(currency)
        age = self._context.timings.owner_age
        return known is not None and self._context.clock.monotonic() - known.checked <= age

    def is_due(self, currency: str) -> bool:
        """Whether an answer that left nothing to sell is old enough to ask again."""
        known = self._known.get(currency)
        return known is None or self._context.clock.monotonic() - known.checked >= self._context.timings.doubt_poll

    def expire(self, currency: str, *, unguarded: bool = True) -> None:
        """Discard what is known of a currency.

        `unguarded`: nothing locked NIJA's coins for a while, so someone may have sold and bought in between.
        """
        self._known.pop(currency, None)
        if unguarded:
            self._guarded.discard(currency)
            self._exposed.add(currency)
        else:
            self._released[currency] = self._context.clock.monotonic()

    def sellable(self, currency: str, held: Decimal) -> Decimal:
        """How much of `held` certainly is NIJA's and not locked by the owner's orders."""
        known = self._known.get(currency)
        return held if known is None else max(ZERO, held - known.uncertain - known.locked)

    def in_doubt(self, currency: str) -> bool:
        known = self._known.get(currency)
        return known is not None and known.uncertain > ZERO

    def note_balances(self, balances: Mapping[str, Balance]) -> None:
        """Use balances that were read for another purpose: a currency with missing coins is checked next."""
        if balances is self._noted:
            return
        self._noted = balances
        for market in self._context.open.positions():
            currency = _base(market)
            balance = balances.get(currency)
            if balance is not None and balance.total < self._expected(currency):
                self._to_check.add(currency)

    def check_soon(self) -> None:
        """Make a check of every currency in which NIJA has a position due."""
        self._to_check |= {_base(market) for market in self._context.open.plans()}

    def due(self) -> bool:
        """Whether a currency must be checked again, because it is in doubt or coins seem to be missing.

        A failed check is not repeated at once.
        """
        if self._context.clock.monotonic() - self._asked < self._context.timings.doubt_poll:
            return False
        doubtful = {currency for currency, known in self._known.items() if known.uncertain > ZERO} | self._to_check
        return any(map(self.is_due, doubtful))

    def check(
        self,
        only: str | None = None,
        balances: Mapping[str, Balance] | None = None,
        *,
        protects: bool = False,
    ) -> None:
        """Compare each currency's balance with what it should be, and write off what was taken.

        `only`: check one currency instead of all in which NIJA has a position. `protects`: a stop or a sale waits for
        the result. Every currency is checked even if another one fails. Raises the first BrokerError.
        """
        self._asked = self._context.clock.monotonic()
        began = self._context.broker.exchange_time()
        reported = self._context.broker.balances(protects=protects) if balances is None else balances
        held = {_base(market) for market in self._context.open.plans()}
        if held and not reported:
            raise BadAnswer("the exchange reported no balances")
        currencies = held if only is None else {only}
        attempts = ErrorCollector()
        for currency in sorted(currencies):
            with attempts:
                self._check_currency(currency, reported, began, protects=protects)
        attempts.raise_first()

    def _check_currency(
        self, currency: str, reported: Mapping[str, Balance], began: datetime, *, protects: bool
    ) -> None:
        total = self._total(currency, reported)
        self._to_check.discard(currency)
        if total != self._expected(currency):
            # The stop may just be selling, or may be gone.
            self._tracker.poll(self._orders(currency))
        if not self._is_quiet(currency):
            self._know_nothing(currency)
            return
        found, foreign_fills = self._attributed(currency, total, began, protects=protects)
        if found is None or (found.taken and self._has_unbooked(currency)):
            # Nothing can be written off before all fills are booked.
            self._know_nothing(currency)
            return
        self._apply(currency, found, began)
        if foreign_fills:
            self._counted[currency] = self._counted.get(currency, frozenset()) | foreign_fills
            self._others[currency] = found.others
        balance = reported.get(currency)
        foreign = ZERO if balance is None else max(ZERO, balance.held - self._resting(currency))
        left = self._held(currency)
        doubtful = uncertain(left, replace(found, taken=()))
        locked = max(ZERO, left - doubtful - max(ZERO, total - foreign))
        self._known[currency] = _Known(self._context.clock.monotonic(), doubtful, locked)
        self._released.pop(currency, None)
        locks_all = self._locks_all(currency, left)
        for known, belongs in ((self._guarded, locks_all), (self._exposed, left > ZERO and not locks_all)):
            known.add(currency) if belongs else known.discard(currency)
        self._announce(currency, doubtful, locked)

    def _know_nothing(self, currency: str) -> None:
        """While the outcome of an order is unknown, none of these coins certainly are NIJA's."""
        self._known[currency] = _Known(self._context.clock.monotonic(), max(ZERO, self._held(currency)))

    def _attributed(
        self, currency: str, total: Decimal, began: datetime, *, protects: bool
    ) -> tuple[Attribution | None, frozenset[str]]:
        """Whose coins these are and the ids of the fills that show it; None while the balance may lag behind them."""
        held, known = self._held(currency), self._holdings.get(currency)
        if held <= ZERO:
            return Attribution(total), frozenset()
        if known is not None and known.missing == ZERO:
            if self._is_guarded(currency, held):
                return guarded(total, held), frozenset()
            if total == self._expected(currency) and currency not in self._exposed:
                return Attribution(known.amount), frozenset()
        fills = self._foreign_fills(currency, protects=protects)
        movements = movements_of(currency, fills, self._ids_with_our_mark({fill.order_id for fill in fills}))
        settles = self._context.timings.doubt_settles
        is_recent = any((began - fill.time).total_seconds() < settles for fill in fills)
        if self._may_lag(currency, is_recent and may_lag(total, held, known, movements)):
            return None, frozenset()
        found = attribute(total, held, known, movements, self._others.get(currency, ZERO))
        since = began if known is None or known.missing_since is None else known.missing_since
        if found.missing > ZERO and (began - since).total_seconds() >= settles:
            found = settled(total, held, found)
        return found, frozenset(fill.id for fill in fills)

    def _may_lag(self, currency: str, seems: bool) -> bool:  # noqa: FBT001 what the pure rule says
        """A balance that still does not match after a while is no lag: the owner had deposited what he sold."""
        now = self._context.clock.monotonic()
        if not seems or now - self._lags_since.setdefault(currency, now) >= self._context.timings.doubt_settles:
            self._lags_since.pop(currency, None)
            return False
        return True

    def _is_guarded(self, currency: str, held: Decimal) -> bool:
        """Whether NIJA's own stop has locked all of its coins since the last check."""
        if currency in self._released and self._asked - self._released[currency] > self._context.timings.owner_age:
            self.expire(currency)
        return currency in self._guarded and (currency in self._released or self._locks_all(currency, held))

    def _locks_all(self, currency: str, held: Decimal) -> bool:
        return held > ZERO and self._resting(currency) >= held - _STEP

    def _expected(self, currency: str) -> Decimal:
        known = self._holdings.get(currency)
        return self._held(currency) + (ZERO if known is None else known.amount - known.missing)

    def _apply(self, currency: str, found: Attribution, began: datetime) -> None:
        """Journal what changed, and now and then that nothing did, so that the next check need not read far back."""
        known = self._holdings.get(currency)
        since = None
        if found.missing > ZERO:
            since = began if known is None or known.missing_since is None else known.missing_since
        now = Holding(currency, found.owner, began, found.is_known, found.missing, since)
        self._holdings[currency] = now
        losses = [loss for taken in found.taken for loss in self._losses(currency, taken)]
        age = self._context.timings.reconcile
        if losses or known is None or replace(known, time=began) != now or (began - known.time).total_seconds() >= age:
            self._context.open.write_off(losses, [now])
        else:
            self._holdings[currency] = known

    def _losses(self, currency: str, taken: Removal) -> list[WriteOff]:
        """Assign the loss to positions, first to those of the market in which the coins were sold."""
        positions = [one for one in self._context.open.positions().values() if _base(one.market) == currency]
        left, losses = taken.amount, []
        now = self._context.open.now()
        for position in sorted(positions, key=lambda one: (one.market != taken.market, one.opened)):
            part = min(left, position.amount)
            if part > ZERO:
                price = self._context.last_prices.get(position.market)
                losses.append(WriteOff(position.id, part, taken.reason, now, price))
                left -= part
        return losses

    def _foreign_fills(self, currency: str, *, protects: bool) -> list[Fill]:
        """Fills since the last check of orders that the journal does not know."""
        journal, broker = self._context.journal, self._context.broker
        since = self._since(currency)
        floor = self._floors.setdefault(currency, since - _CLOCK_ERROR)
        counted = self._counted.get(currency, frozenset())
        return [
            fill
            for fill in broker.fills(max(floor, since - _OVERLAP), protects=protects)
            if fill.time > floor and fill.id not in counted and journal.intents.by_exchange_id(fill.order_id) is None
        ]

    def _since(self, currency: str) -> datetime:
        holding = self._holdings.get(currency)
        if holding is not None:
            return holding.time
        return min(plan.opened for plan in self._context.open.plans().values() if _base(plan.market) == currency)

    def _ids_with_our_mark(self, order_ids: set[str]) -> list[str]:
        if not order_ids:
            return []
        orders = self._context.broker.orders(sorted(order_ids)).values()
        marked = [order for order in orders if purpose_of(order.client_id) is not None]
        rivals = (order for order in marked if self._context.is_rival(order))
        self.rival_orders.extend(order for order in rivals if order.created > self.started)
        return [order.exchange_id for order in marked]

    def _is_quiet(self, currency: str) -> bool:
        """Whether the effect of NIJA's own orders on this currency is known, booked or not."""
        if any(order.state.is_unresolved for order in self._orders(currency)):
            return False
        return self._context.broker.fees_in_quote or not self._has_unbooked(currency)

    def _has_unbooked(self, currency: str) -> bool:
        return any(order.filled > self._context.open.booked(order) for order in self._orders(currency))

    def _orders(self, currency: str) -> list[Intent]:
        return [order for order in self._context.open.unsettled() if _base(order.market) == currency]

    def _resting(self, currency: str) -> Decimal:
        """How much of it NIJA's own orders lock."""
        selling = (order for order in self._orders(currency) if order.request.side is Side.SELL)
        return sum((order.request.amount - order.filled for order in selling if order.state.is_live), ZERO)

    def _held(self, currency: str) -> Decimal:
        """How much of it NIJA holds, unbooked fills included."""
        positions = self._context.open.positions().values()
        booked = sum((position.amount for position in positions if _base(position.market) == currency), ZERO)
        return booked + sum(map(self._context.unbooked_change, self._orders(currency)), ZERO)

    def _total(self, currency: str, reported: Mapping[str, Balance]) -> Decimal:
        balance = reported.get(currency)
        if balance is not None:
            return balance.total
        if any(row.startswith("balance:") for row in self._context.broker.unread_rows()):
            raise BadAnswer(
                f"the exchange reports a balance that cannot be read, so the amount of {currency} is unknown"
            )
        return ZERO

    def _announce(self, currency: str, uncertain: Decimal, locked: Decimal) -> None:
        about = f"owner {currency}"
        if uncertain > ZERO:
            missing = f"{amount(uncertain)} {currency} of NIJA's position is missing"
            reason = f"{missing}, and it is not known yet who took it"
            self._context.log.trouble(about, f"Position in doubt: {reason}; nothing in doubt is sold")
        elif locked > ZERO:
            self._context.log.trouble(
                about, f"{amount(locked)} {currency} of NIJA's position is held by {self._locking_orders(currency)}"
            )
        else:
            self._context.log.settled(about)

    def _locking_orders(self, currency: str) -> str:
        """The owner's orders that lock these coins, as text."""
        orders = [
            order
            for order in self._context.broker.open_orders()
            if order.side is Side.SELL and _base(order.market) == currency and purpose_of(order.client_id) is None
        ]
        named = ", ".join(
            f"{order.exchange_id} ({amount(order.amount - order.filled)} {order.market})" for order in orders
        )
        return f"the owner's own order {named}" if named else "an order that the exchange does not list"


def _base(market: str) -> str:
    return market.partition("/")[0]
