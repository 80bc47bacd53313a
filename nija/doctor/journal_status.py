"""What an account's journal knows, for `nija status` while no daemon runs."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from brokers.model import ZERO
from nija.control.journals import opened_journals
from nija.journal.errors import JournalError
from nija.journal.positions import fold
from nija.status.report import HaltStatus, PositionStatus, RestingOrder
from nija.trader.view import UNKNOWN_STEPS, Steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from accounts.environment import ProcessSettings
    from accounts.identity import AccountId
    from brokers.clock import Clock
    from nija.doctor.facts import MarketFacts
    from nija.journal.journal import Journal
    from nija.journal.positions import Position
    from nija.journal.records import Intent
    from nija.status.report import AccountStatus


def with_journal(
    known: AccountStatus, account: AccountId, markets: Iterable[MarketFacts], process: ProcessSettings, clock: Clock
) -> AccountStatus:
    """Adds positions, stops, halts and equity; nothing if there is no journal, or it cannot be read.

    `markets` are what the exchange says of them, with the prices for the profits.
    """
    try:
        with opened_journals(process, clock) as journals, closing(journals.read(account)) as journal:
            return _with_journal(known, journal, {one.symbol: one for one in markets})
    except JournalError:
        return known


def _with_journal(known: AccountStatus, journal: Journal, markets: Mapping[str, MarketFacts]) -> AccountStatus:
    plans = journal.plans.open()
    folded = (fold(one, journal.fills.of_position(one.id), journal.plans.write_offs(one.id)) for one in plans)
    live = (intent for intent in journal.intents.unsettled() if intent.state.is_live)
    day, seen = journal.equity.latest(), _last_seen(journal)
    return replace(
        known,
        equity=day.capital if day is not None and day.currency == known.currency else None,
        positions=tuple(_position(one, markets.get(one.market)) for one in folded if one.amount > ZERO),
        resting_orders=tuple(_resting(intent, _steps(markets.get(intent.market))) for intent in live),
        latches=tuple(HaltStatus(name.value, halt.reason, halt.since) for name, halt in journal.halts.all().items()),
        last_useful_work=seen,
        last_seen=seen,
    )


def _last_seen(journal: Journal) -> datetime | None:
    """When it was last written, as far as its rows say."""
    day, events = journal.equity.latest(), journal.history.latest(1)
    times = [*(event.time for event in events), *(() if day is None else (day.updated,))]
    return max(times, default=None)


def _position(position: Position, market: MarketFacts | None) -> PositionStatus:
    price = None if market is None else market.price
    return PositionStatus(
        market=position.market,
        amount=position.amount,
        entry_price=position.entry_price,
        stop=position.stop_price,
        price=price,
        profit=None if price is None else position.profit_at(price),
        profit_percent=None if price is None else position.profit_percent_at(price),
        id=position.id,
        opened=position.opened,
        exit_reason=position.exit_reason or "",
        steps=_steps(market),
    )


def _resting(intent: Intent, steps: Steps) -> RestingOrder:
    order, purpose = intent.request, intent.purpose.name.lower()
    price = order.stop_price if order.stop_price is not None else order.limit_price
    return RestingOrder(order.market, order.side.value, order.type.value, order.amount, price, purpose, steps)


def _steps(market: MarketFacts | None) -> Steps:
    listed = None if market is None else market.market
    return UNKNOWN_STEPS if listed is None else Steps(listed.price_step, listed.amount_step)
