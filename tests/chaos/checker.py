"""Checks the simulator's books against the journals, knowing nothing of how the daemon works."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from brokers.model import ZERO
from nija.journal.errors import JournalError
from nija.journal.opening import Journals
from nija.journal.ownership import UNEXPLAINED, WITHDRAWN
from nija.journal.records import HaltName
from nija.log.event_log import get_log
from tests.chaos import owner_checker
from tests.chaos.bare_time import DUST
from tests.history_invariants import history_is_what_the_books_say, shown
from tests.invariants import (
    books_and_journal_agree,
    each_position_has_its_stop,
    floored,
    nonces_only_rise,
    one_order_per_intent,
    recorded,
)
from tests.simulated_books import simulated_books

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from tests.invariants import Books, JournalRecord, Stop

# A request's way takes seconds of a quick clock, or minutes where the machine is busy, and is not as long as the way
# back: a token's date or an order's deadline may then be too late or too early. It is refused for certain.
_QUICK = ("nbf lies in the future", "the token has expired", "EGeneral:Invalid arguments:deadline")


def violations(state: Mapping[str, Any], data: Path, accounts: Iterable[AccountId], clock: Clock) -> list[str]:
    """Everything that is wrong once calm has come. What can never be repaired is reported alone: it causes the rest."""
    faults = forbidden(state)
    if faults:
        return faults
    journals = Journals(data, clock, get_log("checker"))
    try:
        for account in accounts:
            with closing(journals.read(account)) as journal:
                record, paused = recorded(journal), HaltName.ANOTHER_PROGRAM in journal.halts.all()
                history = shown(journal)
            owned = state["ownership"][str(account)]
            books = simulated_books(state["accounts"][str(account)], owned)
            specs = state["markets"][account.exchange]["specs"]
            wrong = [*(_paused(books, record) if paused else _agree(books, record, specs))]
            wrong += [] if paused else [*history_is_what_the_books_say(books, history)]
            wrong += [*owner_checker.exposed(books), *owner_checker.claimed(owned, record.positions)]
            faults += [f"{account}: {fault}" for fault in wrong]
    finally:
        journals.close()
    return faults


def given_up(state: Mapping[str, Any], data: Path, accounts: Iterable[AccountId], clock: Clock) -> Mapping[str, float]:
    """The positions, as `bare_now` names them, that were booked out for what the owner took, and since when.

    He took some of them without an order: how much of what is left is NIJA's is not known then, and it counts as his.
    """
    journals = Journals(data, clock, get_log("checker"))
    found: dict[str, float] = {}
    try:
        for account in accounts:
            shares = state["ownership"][str(account)]["shares"]
            with closing(journals.read(account)) as journal:
                plans = journal.plans.all()
                held = {plan.market for plan in plans if plan.closed is None}
                for plan in plans:
                    share = shares.get(plan.market.partition("/")[0])
                    if share is None or Decimal(share["taken"]) <= ZERO or plan.market in held:
                        continue
                    for loss in journal.plans.write_offs(plan.id):
                        if loss.reason in (UNEXPLAINED, WITHDRAWN):
                            found[f"{account} {plan.market}"] = loss.time.timestamp()
    except JournalError:
        return found
    finally:
        journals.close()
    return found


def forbidden(state: Mapping[str, Any]) -> list[str]:
    """What must not be at any moment and can never be repaired: this needs no journal."""
    faults = _mistakes(state)
    for account, books in state["accounts"].items():
        owned = state["ownership"][account]
        wrong = [
            *one_order_per_intent(simulated_books(books)),
            *nonces_only_rise(books["key"].get("nonces", [])),
            *owner_checker.forbidden(books, owned),
        ]
        faults += [f"{account}: {fault}" for fault in wrong]
    return faults


def _mistakes(state: Mapping[str, Any]) -> list[str]:
    """What the exchange itself objected to: a signature, a nonce, a rate, a parameter."""
    return [
        f"{mistake['account']} {mistake['endpoint']}: {mistake['rule']}"
        for mistake in state["violations"]
        if not mistake["rule"].endswith(_QUICK)
    ]


def _paused(books: Books, record: JournalRecord) -> Iterable[str]:
    """An account that another NIJA seems to trade is left as it is; whether it is bare is for `bare_now` to judge.

    The pause must have had a cause, which here can only be a late order of a daemon whose journal was lost.
    """
    known = {intent.client_id for intent in record.intents}
    if all(order.client_id in known for order in books.orders):
        yield "paused for another program, though every order of NIJA's is in the journal"


def _agree(books: Books, record: JournalRecord, specs: Mapping[str, Any]) -> Iterable[str]:
    """Where a market's steps have changed, stops are as the steps allow."""
    yield from books_and_journal_agree(books, record)
    wanted = {
        market: (position.amount, position.stop_price)
        for market, position in record.positions.items()
        if position.amount * position.entry_price >= DUST
    }
    yield from each_position_has_its_stop(books, wanted, partial(_in_steps, specs))
    for market, position in record.positions.items():
        if position.exit_reason is not None:
            yield f"{market}: {position.amount} is still being sold"
    for plan in record.plans:
        if plan.closed is None and plan.keep is not None:
            yield f"{plan.market}: it is still being sold down to {plan.keep}"


def _in_steps(specs: Mapping[str, Any], market: str, stop: Stop) -> Stop:
    spec = specs[market]
    return floored(stop, Decimal(spec["amount_step"]), Decimal(spec["price_step"]))
