"""Wallets, key, portfolio, fees."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import ZERO
from brokers.simulator.coinbase.errors import not_found, permission_denied
from brokers.simulator.coinbase.fee_table import FEE_TIERS
from brokers.simulator.coinbase.ids import derived
from brokers.simulator.coinbase.paging import page
from brokers.simulator.coinbase.text import plain

if TYPE_CHECKING:
    from brokers.simulator.coinbase.face import Answer, CoinbasePrivateCall

_PAGE, _MOST = 49, 250
_OPENED = "2024-01-01T00:00:00Z"
_FIAT = ("USD", "EUR", "GBP")


def list_accounts(call: CoinbasePrivateCall) -> Answer:
    call.query.only("limit", "cursor", "retail_portfolio_id")
    call.own_portfolio(call.query.text("retail_portfolio_id"))
    wallets = list_wallets(call)
    rows, cursor = page(wallets, call.query, default=_PAGE, largest=_MOST, identity=lambda wallet: wallet.uuid)
    shown = [_wallet_fields(call, wallet) for wallet in rows]
    return {"accounts": shown, "has_next": bool(cursor), "cursor": cursor, "size": len(rows)}


def get_account(call: CoinbasePrivateCall) -> Answer:
    call.query.only()
    wallet = next((wallet for wallet in list_wallets(call) if wallet.uuid == call.path["account_uuid"]), None)
    if wallet is None:
        raise not_found("account not found")
    return {"account": _wallet_fields(call, wallet)}


def key_permissions(call: CoinbasePrivateCall) -> Answer:
    call.query.only()
    key = call.key
    return {
        "can_view": key.can_view,
        "can_trade": key.can_trade,
        "can_transfer": key.can_transfer,
        "can_receive": key.can_receive,
        "portfolio_uuid": key.portfolio,
        "portfolio_type": "DEFAULT",
    }


def list_portfolios(call: CoinbasePrivateCall) -> Answer:
    call.query.only("portfolio_type")
    return {"portfolios": [_portfolio(call)]}


def get_portfolio(call: CoinbasePrivateCall) -> Answer:
    call.query.only("currency")
    if call.path["portfolio_uuid"] != call.key.portfolio:
        raise permission_denied("User does not have access to portfolio")
    positions = [_position(call, wallet) for wallet in list_wallets(call)]
    total = sum((Decimal(position["total_balance_fiat"]) for position in positions), ZERO)
    money = {"value": plain(total), "currency": "USD"}
    nothing = {"value": "0", "currency": "USD"}
    return {
        "breakdown": {
            "portfolio": _portfolio(call),
            "portfolio_balances": {
                "total_balance": money,
                "total_futures_balance": nothing,
                "total_cash_equivalent_balance": nothing,
                "total_crypto_balance": nothing,
                "futures_unrealized_pnl": nothing,
                "perp_unrealized_pnl": nothing,
            },
            "spot_positions": positions,
            "perp_positions": [],
            "futures_positions": [],
        }
    }


def transaction_summary(call: CoinbasePrivateCall) -> Answer:
    call.query.only("product_type", "contract_expiry_type", "product_venue", "start_date", "end_date")
    tier = next((tier for tier in FEE_TIERS if tier.fees == call.account.fees), FEE_TIERS[0])
    fills = call.account.fills.values()
    volume, fees = sum((fill.cost for fill in fills), ZERO), sum((fill.fee for fill in fills), ZERO)
    return {
        "total_volume": float(volume),
        "total_fees": float(fees),
        "fee_tier": {
            "pricing_tier": tier.name,
            "usd_from": str(tier.volume),
            "usd_to": "" if tier.until is None else str(tier.until),
            "taker_fee_rate": plain(call.account.fees.taker),
            "maker_fee_rate": plain(call.account.fees.maker),
            "aop_from": "0",
            "aop_to": "" if tier.until is None else str(tier.until),
        },
        "margin_rate": None,
        "goods_and_services_tax": None,
        "advanced_trade_only_volume": float(volume),
        "advanced_trade_only_fees": float(fees),
        "coinbase_pro_volume": 0,
        "coinbase_pro_fees": 0,
        "total_balance": "",
        "has_promo_fee": False,
    }


def payment_methods(call: CoinbasePrivateCall) -> Answer:
    call.query.only()
    return {"payment_methods": []}


@dataclass(frozen=True, slots=True)
class Wallet:
    """One currency of an account; `held` is part of `total`."""

    uuid: str
    currency: str
    total: Decimal
    held: Decimal

    @property
    def is_fiat(self) -> bool:
        return self.currency in _FIAT


def list_wallets(call: CoinbasePrivateCall) -> list[Wallet]:
    """Leaves out wallets that never held anything, and staked coins."""
    balances, holds = call.account.shown_balances(call.face.clock.time())
    return [
        Wallet(derived(call.key.portfolio, "wallet", currency), currency, total, holds.get(currency, ZERO))
        for currency, total in sorted(balances.items())
        if "." not in currency
    ]


def _wallet_fields(call: CoinbasePrivateCall, wallet: Wallet) -> Answer:
    """`available_balance` excludes holds."""
    return {
        "uuid": wallet.uuid,
        "name": f"{wallet.currency} Wallet",
        "currency": wallet.currency,
        "available_balance": {"value": plain(wallet.total - wallet.held), "currency": wallet.currency},
        "default": True,
        "active": True,
        "created_at": _OPENED,
        "updated_at": _OPENED,
        "deleted_at": None,
        "type": "ACCOUNT_TYPE_FIAT" if wallet.is_fiat else "ACCOUNT_TYPE_CRYPTO",
        "ready": True,
        "hold": {"value": plain(wallet.held), "currency": wallet.currency},
        "retail_portfolio_id": call.key.portfolio,
        "platform": "ACCOUNT_PLATFORM_CONSUMER",
    }


def _portfolio(call: CoinbasePrivateCall) -> Answer:
    return {"name": "Default", "uuid": call.key.portfolio, "type": "DEFAULT", "deleted": False}


def _position(call: CoinbasePrivateCall, wallet: Wallet) -> Answer:
    product = call.face.products.find(f"{wallet.currency}-USD")
    price = call.face.board.last(product.spec.symbol) if product else Decimal(wallet.currency == "USD")
    return {
        "asset": wallet.currency,
        "account_uuid": wallet.uuid,
        "total_balance_fiat": plain(wallet.total * (price or ZERO)),
        "total_balance_crypto": plain(wallet.total),
        "available_to_trade_fiat": plain((wallet.total - wallet.held) * (price or ZERO)),
        "is_cash": wallet.is_fiat,
    }
