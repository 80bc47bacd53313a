"""Checks what the exchange's own books say against what the daemon's journals remember."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from accounts.identity import AccountId
from brokers.clock import SystemClock
from brokers.simulator.coinbase.ids import derived
from nija.journal.opening import Journals
from nija.log.event_log import get_log
from tests import invariants
from tests.invariants import recorded
from tests.simulated_books import of_nija, simulated_books
from tests.system.daemon import until
from tests.system.strategies import CALM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal
    from pathlib import Path

    from tests.invariants import JournalRecord, Stop
    from tests.system.daemon import Daemon
    from tests.system.exchange import RunningExchange

    # One account of the simulator's state.
    Account = Mapping[str, Any]
    Row = dict[str, Any]

# Looks in a row, a fifth of a second apart.
_REST = 15
# Kraken may show an order whose answer was lost for 75 s; until then nothing takes its place.
_SETTLED_WITHIN = 120.0


def journaled(data: Path, account: str, query: str) -> list[Row]:
    """Rows of one account's journal."""
    file = data / "journal" / f"{account.replace(':', '-')}.sqlite3"
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def record_of(data: Path, account: str) -> JournalRecord:
    with (
        closing(Journals(data, SystemClock(), get_log("checker"))) as journals,
        closing(journals.read(AccountId.parse(account))) as journal,
    ):
        return recorded(journal)


def account_of(state: Mapping[str, Any], name: str) -> Account:
    account: Account = state["accounts"][name]
    return account


def held(account: Account) -> dict[str, Decimal]:
    """What NIJA bought and did not sell, by market, as the exchange has it."""
    return simulated_books(account).held()


def open_stops(account: Account) -> dict[str, list[Decimal]]:
    """What the resting stops of NIJA's would still sell, by market."""
    stops = simulated_books(account).open_stops()
    return {market: [amount for amount, _ in of_market] for market, of_market in stops.items()}


def _assert_none(violations: Iterable[str]) -> None:
    found = [*violations]
    assert not found, "\n".join(found)


def assert_every_fill_is_booked_once(account: Account, data: Path, name: str) -> None:
    """To the last digit, under the id by which the exchange tells it; and the journal has no other."""
    record = record_of(data, name)
    _assert_none(invariants.each_fill_is_booked_once(simulated_books(account), record))
    mine = {order["id"] for order in of_nija(account)}
    told = {_shown_id(name, fill["id"]) for fill in account["fills"] if fill["order_id"] in mine}
    assert {fill.id for fill in record.fills} == told


def _shown_id(name: str, fill_id: str) -> str:
    """Coinbase tells an execution by its trade's id and each side's entry in it by another, which is the fill's."""
    return derived("entry", fill_id) if name.startswith("coinbase") else fill_id


def assert_positions_are_what_was_bought(account: Account, data: Path, name: str) -> None:
    record = record_of(data, name)
    _assert_none(invariants.positions_are_what_was_bought(simulated_books(account), record))


def assert_every_position_has_its_stop(account: Account) -> None:
    """One resting stop of its size for each position, and none without a position."""
    books = simulated_books(account)
    wanted: dict[str, Stop] = {market: (amount, None) for market, amount in books.held().items()}
    _assert_none(invariants.each_position_has_its_stop(books, wanted))


def assert_no_order_is_doubled(account: Account, data: Path, name: str) -> None:
    """Each order at the exchange has an intent of its own, and each candle was entered once."""
    books, record = simulated_books(account), record_of(data, name)
    _assert_none(invariants.one_order_per_intent(books))
    _assert_none(invariants.each_order_has_an_intent(books, record))
    _assert_none(invariants.one_entry_per_candle(record))


def assert_books_and_journal_agree(account: Account, data: Path, name: str) -> None:
    """Everything that must hold once nothing is under way."""
    _assert_none(invariants.books_and_journal_agree(simulated_books(account), record_of(data, name)))
    assert_every_fill_is_booked_once(account, data, name)
    assert_every_position_has_its_stop(account)


def assert_nonces_only_rise(account: Account) -> None:
    nonces = account["key"]["nonces"]
    assert len(nonces) > 1
    _assert_none(invariants.nonces_only_rise(nonces))


def assert_the_owner_keeps_his_coins(state: Mapping[str, Any], name: str) -> None:
    books = simulated_books(account_of(state, name), state["ownership"][name])
    _assert_none(invariants.the_owner_keeps_his_coins(books))


def knows_all_fills(account: Account, data: Path, name: str) -> bool:
    return len(journaled(data, name, "SELECT fill_id FROM fills")) == len(account["fills"])


def is_settled(account: Account, data: Path, name: str) -> bool:
    """Whether the journal knows every fill and every position has its stop, so that nothing is under way."""
    covered = open_stops(account) == {market: [amount] for market, amount in held(account).items()}
    return covered and knows_all_fills(account, data, name)


def wait_until_settled(exchange: RunningExchange, daemon: Daemon, *names: str, within: float = _SETTLED_WITHIN) -> None:
    """Wait until everything is at rest: no price moves, nothing is bought, and for seconds nothing is under way.

    What an account had decided before it saw the calm file may still be on its way.
    """
    (daemon.folder / CALM).touch()
    exchange.freeze()
    rested = 0

    def is_at_rest() -> bool:
        nonlocal rested
        state = exchange.state("accounts")
        settled = all(is_settled(account_of(state, name), daemon.data, name) for name in names)
        rested = rested + 1 if settled else 0
        return rested > _REST

    until(is_at_rest, f"{names} know all their fills and have a stop for each position", within)
