"""The judge: the exchange's books against NIJA's journal. It knows nothing of how the desk works."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, purpose_of
from brokers.model import ZERO, OrderType, Side

if TYPE_CHECKING:
    from nija.journal.journal import Journal
    from nija.orders.desk import OrderDesk
    from tests.nija.orders.exchange_model import ExchangeModel


def oversold(exchange: ExchangeModel) -> list[str]:
    """At no moment may NIJA have sold, or have resting for sale, more than NIJA bought."""
    faults = []
    for market in exchange.listed:
        held = exchange.bought_by_nija(market)
        selling = sum(
            (
                order.amount - order.filled
                for order in exchange.ours()
                if order.market == market and order.side is Side.SELL and not order.status.is_final
            ),
            ZERO,
        )
        if held - selling < ZERO:
            faults.append(f"{market}: NIJA holds {held} and has {selling} for sale")
    return faults


def owners_coins_sold(exchange: ExchangeModel) -> list[str]:
    """What NIJA sold that its own fills had not bought, or that the owner's hand had taken of it."""
    return [
        f"{sale.amount} {sale.currency} of the owner's were sold by order {sale.order_id}"
        for sale in exchange.ownership().oversales
    ]


def violations(exchange: ExchangeModel, journal: Journal, desk: OrderDesk) -> list[str]:
    """What is wrong once everything has come to rest."""
    return [
        *oversold(exchange),
        *owners_coins_sold(exchange),
        *_doubled(exchange),
        *_orders(exchange, journal),
        *_fills(exchange, journal),
        *_positions(exchange, journal, desk),
        *_stops(exchange, desk),
    ]


def _doubled(exchange: ExchangeModel) -> list[str]:
    counts = Counter(order.client_id for order in exchange.ours())
    return [f"{count} orders for one intent {client_id}" for client_id, count in counts.items() if count > 1]


def _orders(exchange: ExchangeModel, journal: Journal) -> list[str]:
    faults = []
    for order in exchange.ours():
        intent = journal.intents.get(order.client_id or "")
        if intent is None:
            faults.append(f"order {order.exchange_id} without an intent")
        elif intent.exchange_id != order.exchange_id or intent.filled != order.filled:
            faults.append(f"order {order.exchange_id}: {order.filled} filled, the journal says {intent}")
        elif intent.state.is_final != order.status.is_final:
            faults.append(f"order {order.exchange_id} is {order.status}, the journal says {intent.state}")
    known = {order.client_id for order in exchange.ours()}
    hanging = (intent for intent in journal.intents.unsettled() if intent.client_id not in known)
    return [*faults, *(f"intent {intent.client_id} is {intent.state} for ever" for intent in hanging)]


def _fills(exchange: ExchangeModel, journal: Journal) -> list[str]:
    theirs = {fill.id: fill for fill in exchange.our_fills()}
    ours = {fill.id: fill for fill in journal.fills.all()}
    if len(ours) != len(journal.fills.all()):
        return ["a fill is booked twice"]
    return [
        f"fill {key}: {theirs.get(key)} at the exchange, {ours.get(key)} booked" for key in theirs.keys() ^ ours.keys()
    ]


def _positions(exchange: ExchangeModel, journal: Journal, desk: OrderDesk) -> list[str]:
    faults = []
    for market in exchange.listed:
        lost = sum(
            (
                loss.amount
                for plan in journal.plans.all()
                if plan.market == market
                for loss in journal.plans.write_offs(plan.id)
            ),
            ZERO,
        )
        position = desk.positions().get(market)
        amount = position.amount if position is not None else ZERO
        if amount + lost != exchange.bought_by_nija(market):
            faults.append(
                f"{market}: {amount} held, {lost} written off, {exchange.bought_by_nija(market)} at the exchange"
            )
    return faults


def _stops(exchange: ExchangeModel, desk: OrderDesk) -> list[str]:
    faults = []
    for market, listed in exchange.listed.items():
        stops = [
            order
            for order in exchange.ours()
            if order.market == market and order.type is OrderType.STOP and not order.status.is_final
        ]
        position = desk.positions().get(market)
        if position is None:
            wanted = []
        elif position.stop_price is None or not listed.allows(
            listed.floor_amount(position.amount), position.stop_price
        ):
            continue
        else:
            wanted = [(listed.floor_amount(position.amount), position.stop_price)]
        if [(stop.amount, stop.stop_price) for stop in stops] != wanted:
            faults.append(f"{market}: stops {stops}, wanted {wanted}")
    return faults


def entries_per_signal(exchange: ExchangeModel, signals: dict[str, tuple[str, object]]) -> list[str]:
    """`signals` tells for each client id of an entry which market and candle it was for."""
    placed = {order.client_id for order in exchange.ours() if purpose_of(order.client_id) is Purpose.ENTRY}
    counts = Counter(signal for client_id, signal in signals.items() if client_id in placed)
    return [f"{count} entries for {signal}" for signal, count in counts.items() if count > 1]
