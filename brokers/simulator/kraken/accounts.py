"""Balances, the account's fee tier, and what the key itself may do."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.model import ZERO
from brokers.simulator.kraken.errors import KrakenError
from brokers.simulator.kraken.fee_table import FEE_TIERS
from brokers.simulator.kraken.render import fixed, money
from brokers.simulator.kraken.symbols import balance_name, find_asset

if TYPE_CHECKING:
    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.kraken.face import KrakenPrivateCall

_TOKEN_LIFE = 900


def balance(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only("rebase_multiplier")
    balances, _ = call.account.shown_balances(call.now)
    return {balance_name(currency): money(total, currency) for currency, total in balances.items()}


def balance_ex(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only("rebase_multiplier")
    balances, holds = call.account.shown_balances(call.now)
    return {
        balance_name(currency): {
            "balance": money(total, currency),
            "hold_trade": money(holds.get(currency, ZERO), currency),
        }
        for currency, total in balances.items()
    }


def trade_balance(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only("asset", "aclass", "rebase_multiplier")
    asset = find_asset(call.arguments.text("asset", "ZUSD") or "ZUSD")
    if asset is None:
        raise KrakenError("EQuery:Unknown asset")
    balances, holds = call.account.shown_balances(call.now)
    worth = sum((total * _rate(call, currency, asset.currency) for currency, total in balances.items()), ZERO)
    bound = sum((held * _rate(call, currency, asset.currency) for currency, held in holds.items()), ZERO)
    values = {"eb": worth, "tb": worth, "m": ZERO, "n": ZERO, "c": ZERO, "v": ZERO, "e": worth, "mf": worth - bound}
    return {key: money(value, asset.currency) for key, value in (values | {"uv": ZERO}).items()}


def _rate(call: KrakenPrivateCall, currency: str, into: str) -> Decimal:
    """The value of one unit in another currency; 0 if there is no market for it."""
    if currency == into:
        return Decimal(1)
    offered = call.face.board.symbols()
    for symbol, inverse in ((f"{currency}/{into}", False), (f"{into}/{currency}", True)):
        price = call.face.board.last(symbol) if symbol in offered else None
        if price is not None:
            return 1 / price if inverse else price
    return ZERO


def trade_volume(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only("pair", "fee-info", "fee_info", "rebase_multiplier")
    pairs = [call.face.pair(name) for name in call.arguments.listed("pair")]
    number = call.key.account.fee_tier
    tier = FEE_TIERS[number]
    answer: dict[str, Any] = {"currency": "ZUSD", "volume": fixed(tier.volume + _traded(call.account), 4)}
    if pairs:
        answer["fees"] = {pair.id: _fee_row(number, maker=False) for pair in pairs}
        answer["fees_maker"] = {pair.id: _fee_row(number, maker=True) for pair in pairs}
    return answer


def _fee_row(number: int, *, maker: bool) -> dict[str, Any]:
    rates = [tier.maker if maker else tier.taker for tier in FEE_TIERS]
    following = number + 1 < len(FEE_TIERS)
    return {
        "fee": fixed(rates[number], 4),
        "minfee": fixed(rates[-1], 4),
        "maxfee": fixed(rates[0], 4),
        "nextfee": fixed(rates[number + 1], 4) if following else None,
        "nextvolume": fixed(Decimal(FEE_TIERS[number + 1].volume), 4) if following else None,
        "tiervolume": fixed(Decimal(FEE_TIERS[number].volume), 4),
    }


def _traded(account: Account) -> Decimal:
    return sum((fill.cost for fill in account.fills.values() if fill.symbol.endswith("/USD")), ZERO)


def websockets_token(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only()
    return {"token": secrets.token_urlsafe(33), "expires": _TOKEN_LIFE}


def api_key_info(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only()
    key = call.key
    created = str(int(key.created))
    return {
        "apiKeyName": f"nija-{key.account.owner}",
        "apiKey": key.account.api_key.key,
        "nonce": str(key.last_nonce),
        "nonceWindow": key.account.nonce_window,
        "permissions": sorted(key.permissions),
        "iban": key.account.account_uid,
        "validUntil": str(int(key.valid_until)),
        "queryFrom": str(int(key.query_from)),
        "queryTo": str(int(key.query_to)),
        "createdTime": created,
        "modifiedTime": created,
        "ipAllowlist": list(key.ip_allowlist),
        "lastUsed": None if key.last_used is None else str(int(key.last_used)),
    }
