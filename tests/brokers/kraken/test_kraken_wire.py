from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.errors import BadAnswer
from brokers.kraken import wire
from brokers.kraken.symbols import symbols_of
from brokers.model import Order, OrderStatus, OrderType, Side
from tests.brokers.kraken.canned import ASSETS, PAIRS

SYMBOLS = symbols_of(ASSETS, PAIRS)

PARTLY_FILLED: dict[str, Any] = {
    "refid": None,
    "userref": None,
    "cl_ord_id": "6d1b345e-2821-40e2-ad83-4ecb18a06876",
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
    return wire.order_of("OQCLML-BW3P3-BUCMWZ", PARTLY_FILLED | changes, SYMBOLS)


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
        assert order(status=status).status is expected

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("market", OrderType.MARKET),
            ("limit", OrderType.LIMIT),
            ("iceberg", OrderType.LIMIT),
            ("stop-loss", OrderType.STOP),
            ("stop-loss-limit", OrderType.LIMIT),
            ("trailing-stop", OrderType.STOP),
            ("take-profit", OrderType.MARKET),
            ("settle-position", OrderType.MARKET),
        ],
    )
    def test_orders_made_by_hand_are_understood_whatever_their_kind(self, kind: str, expected: OrderType) -> None:
        assert order(descr=PARTLY_FILLED["descr"] | {"ordertype": kind}).type is expected

    def test_a_foreign_order_has_no_client_id(self) -> None:
        assert order(cl_ord_id=None).client_id is None

    def test_a_shape_nobody_knows_is_said_to_be_one(self) -> None:
        with pytest.raises(BadAnswer, match="orders"), wire.understanding("orders"):
            order(status="dreaming")


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

    def test_a_fill_is_in_nijas_words(self) -> None:
        fill = wire.fill_of("THVRQM-33VKH-UCI7BS", self.ROW, SYMBOLS)
        assert (fill.market, fill.side, fill.fee_currency, fill.maker) == ("BTC/USD", Side.SELL, "USD", True)
        assert (fill.amount, fill.price, fill.fee) == (Decimal("0.375"), Decimal(50_000), Decimal("46.875"))


class TestBalances:
    def test_held_money_and_credit_are_told_apart(self) -> None:
        row = {"balance": "100.5", "hold_trade": "20", "credit": "50", "credit_used": "10"}
        balance = wire.balances_of({"ZUSD": row}, SYMBOLS)["USD"]
        assert (balance.total, balance.held, balance.available) == (Decimal("140.5"), Decimal(20), Decimal("120.5"))

    def test_rewards_are_added_and_locked_kinds_left_out(self) -> None:
        balances = wire.balances_of(
            {
                "XXBT": {"balance": "0.0001", "hold_trade": "0.0001"},
                "XBT.F": {"balance": "1.5", "hold_trade": "0"},
                "XBT.B": {"balance": "9", "hold_trade": "0"},
            },
            SYMBOLS,
        )
        assert balances["BTC"].total == Decimal("1.5001")
        assert balances["BTC"].held == Decimal("0.0001")
        assert set(balances) == {"BTC"}


class TestFees:
    @pytest.mark.parametrize("style", [("minfee", "nextfee", "tiervolume"), ("min_fee", "next_fee", "tier_volume")])
    def test_both_spellings_of_the_tier_are_read(self, style: tuple[str, ...]) -> None:
        rest = dict.fromkeys(style, "0.1000")
        result = {
            "fees": {"XXBTZUSD": {"fee": "0.4000"} | rest},
            "fees_maker": {"XXBTZUSD": {"fee": "0.2500"} | rest},
        }
        fees = wire.fees_of(result, "XXBTZUSD")
        assert (fees.maker, fees.taker) == (Decimal("0.0025"), Decimal("0.004"))

    def test_a_pair_without_a_maker_schedule_pays_the_takers_fee(self) -> None:
        fees = wire.fees_of({"fees": {"XBTUSD": {"fee": "0.2"}}}, "XXBTZUSD")
        assert fees.maker == fees.taker == Decimal("0.002")


class TestKeyRights:
    ROW: dict[str, Any] = {  # noqa: RUF012 - a sample that no test changes
        "nonce": "1763820000123456789",
        "nonceWindow": 0,
        "permissions": sorted(wire.NEEDED_PERMISSIONS),
        "iban": "AA00 XXXX XXXX XXXX",
        "validUntil": "0",
        "ipAllowlist": [],
        "lastUsed": None,
    }

    def test_zero_means_a_key_that_never_expires(self) -> None:
        assert wire.key_info_of(self.ROW, "0011aabb", timedelta(0)).expires is None

    def test_the_end_of_a_key_is_told(self) -> None:
        info = wire.key_info_of(self.ROW | {"validUntil": "1763820000"}, "0011aabb", timedelta(0))
        assert info.expires == datetime(2025, 11, 22, 14, 0, tzinfo=UTC)

    @pytest.mark.parametrize("right", ["withdraw-funds", "add-withdraw-address", "update-withdraw-address"])
    def test_a_key_that_can_take_money_out_is_recognised(self, right: str) -> None:
        row = self.ROW | {"permissions": [*self.ROW["permissions"], right]}
        assert wire.key_info_of(row, "0011aabb", timedelta(0)).can_withdraw

    def test_missing_rights_are_named(self) -> None:
        info = wire.key_info_of(self.ROW | {"permissions": ["query-funds"]}, "0011aabb", timedelta(0))
        assert info.missing == wire.NEEDED_PERMISSIONS - {"query-funds"}


class TestNumbers:
    @pytest.mark.parametrize("value", [0.1, True])
    def test_a_float_is_refused_since_it_has_lost_digits(self, value: object) -> None:
        with pytest.raises(TypeError):
            wire.decimal_of(value)

    @given(st.decimals(min_value=Decimal("1e-12"), max_value=Decimal("1e12"), allow_nan=False, allow_infinity=False))
    def test_what_is_sent_has_no_exponent_and_every_digit(self, value: Decimal) -> None:
        text = wire.plain(value)
        assert "e" not in text.lower()
        assert Decimal(text) == value
