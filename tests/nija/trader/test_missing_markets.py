"""The text for a market that the account's exchange does not list."""

from __future__ import annotations

from brokers.model import Exchange
from nija.trader.plan import MissingMarkets

LISTED = ("BTC/USD", "SOL/EUR")


def test_the_nearest_market_is_named() -> None:
    text = MissingMarkets(Exchange.KRAKEN).text("SOL/GBP", LISTED)
    assert text == "Kraken has no such market, the nearest is SOL/EUR; correct markets in nija.toml"


def test_without_one_that_is_near_none_is_named() -> None:
    text = MissingMarkets(Exchange.COINBASE).text("NOPE/XYZ", LISTED)
    assert text == "Coinbase has no such market; correct markets in nija.toml"


def test_the_list_is_searched_once_for_each() -> None:
    missing = MissingMarkets(Exchange.KRAKEN)
    first = missing.text("SOL/GBP", LISTED)
    assert missing.text("SOL/GBP", ()) == first


def test_a_market_that_left_the_list_is_not_taken_for_misspelt() -> None:
    text = MissingMarkets(Exchange.COINBASE, [*LISTED, "GONE/USD"]).text("GONE/USD", LISTED)
    assert text == "Coinbase no longer lists this market"
