"""Permissions, balances and fees of an account, from Coinbase's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.coinbase.json_fields import number, optional_text, section, text
from brokers.coinbase.permissions import PERMISSIONS
from brokers.errors import BadAnswer
from brokers.model import ZERO, Balance, Fees, KeyInfo
from brokers.unread_rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from brokers.coinbase.json_fields import JsonObject

# Money in vaults and futures wallets cannot be spent on spot markets.
_OTHER_KINDS = ("VAULT", "PERP_FUTURES")
_OTHER_PLATFORMS = ("CFM_CONSUMER", "INTX")


def key_info_of(answer: JsonObject, clock_skew: timedelta) -> KeyInfo:
    rights = {name.removeprefix("can_"): granted for name, granted in answer.items() if name.startswith("can_")}
    if not isinstance(rights.get("transfer"), bool):
        raise BadAnswer("Coinbase did not say whether the key can transfer")
    granted = frozenset(name for name, has in rights.items() if has is True)
    return KeyInfo(
        account_uid=text(answer, "portfolio_uuid"),
        permissions=granted,
        missing=PERMISSIONS.needed_names - granted,
        can_withdraw=bool(granted & PERMISSIONS.withdrawing_names),
        clock_skew=clock_skew,
    )


def fees_of(answer: JsonObject) -> Fees:
    tier = section(answer, "fee_tier")
    return Fees(maker=number(tier, "maker_fee_rate"), taker=number(tier, "taker_fee_rate"))


def balances_of(wallets: Iterable[JsonObject], unread: dict[str, str]) -> Mapping[str, Balance]:
    """Available and held amounts by currency. USD and USDC are separate wallets and stay separate.

    A currency with an unreadable wallet is left out, because a partial sum would be taken for the whole.
    """
    balances: dict[str, Balance] = {}
    for one in read_rows(filter(_is_active, wallets), _balance, _wallet_name, unread):
        before = balances.get(one.currency, Balance(one.currency, ZERO))
        balances[one.currency] = Balance(one.currency, before.total + one.total, before.held + one.held)
    return {currency: balance for currency, balance in balances.items() if f"balance:{currency}" not in unread}


def _balance(wallet: JsonObject) -> Balance:
    currency = text(wallet, "currency")
    held = number(section(wallet, "hold"), "value")
    return Balance(currency, number(section(wallet, "available_balance"), "value") + held, held)


def _wallet_name(wallet: JsonObject) -> str:
    names = (optional_text(wallet, field) for field in ("currency", "name", "uuid"))
    return f"balance:{next(filter(None, names), 'a wallet without a name')}"


def _is_active(wallet: JsonObject) -> bool:
    if wallet.get("deleted_at") or wallet.get("active") is False or wallet.get("ready") is False:
        return False
    kind, platform = optional_text(wallet, "type"), optional_text(wallet, "platform")
    return not kind.endswith(_OTHER_KINDS) and not platform.endswith(_OTHER_PLATFORMS)
