"""What must hold between an exchange's books and NIJA's journal, whoever keeps the books.

A checker reads the books of its exchange into `Books` and a journal into `JournalRecord`, and adds what only it knows.
Every invariant yields one sentence per violation, and nothing where it holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, purpose_of
from brokers.model import ZERO, Side, floor_to_step
from nija.journal.positions import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from decimal import Decimal
    from typing import Protocol

    from brokers.model import Fill
    from nija.journal.journal import Journal
    from nija.journal.positions import Position
    from nija.journal.records import Intent, PositionPlan

    class Oversale(Protocol):
        """Coins of the owner's that an order of NIJA's sold."""

        @property
        def currency(self) -> str: ...
        @property
        def amount(self) -> Decimal: ...
        @property
        def order_id(self) -> str: ...

    # Amount and price; without a price any will do.
    Stop = tuple[Decimal, Decimal | None]


@dataclass(frozen=True, slots=True)
class BookedOrder:
    """One order of NIJA's as the exchange has it."""

    id: str
    client_id: str
    market: str
    side: Side
    amount: Decimal
    filled: Decimal
    stop_price: Decimal | None
    is_open: bool

    @property
    def left(self) -> Decimal:
        return self.amount - self.filled


@dataclass(frozen=True, slots=True)
class BookedFill:
    """One fill of an order of NIJA's, without its id: an exchange may have several ids for one fill."""

    order_id: str
    market: str
    side: Side
    amount: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str

    @property
    def change(self) -> Decimal:
        """Of the base currency, the fee included."""
        signed = self.amount if self.side is Side.BUY else -self.amount
        return signed - self.fee if self.fee_currency == self.market.partition("/")[0] else signed


@dataclass(frozen=True, slots=True)
class Books:
    """What an exchange has of NIJA's in one account. `exposed`: how much of the owner's coins rests for sale."""

    orders: tuple[BookedOrder, ...]
    fills: tuple[BookedFill, ...]
    oversales: tuple[Oversale, ...] = ()
    exposed: tuple[tuple[str, Decimal], ...] = ()

    def held(self) -> dict[str, Decimal]:
        """What NIJA bought and did not sell, by market."""
        held: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for fill in self.fills:
            held[fill.market] += fill.change
        return {market: amount for market, amount in held.items() if amount}

    def open_stops(self) -> dict[str, list[Stop]]:
        stops: dict[str, list[Stop]] = defaultdict(list)
        for order in self.orders:
            if order.is_open and purpose_of(order.client_id) is Purpose.STOP:
                stops[order.market].append((order.left, order.stop_price))
        return dict(stops)


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """What one account's journal remembers. `written_off` is by market."""

    intents: tuple[Intent, ...]
    fills: tuple[Fill, ...]
    plans: tuple[PositionPlan, ...]
    positions: Mapping[str, Position]
    written_off: Mapping[str, Decimal]


def recorded(journal: Journal) -> JournalRecord:
    plans = journal.plans.all()
    positions: dict[str, Position] = {}
    written_off: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for plan in plans:
        losses = journal.plans.write_offs(plan.id)
        written_off[plan.market] += sum((loss.amount for loss in losses), ZERO)
        if plan.closed is None:
            positions[plan.market] = fold(plan, journal.fills.of_position(plan.id), losses)
    intents = tuple(intent for plan in plans for intent in journal.intents.of_position(plan.id))
    return JournalRecord(intents, journal.fills.all(), plans, positions, written_off)


def books_and_journal_agree(books: Books, record: JournalRecord) -> Iterator[str]:
    """Once nothing is under way."""
    yield from one_order_per_intent(books)
    yield from each_order_has_an_intent(books, record)
    yield from each_order_is_as_journaled(books, record)
    yield from one_entry_per_candle(record)
    yield from each_fill_is_booked_once(books, record)
    yield from positions_are_what_was_bought(books, record)


def one_order_per_intent(books: Books) -> Iterator[str]:
    """At any moment."""
    for client_id, count in Counter(order.client_id for order in books.orders).items():
        if purpose_of(client_id) is None:
            yield f"an order with the id {client_id}, which is not NIJA's"
        elif count > 1:
            yield f"{count} orders for one intent {client_id}"


def each_order_has_an_intent(books: Books, record: JournalRecord) -> Iterator[str]:
    """At any moment, unless the journal was lost."""
    known = {intent.client_id for intent in record.intents}
    for order in books.orders:
        if order.client_id not in known:
            yield f"order {order.id} without an intent"


