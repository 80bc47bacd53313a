from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokers.errors import RequestRefused
from brokers.kraken.symbols import KrakenNames, Symbols, symbols_of
from tests.brokers.kraken.canned import ASSETS, BTC_USD, PAIRS


def listed(pairs: dict[str, dict[str, Any]], names: KrakenNames | None = None) -> Symbols:
    known = names or KrakenNames()
    known.learn_pairs(pairs)
    known.learn_assets(ASSETS)
    return symbols_of(pairs, known)


def test_legacy_names_become_the_ones_everybody_uses() -> None:
    symbols = listed(PAIRS | {"XDGUSD": BTC_USD | {"altname": "XDGUSD", "base": "XXDG"}})
    assert set(symbols.markets) == {"BTC/USD", "XTZ/USD", "DOGE/USD"}


def test_a_plain_name_that_looks_like_a_legacy_one_is_left_alone() -> None:
    """XTZ begins with an X as XXBT does: no letters are stripped by rule."""
    symbols = listed(PAIRS)
    assert symbols.currency("XTZ") == "XTZ"
    assert symbols.markets["XTZ/USD"].base == "XTZ"


@pytest.mark.parametrize("name", ["XXBTZUSD", "XBTUSD"])
def test_fills_name_a_pair_by_its_id_and_orders_by_its_altname(name: str) -> None:
    assert listed(PAIRS).symbol(name) == "BTC/USD"


def test_a_delisted_pair_keeps_its_name() -> None:
    assert listed(PAIRS).symbol("LUNAUSD") == "LUNAUSD"


@pytest.mark.parametrize("name", ["XXBTZUSD", "XBTUSD"])
def test_a_pair_that_is_not_on_offer_now_is_named_by_its_currencies(name: str) -> None:
    others = {pair: row for pair, row in PAIRS.items() if pair != "XXBTZUSD"}
    assert listed(others).symbol(name) == "BTC/USD"


def test_a_market_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(RequestRefused, match="BTC/XYZ"):
        listed(PAIRS).pair_id("BTC/XYZ")


def test_where_the_optional_fields_are_absent_the_decimals_say_the_steps() -> None:
    market = listed(PAIRS).markets["XTZ/USD"]
    assert market.price_step == Decimal("0.0001")
    assert market.amount_step == market.min_amount == Decimal("0.00000001")
    assert market.min_cost == 0


def test_a_tick_coarser_than_the_decimals_counts() -> None:
    symbols = listed({"XXBTZUSD": BTC_USD | {"pair_decimals": 2, "tick_size": "0.5"}})
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
def test_a_markets_status_decides_which_orders_it_accepts(status: str, tradable: bool, at_market: bool) -> None:  # noqa: FBT001 - cases
    market = listed({"XXBTZUSD": BTC_USD | {"status": status}}).markets["BTC/USD"]
    assert (market.tradable, market.takes_market_orders) == (tradable, at_market)


def test_dark_pools_and_tokenised_shares_are_no_spot_markets() -> None:
    others = {
        "XXBTZUSD.d": BTC_USD | {"altname": "XBTUSD.d"},
        "AAPLxUSD": BTC_USD | {"altname": "AAPLxUSD", "base": "AAPLx", "aclass_base": "tokenized_asset"},
    }
    symbols = listed(PAIRS | others)
    assert symbols.pair_id("BTC/USD") == "XXBTZUSD"
    assert "AAPLx/USD" not in symbols.markets


@pytest.mark.parametrize(
    ("asset", "currency"),
    [
        ("ZUSD", "USD"),
        ("USD.F", "USD"),
        ("XBT.F", "BTC"),
        ("XXBT", "BTC"),
    ],
)
def test_the_plain_asset_and_rewards_can_be_spent(asset: str, currency: str) -> None:
    assert listed(PAIRS).currency(asset) == currency


@pytest.mark.parametrize("asset", ["XBT.B", "ETH2.S", "DOT.M", "AAPLx.T", "DOT.P", "USD.HOLD"])
def test_staked_or_withheld_balances_are_locked(asset: str) -> None:
    assert listed(PAIRS).is_locked(asset)


@pytest.mark.parametrize("asset", ["NEWCOIN", "NEWCOIN.F", "XBT.X"])
def test_an_unnamed_asset_is_neither_locked_nor_a_currency(asset: str) -> None:
    symbols = listed(PAIRS)
    assert not symbols.is_locked(asset)
    assert symbols.currency(asset) is None


def test_a_known_name_is_never_forgotten() -> None:
    names = KrakenNames()
    listed(PAIRS, names)
    shorter = {"XTZUSD": PAIRS["XTZUSD"]}
    later = symbols_of(shorter, names)
    assert "BTC/USD" not in later.markets
    assert later.symbol("XBTUSD") == "BTC/USD"
    assert later.currency("XXBT") == "BTC"


def test_one_pair_that_cannot_be_read_hides_no_other() -> None:
    symbols = listed(PAIRS | {"ODD": {"altname": "ODD", "base": "XXBT", "quote": "ZUSD", "lot_decimals": "many"}})
    assert set(symbols.markets) == {"BTC/USD", "XTZ/USD"}


@pytest.mark.parametrize(
    ("mode", "tradable", "at_market"),
    [
        ("online", True, True),
        ("limit_only", True, False),
        ("post_only", False, False),
        ("cancel_only", False, False),
        ("maintenance", False, False),
        ("on fire", False, False),
    ],
)
def test_the_mode_of_all_of_kraken_is_the_mode_of_every_market(mode: str, tradable: bool, at_market: bool) -> None:  # noqa: FBT001 - cases
    market = listed(PAIRS).in_mode(mode).markets["BTC/USD"]
    assert (market.tradable, market.takes_market_orders) == (tradable, at_market)


def test_no_mode_opens_a_market_that_is_closed_by_itself() -> None:
    closed = listed({"XXBTZUSD": BTC_USD | {"status": "cancel_only"}})
    for mode in ("online", "limit_only"):
        market = closed.in_mode(mode).markets["BTC/USD"]
        assert (market.tradable, market.takes_market_orders) == (False, False)


def test_the_pairs_alone_name_the_currencies_where_all_are_called_by_their_names() -> None:
    named = {
        "XXBTZUSD": BTC_USD,
        "XDGUSD": BTC_USD | {"altname": "XDGUSD", "wsname": "XDG/USD", "base": "XXDG"},
        "XTZUSD": BTC_USD | {"altname": "XTZUSD", "wsname": "XTZ/USD", "base": "XTZ"},
    }

    names = KrakenNames()
    names.learn_pairs(named)
    assert names.cover(named)
    symbols = symbols_of(named, names)
    assert set(symbols.markets) == {"BTC/USD", "DOGE/USD", "XTZ/USD"}
    assert [symbols.currency(asset) for asset in ("XXBT", "XBT.F", "ZUSD", "XTZ")] == ["BTC", "BTC", "USD", "XTZ"]


def test_a_pair_without_its_name_leaves_its_currencies_to_the_list_of_assets() -> None:
    assert not KrakenNames().cover({"XTZUSD": BTC_USD | {"wsname": None, "base": "XTZ"}})
