"""The one formatter: what every figure that a person reads looks like."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_UP, Decimal, localcontext
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brokers.figures import (
    CASH,
    UNKNOWN,
    ago,
    amount,
    duration,
    exact,
    money,
    money_enough,
    number,
    percent,
    price,
    signed_money,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CENT = Decimal("0.01")
COIN_STEP = Decimal("0.00000001")
CURRENCIES = st.sampled_from(["USD", "EUR", "GBP", "USDC", "USDT", "CHF", "JPY", "BTC", "ETH"])
MARKETS = CURRENCIES.map(lambda quote: f"SHIB/{quote}")
# More digits than any exchange gives, and more than Python's decimals keep by themselves.
VALUES = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(min_value=-(10**24), max_value=10**24),
    st.integers(min_value=-30, max_value=20),
)

FORMATTERS: dict[str, Callable[[Decimal], str]] = {
    "money": lambda value: money(value, "USD"),
    "money in a coin": lambda value: money(value, "BTC"),
    "signed money": lambda value: signed_money(value, "EUR"),
    "price": lambda value: price(value, "BTC/USD"),
    "price of a step": lambda value: price(value, "BTC/USD", Decimal("0.001")),
    "amount": amount,
    "percent": percent,
    "signed percent": lambda value: percent(value, signed=True),
    "number": number,
}
each_formatter = pytest.mark.parametrize("formatter", FORMATTERS.values(), ids=FORMATTERS.keys())


def read_back(text: str) -> Decimal:
    """The number in a figure, whatever stands around it."""
    return Decimal("".join(letter for letter in text if letter in "-.0123456789"))


class TestMoney:
    @pytest.mark.parametrize(
        ("value", "currency", "shown"),
        [
            ("1234567.891", "USD", "$1234567.89"),
            ("123.456", "USD", "$123.45"),
            ("24.999", "USD", "$24.99"),
            ("-3.5", "USD", "-$3.50"),
            ("-0.001", "USD", "$0.00"),
            ("1E+5", "USD", "$100000.00"),
            ("5", "EUR", "€5.00"),
            ("5", "GBP", "£5.00"),
            ("5", "USDC", "$5.00 USDC"),
            ("5", "CHF", "5.00 CHF"),
            ("0.00123456789", "BTC", "0.00123456 BTC"),
        ],
    )
    def test_carries_the_sign_or_the_name_of_its_currency(self, value: str, currency: str, shown: str) -> None:
        assert money(Decimal(value), currency) == shown

    @pytest.mark.parametrize(("currency", "shown"), [("USD", "$5.00"), ("USDC", "$5.00"), ("CHF", "5.00")])
    def test_is_not_named_again_beside_its_name(self, currency: str, shown: str) -> None:
        assert money(Decimal(5), currency, beside_code=True) == shown

    @pytest.mark.parametrize(
        ("value", "currency", "shown"),
        [("13.01", "USD", "$14.00"), ("13", "USD", "$13.00"), ("0.000000001", "BTC", "0.00000001 BTC")],
    )
    def test_that_is_to_be_deposited_is_never_too_little(self, value: str, currency: str, shown: str) -> None:
        assert money_enough(Decimal(value), currency) == shown

    @given(value=VALUES, currency=CURRENCIES)
    def test_is_less_than_one_unit_away_and_never_looks_like_more(self, value: Decimal, currency: str) -> None:
        shown = read_back(money(value, currency))
        assert abs(shown) <= abs(value)
        assert abs(value.copy_abs() - shown.copy_abs()) < (CENT if currency in CASH else COIN_STEP)

    @pytest.mark.parametrize(
        ("value", "shown"), [("1.2", "+$1.20"), ("-0.3", "-$0.30"), ("0", "+$0.00"), ("-0", "+$0.00")]
    )
    def test_that_was_won_or_lost_says_which(self, value: str, shown: str) -> None:
        assert signed_money(Decimal(value), "USD") == shown


class TestPrice:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ("95000", "$95000.00"),
            ("123.456", "$123.46"),
            ("2.345", "$2.34"),
            ("1", "$1.00"),
            ("0.5123456", "$0.5123"),
            ("0.9", "$0.9000"),
            ("0.00001234", "$0.00001234"),
            ("0", "$0.00"),
            ("1E+5", "$100000.00"),
        ],
    )
    def test_shows_two_decimals_and_more_below_one(self, value: str, shown: str) -> None:
        assert price(Decimal(value), "BTC/USD") == shown

    @pytest.mark.parametrize(
        ("market", "shown"), [("BTC/EUR", "€5.00"), ("BTC/USDC", "$5.00"), ("BTC/CHF", "5.00"), ("ETH/BTC", "5.00")]
    )
    def test_is_in_the_money_of_its_market(self, market: str, shown: str) -> None:
        assert price(Decimal(5), market) == shown

    @given(value=VALUES, market=MARKETS)
    def test_is_at_most_half_a_unit_away(self, value: Decimal, market: str) -> None:
        unit = CENT if value.adjusted() >= 0 or not value else Decimal(1).scaleb(value.adjusted() - 3)
        with localcontext(prec=100):
            assert abs(read_back(price(value, market)) - value) <= unit / 2

    @given(value=st.decimals(min_value="0.00000001", max_value=10**9, places=10))
    def test_keeps_at_least_three_true_digits(self, value: Decimal) -> None:
        assert abs(read_back(price(value, "BTC/USD")) - value) <= value * Decimal("0.005")


class TestAmount:
    @pytest.mark.parametrize(("value", "shown"), [("0.001", "0.00100000"), ("0.123456789", "0.12345678")])
    def test_shows_eight_decimals(self, value: str, shown: str) -> None:
        assert amount(Decimal(value)) == shown

    @given(value=VALUES)
    def test_is_less_than_one_unit_away_and_never_looks_like_more(self, value: Decimal) -> None:
        shown = read_back(amount(value))
        assert 0 <= value.copy_abs() - shown.copy_abs() < COIN_STEP


class TestPercent:
    @pytest.mark.parametrize(
        ("fraction", "shown"),
        [("0.0325", "3.25 %"), ("0.07999", "7.99 %"), ("-0.05", "-5.00 %"), ("-0.00001", "0.00 %")],
    )
    def test_is_of_a_fraction(self, fraction: str, shown: str) -> None:
        assert percent(Decimal(fraction)) == shown

    @pytest.mark.parametrize(("fraction", "shown"), [("0.0325", "+3.25 %"), ("-0.05", "-5.00 %"), ("0", "+0.00 %")])
    def test_shows_its_sign_on_request(self, fraction: str, shown: str) -> None:
        assert percent(Decimal(fraction), signed=True) == shown

    @given(value=st.decimals(0, 1, places=6), limit=st.decimals(0, 1, places=4))
    def test_reads_as_reached_only_where_the_limit_is_reached(self, value: Decimal, limit: Decimal) -> None:
        assert (read_back(percent(value)) >= read_back(percent(limit))) == (value >= limit)


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "shown"),
        [
            (0, "0 s"),
            (-5, "0 s"),
            (59.9, "59 s"),
            (60, "1 min"),
            (90, "1 min 30 s"),
            (3_599, "59 min 59 s"),
            (3_600, "1 h"),
            (11_520, "3 h 12 min"),
            (86_460, "1 d"),
            (90_000, "1 d 1 h"),
        ],
    )
    def test_shows_the_two_largest_units(self, seconds: float, shown: str) -> None:
        assert duration(seconds) == duration(timedelta(seconds=seconds)) == shown

    def test_that_has_passed_is_ago(self) -> None:
        assert ago(7.0) == "7 s ago"


class TestTheStepOfAMarket:
    @pytest.mark.parametrize(
        ("step", "shown"),
        [("0.1", "$95000.1"), ("0.01", "$95000.12"), ("0.50", "$95000.1"), ("1", "$95000"), ("10", "$95000")],
    )
    def test_gives_a_price_its_decimals(self, step: str, shown: str) -> None:
        assert price(Decimal("95000.125"), "BTC/USD", Decimal(step)) == shown

    def test_gives_a_cheap_coin_the_digits_it_has(self) -> None:
        assert price(Decimal("0.000012345678"), "SHIB/USD", Decimal("1E-8")) == "$0.00001235"

    @pytest.mark.parametrize(
        ("step", "shown"), [("0.00000001", "1.98765432"), ("0.001", "1.987"), ("0.5", "1.9"), ("1", "1"), ("1E+3", "1")]
    )
    def test_gives_an_amount_its_decimals(self, step: str, shown: str) -> None:
        assert amount(Decimal("1.987654321"), Decimal(step)) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(2.0, "2"), (0.5, "0.5"), (1e-7, "0.0000001"), (Decimal("2E+1"), "20"), (100.0, "100")]
)
def test_a_setting_is_as_short_as_it_can_be(value: Decimal | float, shown: str) -> None:
    assert number(value) == shown


@given(value=VALUES)
@example(value=Decimal("1E-8"))
def test_an_exact_figure_loses_nothing(value: Decimal) -> None:
    assert Decimal(exact(value)) == value
    assert "E" not in exact(value)


@each_formatter
@given(value=VALUES)
@example(value=Decimal("1E-8"))
@example(value=Decimal("1E+5"))
@example(value=Decimal("-0.001"))
def test_no_figure_has_an_exponent_or_a_negative_zero(formatter: Callable[[Decimal], str], value: Decimal) -> None:
    text = formatter(value)
    assert "E" not in text
    assert not text.startswith("-") or read_back(text) != 0


@each_formatter
@given(value=VALUES)
def test_the_rounding_in_force_around_a_figure_makes_no_difference(
    formatter: Callable[[Decimal], str], value: Decimal
) -> None:
    text = formatter(value)
    with localcontext(prec=2, rounding=ROUND_UP):
        assert formatter(value) == text


@each_formatter
@given(values=st.tuples(VALUES, VALUES).map(sorted))
def test_what_is_less_never_reads_as_more(formatter: Callable[[Decimal], str], values: list[Decimal]) -> None:
    less, more = (read_back(formatter(value)) for value in values)
    assert less <= more


@each_formatter
@pytest.mark.parametrize("value", [None, Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity")])
def test_what_is_not_known_reads_unknown(formatter: Callable[[Decimal | None], str], value: Decimal | None) -> None:
    assert formatter(value) == UNKNOWN == "unknown"


@pytest.mark.parametrize("length", [None, float("inf"), float("nan")])
def test_a_time_that_is_not_known_reads_unknown(length: float | None) -> None:
    assert duration(length) == ago(length) == "unknown"
