from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.kraken.json_fields import UNREADABLE
from brokers.kraken.order_mapping import fill_of, is_margin_trade, order_of
from brokers.model import Fill, Order, OrderStatus, OrderType, Side
from tests.brokers.kraken.canned import named_symbols

SYMBOLS = named_symbols()
OURS = new_client_id(Purpose.ENTRY)

PARTLY_FILLED: dict[str, Any] = {
    "refid": None,
    "userref": None,
    "cl_ord_id": OURS,
    "status": "open",
    "opentm": Decimal("1763820559.8974"),
    "starttm": 0,
    "expiretm": 0,
    "descr": {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "50000.0", "price2": "0"},
    "vol": "1.25000000",
    "vol_exec": "0.37500000",
    "cost": "18749.62500",
    "fee": "46.87500",
    "price": "49999.0",
    "stopprice": "0.00000",
    "limitprice": "0.00000",
    "misc": "",
    "oflags": "fciq",
}


def order(**changes: object) -> Order:
    return order_of("OQCLML-BW3P3-BUCMWZ", PARTLY_FILLED | changes, SYMBOLS)


class TestOrders:
    def test_the_average_of_the_fills_is_not_the_orders_own_price(self) -> None:
        told = order()
        assert told.limit_price == Decimal(50_000)
        assert told.average_price == Decimal(49_999)

    def test_an_unfilled_order_has_no_average(self) -> None:
        assert order(vol_exec="0.00000000", price="0.00000").average_price is None

    def test_an_average_that_is_left_out_is_worked_out(self) -> None:
        assert order(price="0").average_price == Decimal("18749.625") / Decimal("0.375")

    def test_a_partly_filled_order_is_open_and_a_cancelled_one_keeps_what_it_filled(self) -> None:
        assert order().status is OrderStatus.OPEN
        cancelled = order(status="canceled", closetm=Decimal("1763820700.1"), reason="User requested", misc="partial")
        assert (cancelled.status, cancelled.filled) == (OrderStatus.CANCELLED, Decimal("0.375"))
        assert cancelled.reason == "User requested; partial"
        assert cancelled.closed == datetime(2025, 11, 22, 14, 11, 40, 100_000, UTC)

    def test_times_are_exact_to_the_microsecond(self) -> None:
        assert order(opentm=Decimal("1763820559.897401")).created.microsecond == 897_401

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("pending", OrderStatus.PENDING),
            ("open", OrderStatus.OPEN),
            ("closed", OrderStatus.FILLED),
            ("canceled", OrderStatus.CANCELLED),
            ("expired", OrderStatus.EXPIRED),
        ],
    )
    def test_every_status_has_its_word(self, status: str, expected: OrderStatus) -> None:
        assert order(status=status, closetm=Decimal("1763820700.1")).status is expected

    def test_a_foreign_order_has_no_client_id(self) -> None:
        assert order(cl_ord_id=None).client_id is None

    @pytest.mark.parametrize("field", ["status", "vol", "vol_exec", "cost", "fee", "price", "opentm", "descr"])
    def test_an_order_of_nijas_needs_every_field(self, field: str) -> None:
        row = {name: value for name, value in PARTLY_FILLED.items() if name != field}
        with pytest.raises(UNREADABLE):
            order_of("OQCLML-BW3P3-BUCMWZ", row, SYMBOLS)

    @pytest.mark.parametrize("changes", [{"status": "dreaming"}, {"status": "closed"}, {"vol": "1 BTC"}])
    def test_an_order_of_nijas_needs_every_field_to_be_understood(self, changes: dict[str, str]) -> None:
        with pytest.raises(UNREADABLE):
            order(**changes)


def owners(described: dict[str, Any] | None = None, **changes: object) -> Order:
    """An order made by hand or by another program."""
    row = PARTLY_FILLED | {"cl_ord_id": None, "userref": 7} | changes
    return order_of("OQCLML-BW3P3-BUCMWZ", row | {"descr": PARTLY_FILLED["descr"] | (described or {})}, SYMBOLS)


