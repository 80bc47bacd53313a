"""Checks the books of the exchange in memory against NIJA's journal, knowing nothing of how the desk works."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, purpose_of
from brokers.model import ZERO
from nija.journal.positions import fold
from tests import invariants
from tests.history_invariants import history_is_what_the_books_say, shown
from tests.invariants import BookedFill, BookedOrder, Books, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from decimal import Decimal

    from nija.journal.journal import Journal
    from nija.journal.records import Intent
    from nija.orders.desk import OrderDesk
    from tests.invariants import Stop
    from tests.nija.orders.exchange_model import ExchangeModel


def books_of(exchange: ExchangeModel) -> Books:
    return Books(
        orders=tuple(
            BookedOrder(
                id=order.exchange_id,
                client_id=order.client_id or "",
                market=order.market,
                side=order.side,
                amount=order.amount,
                filled=order.filled,
                stop_price=order.stop_price,
                is_open=not order.status.is_final,
            )
            for order in exchange.ours()
        ),
        fills=tuple(
            BookedFill(fill.order_id, fill.market, fill.side, fill.amount, fill.price, fill.fee, fill.fee_currency)
            for fill in exchange.our_fills()
        ),
        oversales=exchange.ownership().oversales,
    )


def oversold(exchange: ExchangeModel) -> list[str]:
    """Violations at any time: NIJA has sold, or has up for sale, more than it bought."""
    return [*invariants.nothing_is_oversold(books_of(exchange))]


def owners_coins_sold(exchange: ExchangeModel) -> list[str]:
    """Coins that NIJA sold without having bought them, or after the owner had taken them."""
    return [*invariants.the_owner_keeps_his_coins(books_of(exchange))]


def violations(exchange: ExchangeModel, journal: Journal, desk: OrderDesk) -> list[str]:
    """Violations once everything has settled."""
    books, record = books_of(exchange), replace(recorded(journal), positions=desk.positions())
    return [
        *invariants.nothing_is_oversold(books),
        *invariants.the_owner_keeps_his_coins(books),
        *invariants.books_and_journal_agree(books, record),
        *history_is_what_the_books_say(books, shown(journal)),
        *_fill_ids(exchange, journal),
        *_stops(exchange, books, desk),
    ]


def _fill_ids(exchange: ExchangeModel, journal: Journal) -> list[str]:
    """This exchange identifies a fill by its id alone."""
    theirs = {fill.id for fill in exchange.our_fills()}
    booked = {fill.id for fill in journal.fills.all()}
    return [f"the fill {key} is {'not booked' if key in theirs else 'unknown there'}" for key in theirs ^ booked]


def _stops(exchange: ExchangeModel, books: Books, desk: OrderDesk) -> list[str]:
    """No stop is required where the market no longer allows one."""
    wanted: dict[str, Stop] = {}
    orders = books.orders
    for market, position in desk.positions().items():
        listed = exchange.listed[market]
        amount = listed.floor_amount(position.amount)
        if position.stop_price is None or not listed.allows(amount, position.stop_price):
            orders = tuple(order for order in orders if order.market != market)
        else:
            wanted[market] = (amount, position.stop_price)
    return [*invariants.each_position_has_its_stop(replace(books, orders=orders), wanted)]


def entries_per_signal(exchange: ExchangeModel, signals: dict[str, tuple[str, object]]) -> list[str]:
    """`signals` maps the client id of each entry to its market and candle."""
    placed = {order.client_id for order in exchange.ours() if purpose_of(order.client_id) is Purpose.ENTRY}
    counts = Counter(signal for client_id, signal in signals.items() if client_id in placed)
    return [f"{count} entries for {signal}" for signal, count in counts.items() if count > 1]


def reductions_leave_what_they_keep(journal: Journal, kept: Mapping[tuple[str, datetime], Decimal]) -> Iterator[str]:
    """`kept` maps market and candle of each decision to what was to stay. An interrupted sale never sells more."""
    for plan in journal.plans.open():
        if plan.keep is not None:
            yield f"{plan.market}: a part of it is still being sold"
        if plan.keep_signal is None or plan.exit_reason is not None:
            continue
        if not any(order.signal_time == plan.keep_signal and order.filled for order in _sales(journal, plan.id)):
            continue
        position = fold(plan, journal.fills.of_position(plan.id), journal.plans.write_offs(plan.id))
        keep = kept.get((plan.market, plan.keep_signal), ZERO)
        if position.amount + position.lost < keep:
            yield f"{plan.market}: {position.amount} held and {position.lost} lost, {keep} was to be kept"


def _sales(journal: Journal, position_id: str) -> list[Intent]:
    return [order for order in journal.intents.of_position(position_id) if order.purpose is Purpose.EXIT]
