from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.errors import BadAnswer
from brokers.kraken.account_mapping import balances_of, fees_of, key_info_of
from brokers.kraken.json_fields import decimal_of, parsing, plain
from brokers.kraken.permissions import PERMISSIONS
from tests.brokers.kraken.canned import named_symbols

SYMBOLS = named_symbols()


NO_SKEW = timedelta(0)


class TestBalances:
    def test_held_money_and_credit_are_separate(self) -> None:
        row = {"balance": "100.5", "hold_trade": "20", "credit": "50", "credit_used": "10"}
        balance = balances_of({"ZUSD": row}, SYMBOLS)[0]["USD"]
        assert (balance.total, balance.held, balance.available) == (Decimal("140.5"), Decimal(20), Decimal("120.5"))

    def test_rewards_are_added_and_locked_kinds_left_out(self) -> None:
        balances, unread = balances_of(
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
        assert unread == {}

    @pytest.mark.parametrize("asset", ["XNEW", "NEW.F", "XBT.X"])
    def test_money_whose_currency_nobody_has_named_is_not_nothing(self, asset: str) -> None:
        balances, unread = balances_of(
            {asset: {"balance": "0.5", "hold_trade": "0"}, "ZUSD": {"balance": "7", "hold_trade": "0"}}, SYMBOLS
        )
        assert set(balances) == {"USD"}
        assert list(unread) == [f"balance:{asset}"]

    def test_an_unnamed_currency_with_a_zero_balance_is_not_reported(self) -> None:
        assert balances_of({"XNEW": {"balance": "0.0000", "hold_trade": "0"}}, SYMBOLS) == ({}, {})

    def test_an_unnamed_balance_that_cannot_be_read_is_not_nothing_either(self) -> None:
        assert list(balances_of({"XNEW": "0.5"}, SYMBOLS)[1]) == ["balance:XNEW"]

    def test_a_balance_of_a_known_currency_that_cannot_be_read_is_never_zero(self) -> None:
        with pytest.raises(BadAnswer), parsing("balances"):
            balances_of({"XXBT": {"hold_trade": "0"}}, SYMBOLS)


class TestFees:
    @pytest.mark.parametrize("style", [("minfee", "nextfee", "tiervolume"), ("min_fee", "next_fee", "tier_volume")])
    def test_both_spellings_of_the_tier_are_read(self, style: tuple[str, ...]) -> None:
        rest = dict.fromkeys(style, "0.1000")
        result = {
            "fees": {"XXBTZUSD": {"fee": "0.4000"} | rest},
            "fees_maker": {"XXBTZUSD": {"fee": "0.2500"} | rest},
        }
        fees = fees_of(result, "XXBTZUSD")
        assert (fees.maker, fees.taker) == (Decimal("0.0025"), Decimal("0.004"))

    def test_a_pair_without_a_maker_schedule_pays_the_takers_fee(self) -> None:
        fees = fees_of({"fees": {"XBTUSD": {"fee": "0.2"}}}, "XXBTZUSD")
        assert fees.maker == fees.taker == Decimal("0.002")


class TestKeyRights:
    ROW: dict[str, Any] = {  # noqa: RUF012 - a sample that no test changes
        "nonce": "1763820000123456789",
        "nonceWindow": 0,
        "permissions": sorted(PERMISSIONS.needed_names),
        "iban": "AA00 XXXX XXXX XXXX",
        "validUntil": "0",
        "ipAllowlist": [],
        "lastUsed": None,
    }

    def test_zero_means_a_key_that_never_expires(self) -> None:
        assert key_info_of(self.ROW, "0011aabb", timedelta(0)).expires is None

    def test_the_expiry_of_a_key_is_read(self) -> None:
        info = key_info_of(self.ROW | {"validUntil": "1763820000"}, "0011aabb", timedelta(0))
        assert info.expires == datetime(2025, 11, 22, 14, 0, tzinfo=UTC)

    @pytest.mark.parametrize("right", ["withdraw-funds", "add-withdraw-address", "update-withdraw-address"])
    def test_a_key_that_can_take_money_out_is_recognised(self, right: str) -> None:
        row = self.ROW | {"permissions": [*self.ROW["permissions"], right]}
        assert key_info_of(row, "0011aabb", timedelta(0)).can_withdraw

    def test_the_history_bounds_of_a_key_are_read(self) -> None:
        info = key_info_of(self.ROW | {"queryFrom": "1763820000", "queryTo": "1763820060"}, "0011aabb", NO_SKEW)
        assert info.history_from == datetime(2025, 11, 22, 14, 0, tzinfo=UTC)
        assert info.history_until == datetime(2025, 11, 22, 14, 1, tzinfo=UTC)

    def test_a_key_without_bounds_has_none(self) -> None:
        for row in (self.ROW, self.ROW | {"queryFrom": "0", "queryTo": "0"}):
            info = key_info_of(row, "0011aabb", NO_SKEW)
            assert (info.history_from, info.history_until) == (None, None)

    def test_the_stored_nonce_is_read_if_kraken_reports_it(self) -> None:
        assert key_info_of(self.ROW, "0011aabb", NO_SKEW).stored_nonce == 1_763_820_000_123_456_789
        assert key_info_of(self.ROW | {"nonce": None}, "0011aabb", NO_SKEW).stored_nonce is None

    def test_without_an_iban_the_key_identifies_only_itself(self) -> None:
        assert key_info_of(self.ROW, "0011aabb", NO_SKEW).names_account
        unnamed = key_info_of(self.ROW | {"iban": ""}, "0011aabb", NO_SKEW)
        assert (unnamed.names_account, unnamed.account_uid) == (False, "key 0011aabb")

    def test_missing_rights_are_named(self) -> None:
        info = key_info_of(self.ROW | {"permissions": ["query-funds"]}, "0011aabb", timedelta(0))
        assert info.missing == PERMISSIONS.needed_names - {"query-funds"}


class TestNumbers:
    @pytest.mark.parametrize("value", [0.1, True])
    def test_a_float_is_refused_since_it_has_lost_digits(self, value: object) -> None:
        with pytest.raises(TypeError):
            decimal_of(value)

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "+5%", "", None])
    def test_non_numbers_are_refused(self, value: object) -> None:
        with pytest.raises((ValueError, ArithmeticError)):
            decimal_of(value)

    @given(st.decimals(min_value=Decimal("1e-12"), max_value=Decimal("1e12"), allow_nan=False, allow_infinity=False))
    def test_sent_numbers_have_no_exponent_and_every_digit(self, value: Decimal) -> None:
        text = plain(value)
        assert "e" not in text.lower()
        assert Decimal(text) == value
