"""The log's FIXED lines, which users and their scripts look for. Each function returns the exact text."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from accounts.currencies import CASH
from accounts.identity import full_name, short_name

if TYPE_CHECKING:
    from accounts.identity import AccountId

_CENT = Decimal("0.01")
_AMOUNT_STEP = Decimal("0.00000001")
_SIGNIFICANT_DIGITS = 4
_DOLLARS = ("USD", "USDC", "USDT")
_SIGNS = (("EUR", "€"), ("GBP", "£"), *((currency, "$") for currency in _DOLLARS))

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
    return f"💰 {short_name(account.exchange)} Balance ({account.label}): {currency} {money(total, currency)}"


def underfunded(minimum: Decimal, currency: str = "USD") -> str:
    least = money(minimum) if currency == "USD" else f"{_digits(minimum, currency):f} {currency}"
    return f"   ⚠️  UNDERFUNDED - needs at least {least}"


def thread_started(account: AccountId) -> str:
    return f"✅ Started independent trading thread for {account.exchange.value} ({account.label})"


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
    return f"🛡️ Stop of {market} was set to {price(stop_price, market.partition('/')[2])} by hand: NIJA keeps it"


def money(value: Decimal, currency: str = "USD") -> str:
    """`$1234.56`, or `0.00123456` of a coin: rounded towards zero so that nothing looks richer than it is."""
    shown = _digits(value, currency)
    return f"{'-' if shown < 0 else ''}{_sign(currency)}{abs(shown):f}"


def price(value: Decimal, currency: str = "USD") -> str:
    """`$95000.00`: two decimals; below 1 as many as show four significant digits (`$0.5123`, `$0.00001234`)."""
    if value == 0 or value.adjusted() >= 0:
        step = _CENT
    else:
        step = Decimal(1).scaleb(value.adjusted() - _SIGNIFICANT_DIGITS + 1)
    return f"{_sign(currency)}{value.quantize(step, rounding=ROUND_HALF_EVEN):f}"


def amount(value: Decimal) -> str:
    """`0.00100000`: eight decimals, the finest step of either exchange, rounded down."""
    return f"{value.quantize(_AMOUNT_STEP, rounding=ROUND_DOWN):f}"


def _at(market: str, base_amount: Decimal, quote_price: Decimal) -> str:
    return f"{market} {amount(base_amount)} @ {price(quote_price, market.partition('/')[2])}"


def _digits(value: Decimal, currency: str) -> Decimal:
    return value.quantize(_CENT if currency in CASH else _AMOUNT_STEP, rounding=ROUND_DOWN)


def _sign(currency: str) -> str:
    return dict(_SIGNS).get(currency, "")
