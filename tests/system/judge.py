"""What the exchange's own books say, against what the daemon's journals remember."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from brokers.client_order_id import Purpose, purpose_of
from brokers.simulator.coinbase.ids import derived
from tests.system.daemon import until
from tests.system.strategies import CALM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.system.daemon import Daemon
    from tests.system.exchange import Venue

    Books = Mapping[str, Any]
    Row = dict[str, Any]

# Looks in a row, a fifth of a second apart.
_REST = 15


def journaled(data: Path, account: str, query: str) -> list[Row]:
    """Rows of one account's journal."""
    file = data / "journal" / f"{account.replace(':', '-')}.sqlite3"
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def books_of(state: Mapping[str, Any], account: str) -> Books:
    books: Books = state["accounts"][account]
    return books


def assert_books_equal(books: Books, data: Path, account: str) -> None:
    """Every fill of the exchange is in the journal, once, to the last digit; and the journal has no other."""
    at_exchange = {
        (_shown_id(account, fill["id"]), fill["order_id"], fill["symbol"], fill["side"]): [
            Decimal(fill[name]) for name in ("amount", "price", "fee")
        ]
        for fill in books["fills"]
    }
    in_journal = {
        (row["fill_id"], row["order_id"], row["market"], row["side"]): [
            Decimal(row[name]) for name in ("amount", "price", "fee")
        ]
        for row in journaled(data, account, "SELECT * FROM fills")
    }
    assert in_journal == at_exchange


def _shown_id(account: str, fill_id: str) -> str:
    """Coinbase tells an execution by its trade's id and each side's entry in it by another, which is the fill's."""
    return derived("entry", fill_id) if account.startswith("coinbase") else fill_id


def held(fills: Iterable[Row]) -> dict[str, Decimal]:
    """What was bought and not sold, by market, as the exchange has it."""
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for fill in fills:
        amounts[fill["symbol"]] += Decimal(fill["amount"]) * (1 if fill["side"] == "buy" else -1)
    return {market: amount for market, amount in amounts.items() if amount}


def assert_positions_equal(books: Books, data: Path, account: str) -> None:
    """The open positions are exactly what was bought and not sold."""
    remembered: dict[str, Decimal] = {}
    for row in journaled(
        data,
        account,
        "SELECT p.market, f.side, f.amount FROM positions p JOIN intents i ON i.position_id = p.id "
        "JOIN fills f ON f.client_id = i.client_id WHERE p.closed IS NULL",
    ):
        sign = 1 if row["side"] == "buy" else -1
        remembered[row["market"]] = remembered.get(row["market"], Decimal()) + sign * Decimal(row["amount"])
    assert {market: amount for market, amount in remembered.items() if amount} == held(books["fills"])


def open_stops(books: Books) -> dict[str, list[Decimal]]:
    """What the resting stops of NIJA's would still sell, by market."""
    stops: dict[str, list[Decimal]] = defaultdict(list)
    for order in books["orders"]:
        if order["id"] in books["open_orders"] and purpose_of(order["client_id"]) is Purpose.STOP:
            stops[order["symbol"]].append(Decimal(order["amount"]) - Decimal(order["filled"]))
    return dict(stops)


def assert_every_position_has_its_stop(books: Books) -> None:
    """One resting stop of its size for each position, and none without a position."""
    assert open_stops(books) == {market: [amount] for market, amount in held(books["fills"]).items()}


def assert_no_order_is_doubled(books: Books, data: Path, account: str) -> None:
    """Each order at the exchange has an intent of its own, and each candle was entered once."""
    sent = [order["client_id"] for order in books["orders"]]
    assert len(sent) == len(set(sent))
    assert set(sent) <= {row["client_id"] for row in journaled(data, account, "SELECT client_id FROM intents")}
    entries = journaled(data, account, "SELECT market, signal_time FROM intents WHERE purpose = 'entry' AND filled > 0")
    moments = [(row["market"], row["signal_time"]) for row in entries]
    assert len(moments) == len(set(moments))


def assert_nonces_only_rise(books: Books) -> None:
    nonces = books["key"]["nonces"]
    assert len(nonces) > 1
    assert all(earlier < later for earlier, later in pairwise(nonces))


def knows_all_fills(books: Books, data: Path, account: str) -> bool:
    return len(journaled(data, account, "SELECT fill_id FROM fills")) == len(books["fills"])


def is_settled(books: Books, data: Path, account: str) -> bool:
    """Whether the journal knows every fill and every position has its stop, so that nothing is under way."""
    covered = open_stops(books) == {market: [amount] for market, amount in held(books["fills"]).items()}
    return covered and knows_all_fills(books, data, account)


def wait_until_settled(venue: Venue, daemon: Daemon, *names: str, within: float = 60.0) -> None:
    """Let everything come to rest: no price moves, nothing is bought, and for seconds nothing is under way anywhere.

    What an account had decided before it was told to be calm may still be on its way.
    """
    (daemon.folder / CALM).touch()
    venue.freeze()
    rested = 0

    def is_at_rest() -> bool:
        nonlocal rested
        state = venue.state("accounts")
        settled = all(is_settled(books_of(state, name), daemon.data, name) for name in names)
        rested = rested + 1 if settled else 0
        return rested > _REST

    until(is_at_rest, f"{names} know all their fills and have a stop for each position", within)
