"""Advice for an account whose money is in another currency than its markets."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.identity import AccountId
from accounts.market_advice import alternatives, market_advice
from brokers.model import Market

MASTER = AccountId.parse("kraken:master")
CONFIGURED = ("BTC/USD", "ETH/USD")


def market(symbol: str, min_cost: str = "0.5") -> Market:
    base, _, quote = symbol.partition("/")
    step = Decimal("0.00000001")
    return Market(symbol, base, quote, step, Decimal("0.1"), Decimal("0.0001"), Decimal(min_cost))


LISTED = {
    found.symbol: found
    for found in (
        *map(market, ("BTC/USD", "ETH/USD", "BTC/EUR", "ETH/EUR", "BTC/USDC", "SOL/GBP", "SOL/USD")),
        market("ETH/BTC", "0.00002"),
    )
}


def advice(**balances: str) -> str | None:
    held = {currency: Decimal(amount) for currency, amount in balances.items()}
    return market_advice(MASTER, held, LISTED, CONFIGURED, Decimal(25))


@pytest.mark.parametrize(
    ("currency", "amount", "line"),
    [
        ("EUR", "200.5", 'To trade its €200.50, write markets = ["BTC/EUR", "ETH/EUR"]'),
        ("USDC", "1E+3", 'To trade its $1000.00 USDC, write markets = ["BTC/USDC"]'),
        (
            "BTC",
            "0.5",
            'To trade its 0.50000000 BTC, write markets = ["ETH/BTC"] and min_balance = 0.00016 (it counts in BTC)',
        ),
    ],
)
def test_the_line_is_the_one_that_uses_the_money(currency: str, amount: str, line: str) -> None:
    assert advice(USD="3", **{currency: amount}) == f'{line} under [accounts."kraken:master"] in nija.toml'


def test_money_comes_before_coins_and_more_before_less() -> None:
    assert "€900.00" in str(advice(BTC="5", USDC="30", EUR="900"))


@pytest.mark.parametrize(
    "balances",
    [{}, {"USD": "5000"}, {"EUR": "24.99"}, {"BTC": "0.0001"}, {"GBP": "500"}, {"SOL": "50"}, {"EUR": "0", "BTC": "0"}],
    ids=["nothing", "its own money", "too little", "dust", "no such markets", "a coin that is no money", "zeros"],
)
def test_nothing_is_advised_if_no_market_would_be_better(balances: dict[str, str]) -> None:
    assert advice(**balances) is None


def test_a_minimum_of_zero_still_needs_some_money() -> None:
    assert market_advice(MASTER, {"EUR": Decimal(0)}, LISTED, CONFIGURED, Decimal(0)) is None


def test_alternatives_are_the_same_coins_in_the_money_that_is_held() -> None:
    found = alternatives(CONFIGURED, ("EUR", "BTC"), LISTED)
    assert [one.symbol for one in found] == ["BTC/EUR", "ETH/EUR", "ETH/BTC"]
