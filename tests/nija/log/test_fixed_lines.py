from __future__ import annotations

from decimal import Decimal

import pytest

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
    ("currency", "shown"),
    [
        ("USD", "USD $5.00"),
        ("EUR", "EUR €5.00"),
        ("USDC", "USDC $5.00"),
        ("CHF", "CHF 5.00"),
        ("BTC", "BTC 5.00000000"),
    ],
)
def test_a_balance_names_its_currency_once(currency: str, shown: str) -> None:
    assert lines.balance(MASTER, Decimal(5), currency) == f"💰 Kraken Balance (MASTER): {shown}"


@pytest.mark.parametrize(
    ("minimum", "currency", "shown"),
    [
        ("25", "USD", "$25.00"),
        ("25", "EUR", "€25.00"),
        ("25", "USDC", "$25.00 USDC"),
        ("1E-4", "BTC", "0.00010000 BTC"),
    ],
)
def test_a_minimum_carries_its_currency(minimum: str, currency: str, shown: str) -> None:
    assert lines.underfunded(Decimal(minimum), currency) == f"   ⚠️  UNDERFUNDED - needs at least {shown}"


def test_a_moved_stop_is_logged_in_the_quote_currency_of_its_market() -> None:
    assert (
        lines.stop_moved("BTC/EUR", Decimal("0.001"), Decimal(88000)) == "🛡️ Stop moved: BTC/EUR 0.00100000 @ €88000.00"
    )
    assert (
        lines.stop_set_by_hand("BTC/EUR", Decimal(88000))
        == "🛡️ Stop of BTC/EUR was set to €88000.00 by hand: NIJA keeps it"
    )
