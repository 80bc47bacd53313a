from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.errors import RequestRefused
from brokers.kraken.symbols import names_every_currency, symbols_of
from tests.brokers.kraken.canned import ASSETS, BTC_USD, PAIRS


def test_legacy_names_become_the_ones_everybody_uses() -> None:
    symbols = symbols_of(ASSETS, PAIRS | {"XDGUSD": BTC_USD | {"altname": "XDGUSD", "base": "XXDG"}})
    assert set(symbols.markets) == {"BTC/USD", "XTZ/USD", "DOGE/USD"}


def test_a_plain_name_that_looks_like_a_legacy_one_is_left_alone() -> None:
    """XTZ begins with an X as XXBT does: no letters are stripped by rule."""
    symbols = symbols_of(ASSETS, PAIRS)
    assert symbols.spendable("XTZ") == "XTZ"
    assert symbols.markets["XTZ/USD"].base == "XTZ"


@pytest.mark.parametrize("name", ["XXBTZUSD", "XBTUSD"])
def test_fills_name_a_pair_by_its_id_and_orders_by_its_altname(name: str) -> None:
    assert symbols_of(ASSETS, PAIRS).symbol(name) == "BTC/USD"


def test_a_pair_that_is_no_longer_on_offer_keeps_its_name() -> None:
    assert symbols_of(ASSETS, PAIRS).symbol("LUNAUSD") == "LUNAUSD"


def test_a_market_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(RequestRefused, match="BTC/XYZ"):
        symbols_of(ASSETS, PAIRS).pair_id("BTC/XYZ")


def test_where_the_optional_fields_are_absent_the_decimals_say_the_steps() -> None:
    market = symbols_of(ASSETS, PAIRS).markets["XTZ/USD"]
    assert market.price_step == Decimal("0.0001")
    assert market.amount_step == market.min_amount == Decimal("0.00000001")
    assert market.min_cost == 0


def test_a_tick_coarser_than_the_decimals_counts() -> None:
    symbols = symbols_of(ASSETS, {"XXBTZUSD": BTC_USD | {"pair_decimals": 2, "tick_size": "0.5"}})
    assert symbols.markets["BTC/USD"].price_step == Decimal("0.5")


@pytest.mark.parametrize(
    ("status", "tradable", "at_market"),
    [
        ("online", True, True),
        ("limit_only", True, False),
        ("post_only", False, False),
        ("cancel_only", False, False),
        ("reduce_only", False, False),
    ],
)
def test_a_markets_status_says_what_it_takes(status: str, tradable: bool, at_market: bool) -> None:  # noqa: FBT001 - cases
    market = symbols_of(ASSETS, {"XXBTZUSD": BTC_USD | {"status": status}}).markets["BTC/USD"]
    assert (market.tradable, market.takes_market_orders) == (tradable, at_market)


def test_dark_pools_and_tokenised_shares_are_no_spot_markets() -> None:
    others = {
        "XXBTZUSD.d": BTC_USD | {"altname": "XBTUSD.d"},
        "AAPLxUSD": BTC_USD | {"altname": "AAPLxUSD", "base": "AAPLx", "aclass_base": "tokenized_asset"},
    }
    symbols = symbols_of(ASSETS, PAIRS | others)
    assert symbols.pair_id("BTC/USD") == "XXBTZUSD"
    assert "AAPLx/USD" not in symbols.markets


@pytest.mark.parametrize(
    ("asset", "currency"),
    [
        ("ZUSD", "USD"),
        ("USD.F", "USD"),
        ("XBT.F", "BTC"),
        ("XXBT", "BTC"),
        ("NEWCOIN", "NEWCOIN"),
        ("XBT.B", None),
        ("ETH2.S", None),
        ("DOT.M", None),
        ("AAPLx.T", None),
        ("DOT.P", None),
        ("USD.HOLD", None),
    ],
)
def test_only_the_plain_asset_and_rewards_can_be_spent(asset: str, currency: str | None) -> None:
    assert symbols_of(ASSETS, PAIRS).spendable(asset) == currency


def test_the_pairs_alone_name_the_currencies_where_all_are_called_by_their_names() -> None:
    named = {
        "XXBTZUSD": BTC_USD,
        "XDGUSD": BTC_USD | {"altname": "XDGUSD", "wsname": "XDG/USD", "base": "XXDG"},
        "XTZUSD": BTC_USD | {"altname": "XTZUSD", "wsname": "XTZ/USD", "base": "XTZ"},
    }

    assert names_every_currency(named)
    symbols = symbols_of({}, named)
    assert set(symbols.markets) == {"BTC/USD", "DOGE/USD", "XTZ/USD"}
    assert [symbols.spendable(asset) for asset in ("XXBT", "XBT.F", "ZUSD", "XTZ")] == ["BTC", "BTC", "USD", "XTZ"]


def test_a_pair_without_its_name_leaves_its_currencies_to_the_list_of_assets() -> None:
    assert not names_every_currency({"XTZUSD": BTC_USD | {"wsname": None, "base": "XTZ"}})
