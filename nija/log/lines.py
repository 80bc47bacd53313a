"""The log's FIXED lines, which users and their scripts search for. Each function returns the exact text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.identity import full_name, short_name
from brokers import figures

if TYPE_CHECKING:
    from decimal import Decimal

    from accounts.identity import AccountId

STARTING = "🚀 STARTING INDEPENDENT MULTI-BROKER TRADING"
FUNDED = "   ✅ FUNDED - Ready to trade"
INVALID_NONCE = "❌ Invalid nonce"
INVALID_SIGNATURE = "❌ Invalid signature"
STOPPING = "🛑 STOPPING - no new entries"
STOPPED = "👋 STOPPED"
DEMO = "🎭 DEMO - no real money moves"
PAPER = "📝 PAPER - no order is sent"


def connecting(account: AccountId) -> str:
    return f"📊 Attempting to connect {full_name(account.exchange)} ({account.label})..."


def connected(account: AccountId) -> str:
    return f"✅ {short_name(account.exchange)} {account.label} connected"


def registered(account: AccountId) -> str:
    return f"✅ {short_name(account.exchange)} registered as {account.label} broker in multi-account manager"


def balance(account: AccountId, total: Decimal, currency: str = "USD") -> str:
    shown = figures.money(total, currency, beside_code=True)
    return f"💰 {short_name(account.exchange)} Balance ({account.label}): {currency} {shown}"


def underfunded(minimum: Decimal, currency: str = "USD") -> str:
    return f"   ⚠️  UNDERFUNDED - needs at least {figures.money(minimum, currency)}"


def thread_started(account: AccountId) -> str:
    return f"✅ Started independent trading thread for {account.exchange} ({account.label})"


def not_configured(account: AccountId) -> str:
    return f"⚠️  {short_name(account.exchange)} credentials not configured for {account.label} (skipping)"


def connection_failed(account: AccountId, reason: str) -> str:
    return f"⚠️  {short_name(account.exchange)} {account.label} connection failed: {reason}"


def buy_filled(market: str, amount: Decimal, price: Decimal) -> str:
    return f"✅ BUY order filled: {_at(market, amount, price)}"


def sell_filled(market: str, amount: Decimal, price: Decimal) -> str:
    return f"✅ SELL order filled: {_at(market, amount, price)}"


def stop_placed(market: str, amount: Decimal, stop_price: Decimal) -> str:
    return f"🛡️ Stop placed: {_at(market, amount, stop_price)}"


def stop_moved(market: str, amount: Decimal, stop_price: Decimal) -> str:
    return f"🛡️ Stop moved: {_at(market, amount, stop_price)}"


def stop_set_by_hand(market: str, stop_price: Decimal) -> str:
    return f"🛡️ Stop of {market} was set to {figures.price(stop_price, market)} by hand: NIJA keeps it"


def _at(market: str, amount: Decimal, price: Decimal) -> str:
    return f"{market} {figures.amount(amount)} @ {figures.price(price, market)}"
