"""Names of markets: misspelt ones are refused with the right spelling, all others are accepted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.market_names import check_market, nearest_market, right_spelling

COINS = st.sampled_from(["BTC", "ETH", "SOL", "XTZ", "ZRX", "XRP", "DOGE", "1INCH", "XCN", "ZEC"])
MONEY = st.sampled_from(["USD", "EUR", "GBP", "USDT", "USDC"])


@pytest.mark.parametrize("name", ["BTC/USD", "XTZ/USD", "ZRX/EUR", "ETH/BTC", "USDT/USD", "1INCH/USD", "00/USDC"])
def test_a_market_that_may_exist_is_taken(name: str) -> None:
    assert check_market(name) == name


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("XBT/USD", "BTC/USD"),
        ("btc/usd", "BTC/USD"),
        ("BTCUSD", "BTC/USD"),
        ("BTC-USD", "BTC/USD"),
        ("XXBTZUSD", "BTC/USD"),
        (" BTC/USD", "BTC/USD"),
        ("BTC / USD", "BTC/USD"),
        ("btc_usd", "BTC/USD"),
        ("BTC/USD.d", "BTC/USD"),
        ("XDG/USD", "DOGE/USD"),
        ("XETHZEUR", "ETH/EUR"),
        ("ETHXBT", "ETH/BTC"),
        ("XTZUSD", "XTZ/USD"),
        ("BTCUSDT", "BTC/USDT"),
        ("BTC/ZUSD", "BTC/USD"),
    ],
)
def test_a_name_that_cannot_exist_is_refused_with_the_right_spelling(name: str, right: str) -> None:
    with pytest.raises(ValueError, match=f'^"{re.escape(right)}": NIJA spells markets this way'):
        check_market(name)


@pytest.mark.parametrize("name", ["", "BTC", "Bitcoin", "BTC/BTC", "BTC/USD:USD", "/", "BTC/USD/EUR"])
def test_a_name_that_could_mean_anything_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(ValueError, match=r"^a market in capitals such as \"BTC/USD\"$"):
        check_market(name)


@given(COINS, MONEY, st.sampled_from(["", "-", "_", ":", " ", "/"]), st.sampled_from([str.upper, str.lower]))
def test_every_usual_way_of_writing_a_market_leads_to_its_name(coin: str, money: str, between: str, case: type) -> None:
    assert right_spelling(case(f"{coin}{between}{money}")) == f"{coin}/{money}"


@given(st.text(max_size=30))
def test_a_spelling_that_is_proposed_is_itself_accepted(name: str) -> None:
    right = right_spelling(name)
    assert right is None or check_market(right) == right


@pytest.mark.parametrize(("name", "nearest"), [("BTC/USDD", "BTC/USD"), ("SOL/JPY", "SOL/EUR"), ("NOSUCH/THING", None)])
def test_the_nearest_market_is_one_spelt_alike_or_one_of_the_same_coin(name: str, nearest: str | None) -> None:
    assert nearest_market(name, ("BTC/USD", "ETH/USD", "SOL/EUR")) == nearest
