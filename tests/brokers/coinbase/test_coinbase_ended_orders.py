"""Orders that ended since a given time, against an exchange that lists orders by creation time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from brokers.clock import utc_now
from brokers.errors import BudgetSpent, RateLimited
from tests.brokers.coinbase.coinbase_samples import fill, order, product
from tests.brokers.coinbase.scripted_exchange import Asked, Reply, ScriptedExchange

if TYPE_CHECKING:
    from brokers.coinbase.broker import CoinbaseBroker
    from tests.fakes import ManualClock

LISTING = "/orders/historical/batch"
FILLS = "/orders/historical/fills"
RIGHTS = {"can_view": True, "can_trade": True, "can_transfer": False, "portfolio_uuid": "ca72"}


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class Books:
    """Orders by id, as the exchange lists them. It does not say when an order was cancelled."""

    clock: ManualClock
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    page: int = 100

    def made(self, order_id: str, *, ago: timedelta = timedelta(0), **changes: object) -> None:
        created = written(utc_now(self.clock) - ago)
        terms = {"status": "OPEN", "filled_size": "0", "last_fill_time": None, "created_time": created}
        self.orders[order_id] = order(order_id=order_id, **{**terms, **changes})

    def filled(self, order_id: str) -> None:
        self.orders[order_id] |= {"status": "FILLED", "last_fill_time": written(utc_now(self.clock))}

    def cancelled(self, order_id: str) -> None:
        self.orders[order_id]["status"] = "CANCELLED"

    def answer(self, asked: Asked) -> Reply:
        query = asked.query
        rows = [row for row in self.orders.values() if self._matches(row, query)]
        start = int(query.get("cursor", ["0"])[0])
        end = start + self.page
        cursor = str(end) if end < len(rows) else ""
        return Reply({"orders": rows[start:end], "has_next": bool(cursor), "cursor": cursor})

    @staticmethod
    def _matches(row: dict[str, Any], query: dict[str, list[str]]) -> bool:
        return (
            row["order_id"] in query.get("order_ids", [row["order_id"]])
            and row["status"] in query.get("order_status", [row["status"]])
            and row["created_time"] >= query.get("start_date", [""])[0]
        )


@pytest.fixture
def books(scripted: ScriptedExchange, clock: ManualClock) -> Books:
    books = Books(clock)
    scripted.on(LISTING, books.answer)
    return books


@pytest.fixture
def connected(broker: CoinbaseBroker, scripted: ScriptedExchange, books: Books) -> CoinbaseBroker:
    scripted.on("/key_permissions", Reply(RIGHTS))
    scripted.on("/market/products", Reply({"products": [product()]}))
    broker.connect()
    return broker


def looked(broker: CoinbaseBroker, since: datetime) -> list[str]:
    """Open orders first, as when an account is compared."""
    broker.open_orders()
    return [told.exchange_id for told in broker.closed_orders(since)]


def reaches(scripted: ScriptedExchange) -> list[datetime]:
    """How far back each list of orders was requested."""
    starts = [asked.query["start_date"][0] for asked in scripted.asked_for(LISTING) if "start_date" in asked.query]
    return [datetime.strptime(start, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) for start in starts]


def test_the_first_look_reaches_back_to_orders_that_rested_for_weeks(
    connected: CoinbaseBroker, books: Books, clock: ManualClock
) -> None:
    since = utc_now(clock)
    books.made("before", ago=timedelta(days=40))
    books.filled("before")
    books.made("stop", ago=timedelta(days=60))
    clock.advance(60)
    books.filled("stop")

    assert looked(connected, since + timedelta(seconds=1)) == ["stop"]


def test_a_later_call_sees_old_orders_end_without_rereading_the_history(
    connected: CoinbaseBroker, books: Books, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    books.made("stop", ago=timedelta(days=60))
    books.made("theirs", ago=timedelta(days=30), client_order_id="x")
    looked(connected, utc_now(clock))
    before = len(reaches(scripted))

    for _ in range(3):
        clock.advance(300)
        assert looked(connected, utc_now(clock) - timedelta(minutes=15)) == []
    clock.advance(290)
    books.filled("stop")
    books.cancelled("theirs")
    clock.advance(10)

    assert looked(connected, utc_now(clock) - timedelta(minutes=4)) == ["theirs", "stop"]
    assert min(reaches(scripted)[before:]) >= utc_now(clock) - timedelta(minutes=30)


def test_an_order_that_lived_between_two_looks_is_seen(
    connected: CoinbaseBroker, books: Books, clock: ManualClock
) -> None:
    looked(connected, utc_now(clock))
    since = utc_now(clock)
    clock.advance(10)
    books.made("short")
    clock.advance(200)
    books.filled("short")
    clock.advance(90)

    assert looked(connected, since) == ["short"]


def test_an_order_that_was_shown_late_is_seen(connected: CoinbaseBroker, books: Books, clock: ManualClock) -> None:
    since = utc_now(clock)
    books.made("late")
    hidden = books.orders.pop("late")
    clock.advance(5)
    looked(connected, since)
    clock.advance(60)
    books.orders["late"] = hidden
    books.filled("late")
    clock.advance(240)

    assert looked(connected, since) == ["late"]


def test_an_order_without_an_end_time_ended_when_it_was_first_seen_ended(
    connected: CoinbaseBroker, books: Books, clock: ManualClock
) -> None:
    books.made("theirs", ago=timedelta(days=3))
    looked(connected, utc_now(clock))
    clock.advance(300)
    books.cancelled("theirs")

    assert looked(connected, utc_now(clock) - timedelta(minutes=1)) == ["theirs"]
    clock.advance(300)
    assert looked(connected, utc_now(clock) - timedelta(minutes=6)) == ["theirs"]
    clock.advance(300)
    assert looked(connected, utc_now(clock) - timedelta(minutes=6)) == []


def test_a_look_further_back_than_the_last_reads_the_past_again(
    connected: CoinbaseBroker, books: Books, clock: ManualClock
) -> None:
    books.made("old", ago=timedelta(days=200))
    books.filled("old")
    clock.advance(60)

    assert looked(connected, utc_now(clock)) == []
    assert looked(connected, utc_now(clock) - timedelta(days=365)) == ["old"]


def test_without_a_look_at_the_open_orders_the_past_is_read_each_time(
    connected: CoinbaseBroker, books: Books, clock: ManualClock
) -> None:
    books.made("stop", ago=timedelta(days=60))
    since = utc_now(clock)
    assert connected.closed_orders(since) == ()
    clock.advance(300)
    books.filled("stop")

    assert [told.exchange_id for told in connected.closed_orders(since)] == ["stop"]


def test_a_long_history_is_read_in_parts_that_continue_where_the_last_one_ended(
    connected: CoinbaseBroker, books: Books, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    books.page = 10
    for number in range(605):
        books.made(str(number), ago=timedelta(days=10, seconds=number))
        books.filled(str(number))
    since = utc_now(clock) - timedelta(days=20)
    connected.open_orders()
    before = len(scripted.asked_for(LISTING))

    with pytest.raises(BudgetSpent, match="600 rows so far"):
        connected.closed_orders(since)
    clock.advance(1)
    books.made("new")
    books.filled("new")

    assert len(connected.closed_orders(since + timedelta(seconds=1))) == 606
    assert len(scripted.asked_for(LISTING)) - before <= 63


def test_a_long_past_is_not_read_on_while_all_is_to_stop(
    connected: CoinbaseBroker, books: Books, clock: ManualClock
) -> None:
    for number in range(200):
        books.made(str(number))
        books.filled(str(number))
    clock.stopping = True

    with pytest.raises(RateLimited, match="Stopping"):
        connected.closed_orders(utc_now(clock) - timedelta(days=1))


def test_recent_fills_are_read_while_a_long_history_is_unfinished(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    def endless(asked: Asked) -> Reply:
        page = int(asked.query.get("cursor", ["0"])[0])
        far = asked.query["start_sequence_timestamp"][0] < "2023-11"
        return Reply({"fills": [fill(entry_id=str(page))], "cursor": str(page + 1) if far and page < 70 else ""})

    scripted.on(FILLS, endless)
    deep = utc_now(clock) - timedelta(days=90)

    with pytest.raises(BudgetSpent):
        connected.fills(deep)
    clock.advance(5)
    assert len(connected.fills(utc_now(clock) - timedelta(minutes=5))) == 1
    assert len(connected.fills(deep + timedelta(seconds=5))) == 71
