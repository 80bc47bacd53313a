from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.identity import AccountId
from nija.log import lines

MASTER = AccountId.parse("kraken:master")
DAIVON = AccountId.parse("kraken:daivon_frazier")
COINBASE = AccountId.parse("coinbase:master")
TANIA = AccountId.parse("coinbase:tania_gilbert")
THOUSANDTH = Decimal("0.001")

SAID = """\
📊 Attempting to connect Kraken Pro (MASTER)...
✅ Kraken MASTER connected
✅ Kraken registered as MASTER broker in multi-account manager
💰 Kraken Balance (MASTER): USD $1234.56
   ✅ FUNDED - Ready to trade
🚀 STARTING INDEPENDENT MULTI-BROKER TRADING
✅ Started independent trading thread for kraken (MASTER)
⚠️  Kraken credentials not configured for MASTER (skipping)
⚠️  Kraken MASTER connection failed: Permission denied
❌ Invalid nonce
❌ Invalid signature
✅ BUY order filled: BTC/USD 0.00100000 @ $95000.00
✅ SELL order filled: BTC/USD 0.00100000 @ $97000.00
🛡️ Stop placed: BTC/USD 0.00100000 @ $88000.00
🛑 STOPPING - no new entries
👋 STOPPED
📊 Attempting to connect Kraken Pro (USER daivon_frazier)...
✅ Kraken USER daivon_frazier connected
✅ Kraken registered as USER daivon_frazier broker in multi-account manager
📊 Attempting to connect Coinbase Advanced (MASTER)...
✅ Coinbase MASTER connected
💰 Coinbase Balance (USER tania_gilbert): USD $0.76
✅ Started independent trading thread for coinbase (USER tania_gilbert)
   ⚠️  UNDERFUNDED - needs at least $25.00
🎭 DEMO - no real money moves
📝 PAPER - no order is sent
"""


def test_every_line_is_the_designs_to_the_letter() -> None:
    said = [
        lines.connecting(MASTER),
        lines.connected(MASTER),
        lines.registered(MASTER),
        lines.balance(MASTER, Decimal("1234.56")),
        lines.FUNDED,
        lines.STARTING,
        lines.thread_started(MASTER),
        lines.not_configured(MASTER),
        lines.connection_failed(MASTER, "Permission denied"),
        lines.INVALID_NONCE,
        lines.INVALID_SIGNATURE,
        lines.buy_filled("BTC/USD", THOUSANDTH, Decimal(95000)),
        lines.sell_filled("BTC/USD", THOUSANDTH, Decimal(97000)),
        lines.stop_placed("BTC/USD", THOUSANDTH, Decimal(88000)),
        lines.STOPPING,
        lines.STOPPED,
        lines.connecting(DAIVON),
        lines.connected(DAIVON),
        lines.registered(DAIVON),
        lines.connecting(COINBASE),
        lines.connected(COINBASE),
        lines.balance(TANIA, Decimal("0.76")),
        lines.thread_started(TANIA),
        lines.underfunded(Decimal(25)),
        lines.DEMO,
        lines.PAPER,
    ]
    assert said == SAID.splitlines()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("95000", "$95000.00"),
        ("2.345", "$2.34"),
        ("1", "$1.00"),
        ("0.5123456", "$0.5123"),
        ("0.9", "$0.9000"),
        ("0.00001234", "$0.00001234"),
        ("0", "$0.00"),
        ("1E+5", "$100000.00"),
    ],
)
def test_a_price_shows_two_decimals_and_more_below_one(value: str, shown: str) -> None:
    assert lines.price(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("1234567.891", "USD", "$1234567.89"),
        ("24.999", "USD", "$24.99"),
        ("-3.5", "USD", "-$3.50"),
        ("-0.001", "USD", "$0.00"),
        ("5", "USDC", "$5.00"),
        ("5", "EUR", "€5.00"),
        ("5", "CHF", "5.00"),
        ("0.00123456789", "BTC", "0.00123456"),
    ],
)
def test_money_never_looks_more_than_it_is(value: str, currency: str, shown: str) -> None:
    assert lines.money(Decimal(value), currency) == shown


@pytest.mark.parametrize(
    ("minimum", "currency", "shown"),
    [
        ("25", "USD", "$25.00"),
        ("25", "EUR", "25.00 EUR"),
        ("25", "USDC", "25.00 USDC"),
        ("1E-4", "BTC", "0.00010000 BTC"),
    ],
)
def test_a_minimum_carries_its_currency(minimum: str, currency: str, shown: str) -> None:
    assert lines.underfunded(Decimal(minimum), currency) == f"   ⚠️  UNDERFUNDED - needs at least {shown}"


@given(st.decimals(min_value="0.00000001", max_value=10**9, places=10))
def test_a_price_keeps_at_least_three_true_digits(value: Decimal) -> None:
    shown = Decimal(lines.price(value).removeprefix("$"))
    assert abs(shown - value) <= value * Decimal("0.005")
    assert "E" not in lines.price(value)


def test_a_moved_stop_is_told_in_the_money_of_its_market() -> None:
    assert (
        lines.stop_moved("BTC/EUR", Decimal("0.001"), Decimal(88000)) == "🛡️ Stop moved: BTC/EUR 0.00100000 @ €88000.00"
    )
    assert (
        lines.stop_set_by_hand("BTC/EUR", Decimal(88000))
        == "🛡️ Stop of BTC/EUR was set to €88000.00 by hand: NIJA keeps it"
    )
