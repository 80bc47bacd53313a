"""The judge: the simulator's books against the journals. It knows nothing of how the daemon works."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from brokers.client_order_id import Purpose, purpose_of
from brokers.model import ZERO, floor_to_step
from nija.journal.errors import JournalError
from nija.journal.opening import Journals
from nija.journal.ownership import UNEXPLAINED, WITHDRAWN
from nija.journal.positions import fold
from nija.journal.records import LatchName
from nija.log.event_log import get_log
from tests.chaos import owner_judge
from tests.chaos.bare_time import DUST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from brokers.model import Fill
    from nija.journal.journal import Journal
    from nija.journal.positions import Position
    from nija.journal.records import Intent, Plan

# A request's way takes seconds of a quick clock, or minutes where the machine is busy, and is not as long as the way
# back: a token's date or an order's deadline may then be too late or too early. It is refused for certain.
_QUICK = ("nbf lies in the future", "the token has expired", "EGeneral:Invalid arguments:deadline")


@dataclass(frozen=True, slots=True)
class Memory:
    """What one account's journal remembers."""

    intents: tuple[Intent, ...]
    fills: tuple[Fill, ...]
    plans: tuple[Plan, ...]
    positions: Mapping[str, Position]
    written_off: Mapping[str, Decimal]
    paused: bool


def violations(state: Mapping[str, Any], data: Path, accounts: Iterable[AccountId], clock: Clock) -> list[str]:
    """Everything that is wrong once calm has come. What can never be mended is told alone: the rest follows from it."""
    faults = forbidden(state)
    if faults:
        return faults
    journals = Journals(data, clock, get_log("judge"))
    try:
        for account in accounts:
            with closing(journals.read(account)) as journal:
                memory = _memory(journal)
            books, owned = state["accounts"][str(account)], state["ownership"][str(account)]
            specs = state["markets"][account.exchange]["specs"]
            judged = _paused(books, memory) if memory.paused else _account(books, memory, specs)
            wrong = [*judged, *owner_judge.exposed(owned)]
            wrong += owner_judge.claimed(owned, memory.positions)
            faults += [f"{account}: {fault}" for fault in wrong]
    finally:
        journals.close()
    return faults


def given_up(state: Mapping[str, Any], data: Path, accounts: Iterable[AccountId], clock: Clock) -> Mapping[str, float]:
    """The positions, as `bare_now` names them, that were booked out for what the owner took, and since when.

    He took some of them without an order: how much of what is left is NIJA's is not known then, and it counts as his.
    """
    journals = Journals(data, clock, get_log("judge"))
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
    """What must not be at any moment and can never be mended: this needs no journal."""
    faults = _mistakes(state)
    for account, books in state["accounts"].items():
        owned = state["ownership"][account]
        wrong = [*_doubled(books), *_nonces(books), *owner_judge.forbidden(books, owned)]
        faults += [f"{account}: {fault}" for fault in wrong]
    return faults


def _mistakes(state: Mapping[str, Any]) -> list[str]:
    """What the exchange itself objected to: a signature, a nonce, a rate, a parameter."""
    return [
        f"{mistake['account']} {mistake['endpoint']}: {mistake['rule']}"
        for mistake in state["violations"]
        if not mistake["rule"].endswith(_QUICK)
    ]


def _memory(journal: Journal) -> Memory:
    plans = journal.plans.all()
    positions: dict[str, Position] = {}
    lost: dict[str, Decimal] = defaultdict(Decimal)
    for plan in plans:
        losses = journal.plans.write_offs(plan.id)
        lost[plan.market] += sum((loss.amount for loss in losses), ZERO)
        if plan.closed is None:
            positions[plan.market] = fold(plan, journal.fills.of_position(plan.id), losses)
    intents = tuple(intent for plan in plans for intent in journal.intents.of_position(plan.id))
    paused = LatchName.ANOTHER_PROGRAM in journal.latches.all()
    return Memory(intents, journal.fills.all(), plans, positions, lost, paused)


def _paused(books: Mapping[str, Any], memory: Memory) -> Iterable[str]:
    """An account that another NIJA seems to trade is left as it is; whether it is bare is for `bare_now` to judge.

    The pause must have had a cause, which here can only be a late order of a life whose journal was lost.
    """
    known = {intent.client_id for intent in memory.intents}
    if all(order["client_id"] in known for order in ours(books)):
        yield "paused for another program, though every order of NIJA's is in the journal"


def _account(books: Mapping[str, Any], memory: Memory, specs: Mapping[str, Any]) -> Iterable[str]:
    yield from _orders(books, memory)
    yield from _fills(books, memory)
    yield from _positions(books, memory)
    yield from _stops(books, memory, specs)


