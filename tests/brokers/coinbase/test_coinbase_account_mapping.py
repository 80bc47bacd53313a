from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.coinbase.account_mapping import balances_of, fees_of, key_info_of
from brokers.coinbase.symbols import products_of
from brokers.errors import BadAnswer
from brokers.model import Balance
from tests.brokers.coinbase.coinbase_samples import product, wallet

RIGHTS = {
    "can_view": True,
    "can_trade": True,
    "can_transfer": False,
    "portfolio_uuid": "ca72",
    "portfolio_type": "DEFAULT",
}


def test_a_total_is_the_sum_of_available_and_held() -> None:
    assert balances_of([wallet("BTC", "1.23", "0.005")], {})["BTC"] == Balance(
        "BTC", Decimal("1.235"), Decimal("0.005")
    )


def test_wallets_of_one_currency_are_added_and_usdc_is_not_usd() -> None:
    held = balances_of([wallet("USD", "10"), wallet("USD", "5", "1"), wallet("USDC", "7")], {})

    assert held["USD"] == Balance("USD", Decimal(16), Decimal(1))
    assert held["USDC"].total == 7


@pytest.mark.parametrize(
    "dead",
    [
        {"deleted_at": "2024-01-01T00:00:00Z"},
        {"active": False},
        {"ready": False},
        {"type": "ACCOUNT_TYPE_VAULT"},
        {"platform": "ACCOUNT_PLATFORM_CFM_CONSUMER"},
    ],
)
def test_a_wallet_that_cannot_pay_for_spot_is_not_counted(dead: dict[str, object]) -> None:
    assert balances_of([{**wallet("USD", "10"), **dead}], {}) == {}


@pytest.mark.parametrize("kind", ["CRYPTO", "FIAT", "ACCOUNT_TYPE_FIAT", "ACCOUNT_TYPE_CRYPTO"])
def test_both_spellings_of_a_wallets_type_count(kind: str) -> None:
    assert balances_of([wallet("USD", "10", type=kind)], {})["USD"].total == 10


def test_a_key_that_can_transfer_can_withdraw() -> None:
    info = key_info_of({**RIGHTS, "can_transfer": True}, timedelta(0))

    assert info.can_withdraw
    assert info.permissions == {"view", "trade", "transfer"}


def test_a_key_reports_its_portfolio_and_missing_permissions() -> None:
    info = key_info_of({**RIGHTS, "can_trade": False}, timedelta(seconds=2))

    assert (info.account_uid, info.missing, info.can_withdraw) == ("ca72", frozenset({"trade"}), False)


def test_a_key_with_an_unknown_transfer_right_is_not_called_safe() -> None:
    with pytest.raises(BadAnswer, match="transfer"):
        key_info_of({"can_view": True, "portfolio_uuid": "ca72"}, timedelta(0))


def test_fees_are_the_accounts_own_and_never_guessed() -> None:
    tier = {"maker_fee_rate": "0.004", "taker_fee_rate": "0.006"}

    assert fees_of({"fee_tier": tier, "total_fees": 25.5}).taker == Decimal("0.006")
    with pytest.raises(BadAnswer, match="taker_fee_rate"):
        fees_of({"fee_tier": {"maker_fee_rate": "0.004"}})


def test_a_product_becomes_a_market_with_both_minimums() -> None:
    market = products_of({"products": [product()]}).markets["BTC/USD"]

    assert (market.min_amount, market.min_cost) == (Decimal("0.00000001"), Decimal(1))
    assert (market.amount_step, market.price_step) == (Decimal("0.00000001"), Decimal("0.01"))
    assert market.tradable
    assert market.takes_market_orders


@pytest.mark.parametrize("flag", ["is_disabled", "trading_disabled", "cancel_only", "view_only", "auction_mode"])
def test_a_closed_market_is_not_tradable(flag: str) -> None:
    assert not products_of({"products": [product(**{flag: True})]}).markets["BTC/USD"].tradable


@pytest.mark.parametrize("flag", ["limit_only", "post_only"])
def test_a_market_for_makers_takes_no_market_orders(flag: str) -> None:
    assert not products_of({"products": [product(**{flag: True})]}).markets["BTC/USD"].takes_market_orders


def test_futures_and_products_without_a_tick_are_no_markets() -> None:
    future = product(product_id="BTC-PERP-INTX", product_type="FUTURE", base_currency_id="")
    tickless = product(base_currency_id="XYZ", price_increment="", quote_increment="")

    assert products_of({"products": [future, tickless]}).markets == {}


def test_a_wallet_that_cannot_be_read_is_named_and_hides_no_other() -> None:
    unread: dict[str, str] = {}
    broken = wallet("ETH", "1") | {"hold": None}

    assert set(balances_of([wallet("BTC", "1"), broken, wallet("USD", "5")], unread)) == {"BTC", "USD"}
    assert set(unread) == {"balance:ETH"}


def test_a_currency_with_an_unreadable_wallet_is_left_out_rather_than_summed_in_part() -> None:
    unread: dict[str, str] = {}

    assert balances_of([wallet("BTC", "1"), wallet("BTC", "2") | {"available_balance": {"value": 0.1}}], unread) == {}
    assert set(unread) == {"balance:BTC"}


def test_a_wallet_whose_currency_has_no_name_is_unread_and_not_nothing() -> None:
    unread: dict[str, str] = {}

    balances_of([wallet("BTC", "1") | {"currency": None, "uuid": "w-1"}], unread)

    assert set(unread) == {"balance:w-1"}


def test_a_malformed_product_is_counted_and_takes_no_other_market_away() -> None:
    broken = product(product_id="XYZ-USD", base_currency_id=None)
    numberless = product(product_id="ABC-USD", base_currency_id="ABC", base_min_size="many")

    found = products_of({"products": [broken, product(), numberless, None]})

    assert set(found.markets) == {"BTC/USD"}
    assert set(found.unread) == {"product:XYZ-USD", "product:ABC-USD", "product:without an id"}