class TestTheOwnersOrders:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("market", OrderType.MARKET),
            ("limit", OrderType.LIMIT),
            ("stop-loss", OrderType.STOP),
            ("iceberg", OrderType.OTHER),
            ("stop-loss-limit", OrderType.OTHER),
            ("take-profit", OrderType.OTHER),
            ("take-profit-limit", OrderType.OTHER),
            ("trailing-stop", OrderType.OTHER),
            ("trailing-stop-limit", OrderType.OTHER),
            ("settle-position", OrderType.OTHER),
            ("twap", OrderType.OTHER),
            (None, OrderType.OTHER),
        ],
    )
    def test_whatever_kind_they_are_they_are_read(self, kind: str | None, expected: OrderType) -> None:
        assert owners({"ordertype": kind}).type is expected

    @pytest.mark.parametrize("price", ["+50.0000%", "-5%", "#2.5%", "+10.0", "", "0", None])
    @pytest.mark.parametrize("kind", ["trailing-stop", "stop-loss", "limit"])
    def test_a_price_relative_to_the_market_is_not_read(self, kind: str, price: str | None) -> None:
        told = owners({"ordertype": kind, "price": price}, stopprice="0")
        assert (told.limit_price, told.stop_price) == (None, None)
        assert told.filled == Decimal("0.375")

    def test_a_trailing_stop_with_all_that_kraken_says_of_it(self) -> None:
        told = owners(
            {"pair": "XRPEUR", "type": "sell", "ordertype": "trailing-stop", "price": "+50.0000%", "leverage": "none"},
            vol="10.0",
            vol_exec="0.0",
            cost="0",
            fee="0",
            price="0",
            stopprice="0.214",
            limitprice="0.428",
            trigger="index",
        )
        assert (told.market, told.side, told.amount, told.filled) == ("XRPEUR", Side.SELL, Decimal(10), Decimal(0))
        assert (told.average_price, told.margin) == (None, False)

    @pytest.mark.parametrize("field", ["cl_ord_id", "userref", "status", "cost", "fee", "price", "stopprice", "oflags"])
    def test_a_field_that_says_nothing_about_coins_may_be_missing(self, field: str) -> None:
        row = {name: value for name, value in (PARTLY_FILLED | {"cl_ord_id": None}).items() if name != field}
        told = order_of("OQCLML-BW3P3-BUCMWZ", row, SYMBOLS)
        assert (told.filled, told.amount, told.status) == (Decimal("0.375"), Decimal("1.25"), OrderStatus.OPEN)

    def test_an_unknown_status_is_open_until_it_has_ended(self) -> None:
        assert owners(status="dreaming").status is OrderStatus.OPEN
        assert owners(status="dreaming", closetm=Decimal("1763820700.1")).status is OrderStatus.CANCELLED

    @pytest.mark.parametrize("field", ["descr", "vol_exec", "opentm"])
    def test_rows_that_do_not_say_which_coins_moved_when_are_unreadable(self, field: str) -> None:
        row = {name: value for name, value in (PARTLY_FILLED | {"cl_ord_id": None}).items() if name != field}
        with pytest.raises(UNREADABLE):
            order_of("OQCLML-BW3P3-BUCMWZ", row, SYMBOLS)

    def test_a_missing_amount_is_the_filled_amount(self) -> None:
        assert owners(vol=None).amount == Decimal("0.375")

    @pytest.mark.parametrize(
        ("leverage", "margin"), [("none", False), (None, False), ("0", False), ("2:1", True), ("5", True)]
    )
    def test_an_order_on_margin_is_marked(self, leverage: str | None, margin: bool) -> None:  # noqa: FBT001 - cases
        assert owners({"leverage": leverage}).margin is margin

    @pytest.mark.parametrize(
        ("volume", "cost"), [("20000.0", "0.4"), ("20000.0", "20000.0"), ("0.4", "20000.0")], ids=["old", "odd", "base"]
    )
    def test_a_purchase_by_quote_amount_is_converted_to_base(self, volume: str, cost: str) -> None:
        told = owners(status="closed", oflags="fciq,viqc", vol=volume, vol_exec=volume, cost=cost, price="50000.0")
        assert (told.amount, told.filled) == (Decimal("0.4"), Decimal("0.4"))


class TestFills:
    ROW: dict[str, Any] = {  # noqa: RUF012 - a sample that no test changes
        "ordertxid": "OQCLML-BW3P3-BUCMWZ",
        "pair": "XXBTZUSD",
        "time": Decimal("1763820600.8802"),
        "type": "sell",
        "ordertype": "limit",
        "price": "50000.00000",
        "cost": "18750.00000",
        "fee": "46.87500",
        "vol": "0.37500000",
        "maker": True,
    }

    def fill(self, **changes: object) -> Fill:
        return fill_of("THVRQM-33VKH-UCI7BS", self.ROW | changes, SYMBOLS)

    def test_a_fill_is_in_nijas_words(self) -> None:
        fill = self.fill()
        assert (fill.market, fill.side, fill.fee_currency, fill.maker) == ("BTC/USD", Side.SELL, "USD", True)
        assert (fill.amount, fill.price, fill.fee) == (Decimal("0.375"), Decimal(50_000), Decimal("46.875"))

    def test_a_fill_for_nothing_is_kept(self) -> None:
        assert self.fill(price="0.00000").price == 0

    def test_a_fill_of_a_pair_nobody_knows_keeps_krakens_name(self) -> None:
        assert self.fill(pair="LUNAUSD").market == "LUNAUSD"

    def test_a_fill_without_an_order_is_kept(self) -> None:
        assert self.fill(ordertxid=None).order_id == ""

    @pytest.mark.parametrize(
        ("changes", "margin"),
        [
            ({}, False),
            ({"margin": "0.00000", "leverage": "0"}, False),
            ({"leverage": "none"}, False),
            ({"margin": "120.5"}, True),
            ({"margin": "0.00000", "leverage": "3"}, True),
        ],
    )
    def test_margin_trades_are_recognised(self, changes: dict[str, str], margin: bool) -> None:  # noqa: FBT001 - cases
        assert is_margin_trade(self.ROW | changes) is margin