def ours(books: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [order for order in books["orders"] if not order["by_hand"]]


def _our_fills(books: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    mine = {order["id"] for order in ours(books)}
    return [fill for fill in books["fills"] if fill["order_id"] in mine]


def _doubled(books: Mapping[str, Any]) -> Iterable[str]:
    for client_id, count in Counter(order["client_id"] for order in ours(books)).items():
        if purpose_of(client_id) is None:
            yield f"an order with the id {client_id}, which is not NIJA's"
        elif count > 1:
            yield f"{count} orders for one intent {client_id}"


def _nonces(books: Mapping[str, Any]) -> Iterable[str]:
    nonces = books["key"].get("nonces", [])
    for earlier, later in pairwise(nonces):
        if later <= earlier:
            yield f"nonce {later} came after {earlier}"


def _orders(books: Mapping[str, Any], memory: Memory) -> Iterable[str]:
    intents = {intent.client_id: intent for intent in memory.intents}
    sent = {order["client_id"] for order in ours(books)}
    for order in ours(books):
        intent = intents.get(order["client_id"])
        if intent is None:
            yield f"order {order['id']} without an intent"
        elif intent.exchange_id != order["id"] or intent.filled != Decimal(order["filled"]):
            yield f"order {order['id']} filled {order['filled']}, the journal says {intent.exchange_id} {intent.filled}"
        elif intent.state.is_final != (order["id"] not in books["open_orders"]):
            yield f"order {order['id']} is {order['status']}, the journal says {intent.state}"
        elif intent.state.is_final and not intent.settled:
            yield f"order {order['id']} is final and not settled"
    for intent in memory.intents:
        if intent.client_id not in sent and not (intent.state.is_final and intent.settled):
            yield f"intent {intent.client_id} is {intent.state} and never reached the exchange"
    yield from _entered_twice(memory)


def _entered_twice(memory: Memory) -> Iterable[str]:
    entries = (
        (intent.market, intent.signal_time)
        for intent in memory.intents
        if intent.purpose is Purpose.ENTRY and intent.filled > ZERO and intent.signal_time is not None
    )
    for (market, moment), count in Counter(entries).items():
        if count > 1:
            yield f"{count} entries in {market} for the candle of {moment}"


def _fills(books: Mapping[str, Any], memory: Memory) -> Iterable[str]:
    """By everything but their ids: an exchange has several for one fill."""
    if len({fill.id for fill in memory.fills}) != len(memory.fills):
        yield "a fill is booked twice under one id"
    booked = Counter(
        (fill.order_id, fill.market, fill.side.value, fill.amount, fill.price, fill.fee) for fill in memory.fills
    )
    at_exchange = Counter(_facts(fill) for fill in _our_fills(books))
    for facts in at_exchange.keys() | booked.keys():
        if at_exchange[facts] != booked[facts]:
            yield f"fill {facts}: {at_exchange[facts]} times at the exchange, {booked[facts]} times booked"


def _facts(fill: Mapping[str, Any]) -> tuple[str, str, str, Decimal, Decimal, Decimal]:
    amount, price, fee = (Decimal(fill[name]) for name in ("amount", "price", "fee"))
    return fill["order_id"], fill["symbol"], fill["side"], amount, price, fee


def _positions(books: Mapping[str, Any], memory: Memory) -> Iterable[str]:
    held: dict[str, Decimal] = defaultdict(Decimal)
    for fill in _our_fills(books):
        held[fill["symbol"]] += _signed(fill)
    markets = {*held, *memory.positions, *memory.written_off}
    for market in sorted(markets):
        position = memory.positions.get(market)
        amount = position.amount if position is not None else ZERO
        lost = memory.written_off.get(market, ZERO)
        if amount + lost != held[market]:
            yield f"{market}: {amount} held and {lost} written off, {held[market]} by the exchange's books"


def _stops(books: Mapping[str, Any], memory: Memory, specs: Mapping[str, Any]) -> Iterable[str]:
    """Each position has one resting stop of its size at the planned price, and nothing else of NIJA's rests.

    Where a market's steps have changed, both are as the steps allow.
    """
    resting: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for order in ours(books):
        if order["id"] in books["open_orders"]:
            if purpose_of(order["client_id"]) is not Purpose.STOP:
                yield f"{order['symbol']}: the order {order['id']} still works"
                continue
            left = Decimal(order["amount"]) - Decimal(order["filled"])
            resting[order["symbol"]].append((left, Decimal(order["stop_price"])))
    for market in {*resting, *memory.positions}:
        position = memory.positions.get(market)
        if position is not None and position.exit_reason is not None:
            yield f"{market}: {position.amount} is still being sold"
        dust = position is None or position.amount * position.entry_price < DUST
        wanted = [] if position is None or dust else [(position.amount, position.stop_price)]
        if resting[market] != wanted and not _as_allowed(resting[market], wanted, specs[market]):
            yield f"{market}: stops {resting[market]}, wanted {wanted}"


def _as_allowed(
    resting: list[tuple[Decimal, Decimal]], wanted: list[tuple[Decimal, Decimal | None]], spec: Mapping[str, Any]
) -> bool:
    """Whether what rests is what is wanted, in today's steps."""
    lot, tick = Decimal(spec["amount_step"]), Decimal(spec["price_step"])
    allowed = [(floor_to_step(amount, lot), price and floor_to_step(price, tick)) for amount, price in wanted]
    return [(floor_to_step(amount, lot), floor_to_step(price, tick)) for amount, price in resting] == allowed


def _signed(fill: Mapping[str, Any]) -> Decimal:
    amount = Decimal(fill["amount"])
    amount = amount if fill["side"] == "buy" else -amount
    in_base = fill["fee_currency"] == fill["symbol"].partition("/")[0]
    return amount - Decimal(fill["fee"]) if in_base else amount