def each_order_is_as_journaled(books: Books, record: JournalRecord) -> Iterator[str]:
    """Order and intent are in the same state, and no intent waits for an order that never reached the exchange."""
    intents = {intent.client_id: intent for intent in record.intents}
    for order in books.orders:
        intent = intents.get(order.client_id)
        if intent is None:
            continue
        if intent.exchange_id != order.id or intent.filled != order.filled:
            yield f"order {order.id} filled {order.filled}, the journal says {intent.exchange_id} {intent.filled}"
        elif intent.state.is_final is order.is_open:
            yield f"order {order.id} is {'open' if order.is_open else 'final'}, the journal says {intent.state}"
        elif intent.state.is_final and not intent.settled:
            yield f"order {order.id} is final and not settled"
    sent = {order.client_id for order in books.orders}
    for intent in record.intents:
        if intent.client_id not in sent and not (intent.state.is_final and intent.settled):
            yield f"intent {intent.client_id} is {intent.state} and never reached the exchange"


def one_entry_per_candle(record: JournalRecord) -> Iterator[str]:
    entries = (
        (intent.market, intent.signal_time)
        for intent in record.intents
        if intent.purpose is Purpose.ENTRY and intent.filled > ZERO and intent.signal_time is not None
    )
    for (market, moment), count in Counter(entries).items():
        if count > 1:
            yield f"{count} entries in {market} for the candle of {moment}"


def each_fill_is_booked_once(books: Books, record: JournalRecord) -> Iterator[str]:
    if len({fill.id for fill in record.fills}) != len(record.fills):
        yield "a fill is booked twice under one id"
    booked = Counter(
        BookedFill(fill.order_id, fill.market, fill.side, fill.amount, fill.price, fill.fee, fill.fee_currency)
        for fill in record.fills
    )
    at_exchange = Counter(books.fills)
    for fill in at_exchange.keys() | booked.keys():
        if at_exchange[fill] != booked[fill]:
            yield f"{fill}: {at_exchange[fill]} times at the exchange, {booked[fill]} times booked"


def positions_are_what_was_bought(books: Books, record: JournalRecord) -> Iterator[str]:
    held = books.held()
    for market in sorted({*held, *record.positions, *record.written_off}):
        position = record.positions.get(market)
        amount = position.amount if position is not None else ZERO
        lost = record.written_off.get(market, ZERO)
        if amount + lost != held.get(market, ZERO):
            yield f"{market}: {amount} held and {lost} written off, {held.get(market, ZERO)} by the exchange's books"


def each_position_has_its_stop(
    books: Books, wanted: Mapping[str, Stop], in_steps: Callable[[str, Stop], Stop] = lambda _, stop: stop
) -> Iterator[str]:
    """One resting stop as wanted for each position, by market, and nothing else of NIJA's rests.

    `in_steps`: what of a stop a market's present steps allow; both sides are compared by that.
    """
    for order in books.orders:
        if order.is_open and purpose_of(order.client_id) is not Purpose.STOP:
            yield f"{order.market}: the order {order.id} still works"
    resting = books.open_stops()
    for market in {*resting, *wanted}:
        found = [in_steps(market, stop) for stop in resting.get(market, [])]
        expected = [in_steps(market, wanted[market])] if market in wanted else []
        if expected and expected[0][1] is None:
            found = [(amount, None) for amount, _ in found]
        if found != expected:
            yield f"{market}: stops {resting.get(market, [])}, wanted {wanted.get(market)}"


def floored(stop: Stop, amount_step: Decimal, price_step: Decimal) -> Stop:
    amount, price = stop
    return floor_to_step(amount, amount_step), None if price is None else floor_to_step(price, price_step)


def nothing_is_oversold(books: Books) -> Iterator[str]:
    """At any moment: NIJA never sold, or has resting for sale, more than NIJA bought."""
    held = books.held()
    selling: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for order in books.orders:
        if order.is_open and order.side is Side.SELL:
            selling[order.market] += order.left
    for market in {*held, *selling}:
        if held.get(market, ZERO) < selling[market]:
            yield f"{market}: NIJA holds {held.get(market, ZERO)} and has {selling[market]} for sale"


def the_owner_keeps_his_coins(books: Books) -> Iterator[str]:
    """None of them was sold by an order of NIJA's, or rests for sale in one."""
    for sale in books.oversales:
        yield f"{sale.amount} {sale.currency} of the owner's were sold by order {sale.order_id}"
    for currency, amount in books.exposed:
        yield f"{amount} {currency} of the owner's rest for sale"


def nonces_only_rise(nonces: Iterable[int]) -> Iterator[str]:
    """The nonces of one key, in the order in which they arrived."""
    last: int | None = None
    for nonce in nonces:
        if last is not None and nonce <= last:
            yield f"nonce {nonce} came after {last}"
        last = nonce
