"""The paper broker: real prices, simulated fills, books that survive a restart."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import DeadlineTooNear, OrderNotFound, OrderRejected, Unavailable
from brokers.kraken.description import KRAKEN
from brokers.model import (
    Absent,
    Found,
    Market,
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
    Ticker,
)
from brokers.paper.broker import PaperBroker
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from collections.abc import Mapping

STEP = Decimal("0.00000001")
BTC = Market("BTC/USD", "BTC", "USD", STEP, Decimal("0.1"), Decimal("0.00005"), Decimal("0.5"))


class Listing:
    """The exchange's current list of markets."""

    def __init__(self) -> None:
        self.listed: dict[str, Market] = {"BTC/USD": BTC}

    def markets(self, max_age: float) -> Mapping[str, Market]:
        assert max_age > 0
        return dict(self.listed)

    def markets_age(self) -> float:
        return 0.0


class Desk:
    """A paper account, the price it sees, and a disk."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.listing = Listing()
        self.books = folder / "books" / "kraken-master.json"
        self.ticker: Ticker | None = None
        self.price(100)
        self.start()

    def start(self) -> None:
        self.broker = PaperBroker(
            KRAKEN,
            self.books,
            self.clock,
            listed=self.listing,
            prices=lambda _market: self.ticker,
            starting={"USD": Decimal(1000)},
        )
        self.broker.connect()

    def price(self, last: int | str) -> None:
        """The spread is two dollars."""
        middle = Decimal(last)
        now = datetime.fromtimestamp(self.clock.time(), UTC)
        self.ticker = Ticker("BTC/USD", middle - 1, middle + 1, middle, now)

    def request(
        self, side: Side, amount: str, *, limit_price: Decimal | None = None, stop_price: Decimal | None = None
    ) -> OrderRequest:
        kind = OrderType.STOP if stop_price else OrderType.LIMIT if limit_price else OrderType.MARKET
        return OrderRequest(
            client_id=new_client_id(Purpose.ENTRY),
            market="BTC/USD",
            side=side,
            type=kind,
            amount=Decimal(amount),
            deadline=datetime.fromtimestamp(self.clock.time(), UTC) + timedelta(seconds=30),
            limit_price=limit_price,
            stop_price=stop_price,
        )

    def buy(self, amount: str, limit_price: Decimal | None = None) -> str:
        return self.broker.place(self.request(Side.BUY, amount, limit_price=limit_price))

    def sell(self, amount: str, stop_price: Decimal | None = None) -> str:
        return self.broker.place(self.request(Side.SELL, amount, stop_price=stop_price))

    def totals(self) -> Mapping[str, Decimal]:
        return {currency: balance.total for currency, balance in self.broker.balances().items()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_market_order_buys_at_the_ask_and_pays_the_entry_tiers_taker_fee(desk: Desk) -> None:
    order = desk.broker.order(desk.buy("2"))
    assert (order.status, order.filled, order.average_price) == (OrderStatus.FILLED, Decimal(2), Decimal(101))
    assert desk.totals() == {"USD": Decimal(1000) - 202 - Decimal("0.808"), "BTC": Decimal(2)}


def test_a_market_order_sells_at_the_bid(desk: Desk) -> None:
    desk.buy("2")
    assert desk.broker.order(desk.sell("2")).average_price == Decimal(99)


def test_a_stop_holds_its_coins_and_sells_at_the_bid_once_the_last_price_reaches_it(desk: Desk) -> None:
    desk.buy("2")
    stop = desk.sell("2", stop_price=Decimal(90))
    assert desk.broker.balances()["BTC"].available == 0
    desk.price("90.5")
    assert desk.broker.order(stop).status is OrderStatus.OPEN
    desk.price("89.5")
    assert desk.broker.order(stop).average_price == Decimal("88.5")


def test_a_stop_is_amended_in_place(desk: Desk) -> None:
    desk.buy("2")
    stop = desk.sell("2", stop_price=Decimal(80))
    desk.broker.amend_stop(stop, "BTC/USD", Decimal(2), Decimal(95))
    desk.price(95)
    assert desk.broker.order(stop).status is OrderStatus.FILLED


def test_a_limit_order_waits_for_its_price_and_pays_the_maker_fee(desk: Desk) -> None:
    order = desk.buy("1", limit_price=Decimal(90))
    assert desk.broker.order(order).status is OrderStatus.OPEN
    desk.price(89)
    assert desk.broker.order(order).fee == Decimal("0.2250")


def test_more_than_is_free_is_refused(desk: Desk) -> None:
    with pytest.raises(OrderRejected, match=r"insufficient funds, \$1000\.00 is free"):
        desk.buy("20")
    desk.buy("2")
    desk.sell("2", stop_price=Decimal(90))
    with pytest.raises(OrderRejected):
        desk.sell("2")


def test_less_than_the_exchanges_minimum_is_refused(desk: Desk) -> None:
    with pytest.raises(OrderRejected):
        desk.buy("0.001")


def test_without_a_price_nothing_is_placed(desk: Desk) -> None:
    desk.ticker = None
    with pytest.raises(Unavailable, match="no price of BTC/USD yet"):
        desk.buy("1")
    assert desk.broker.open_orders() == ()


def test_an_order_after_its_deadline_is_not_placed(desk: Desk) -> None:
    late = replace(desk.request(Side.BUY, "1"), deadline=datetime.fromtimestamp(desk.clock.time() - 1, UTC))
    with pytest.raises(DeadlineTooNear):
        desk.broker.place(late)
    assert isinstance(desk.broker.resolve(late), Absent)


def test_an_amount_off_the_markets_step_is_refused_as_the_exchange_would(desk: Desk) -> None:
    with pytest.raises(OrderRejected, match="amount off its step"):
        desk.buy("1.000000001")


def test_a_large_order_eats_into_the_depth_and_pays_more_than_the_ask(desk: Desk) -> None:
    desk.books.write_text('{"money": {"USD": "1000000"}, "orders": [], "fills": []}', encoding="utf-8")
    desk.start()
    order = desk.broker.order(desk.buy("1000"))
    assert order.status is OrderStatus.FILLED
    assert order.average_price is not None
    assert order.average_price > Decimal(101)


def test_a_market_closed_to_orders_accepts_none_on_paper_and_keeps_its_resting_stop(desk: Desk) -> None:
    desk.buy("2")
    stop = desk.sell("1", stop_price=Decimal(90))
    desk.listing.listed = {"BTC/USD": replace(BTC, tradable=False, takes_market_orders=False)}
    desk.broker.refresh_markets()
    with pytest.raises(Unavailable, match="cancel_only"):
        desk.sell("1")
    desk.price(80)
    assert desk.broker.order(stop).status is OrderStatus.OPEN


def test_a_delisted_market_keeps_its_stop_and_the_stops_coins(desk: Desk) -> None:
    desk.buy("2")
    stop = desk.sell("2", stop_price=Decimal(90))
    desk.listing.listed = {}
    desk.start()
    desk.price(80)
    assert desk.broker.order(stop).status is OrderStatus.OPEN
    assert desk.broker.balances()["BTC"].held == 2
    desk.broker.cancel(stop)
    assert desk.broker.balances()["BTC"].held == 0


def test_a_preview_ignores_coins_held_by_another_order(desk: Desk) -> None:
    desk.buy("2")
    desk.sell("2", stop_price=Decimal(90))
    desk.broker.preview(desk.request(Side.SELL, "2"))
    with pytest.raises(OrderRejected, match=r"insufficient funds, 2\.00000000 BTC is free"):
        desk.broker.preview(desk.request(Side.SELL, "3"))


def test_a_restart_forgets_nothing(desk: Desk) -> None:
    desk.buy("2")
    stop = desk.sell("2", stop_price=Decimal(90))
    before = (desk.broker.order(stop), desk.totals(), desk.broker.fills(datetime.fromtimestamp(0, UTC)))
    desk.start()
    assert (desk.broker.order(stop), desk.totals(), desk.broker.fills(datetime.fromtimestamp(0, UTC))) == before


def test_an_order_is_found_by_its_client_id_and_one_never_placed_is_absent(desk: Desk) -> None:
    request = desk.request(Side.BUY, "1")
    assert isinstance(desk.broker.resolve(request), Absent)
    desk.broker.place(request)
    assert isinstance(desk.broker.resolve(request), Found)


def test_a_cancelled_order_releases_its_funds(desk: Desk) -> None:
    desk.buy("2")
    stop = desk.sell("2", stop_price=Decimal(90))
    desk.broker.cancel(stop)
    assert desk.broker.balances()["BTC"].available == 2
    with pytest.raises(OrderNotFound):
        desk.broker.amend_stop(stop, "BTC/USD", Decimal(2), Decimal(95))


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"money": {"USD": "-1"}, "orders": [], "fills": []}',
        '{"money": {"USD": "NaN"}, "orders": [], "fills": []}',
    ],
)
def test_unreadable_books_are_named_with_the_remedy_and_never_overwritten(desk: Desk, content: str) -> None:
    desk.buy("2")
    desk.books.write_text(content, encoding="utf-8")
    with pytest.raises(Unavailable, match=r"kraken-master\.json.*delete it and run `nija forget`"):
        desk.start()
    assert desk.books.read_text(encoding="utf-8") == content


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 400), st.integers(50, 150)), max_size=30))
def test_balances_follow_the_fills_and_never_fall_below_zero(trades: list[tuple[Side, int, int]]) -> None:

    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        for side, hundredths, price in trades:
            desk.price(price)
            request = replace(desk.request(side, "1"), amount=Decimal(hundredths) / 100)
            try:
                desk.broker.place(request)
            except OrderRejected:
                continue
        usd, btc = Decimal(1000), Decimal(0)
        for fill in desk.broker.fills(datetime.fromtimestamp(0, UTC)):
            sign = 1 if fill.side is Side.BUY else -1
            btc += sign * fill.amount
            usd -= sign * fill.amount * fill.price + fill.fee
        totals = desk.totals()
        assert (totals["USD"], totals.get("BTC", Decimal(0))) == (usd, btc)
        assert usd >= 0
        assert btc >= 0
