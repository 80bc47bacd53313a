"""Permissions, balances and fees of an account, from Kraken's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brokers.kraken.json_fields import EPOCH, decimal_of, moment_of
from brokers.kraken.permissions import PERMISSIONS
from brokers.model import ZERO, Balance, Fees, KeyInfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from decimal import Decimal

    from brokers.kraken.symbols import Symbols


def balances_of(result: Mapping[str, Any], symbols: Symbols) -> tuple[dict[str, Balance], dict[str, str]]:
    """Balances by currency, and by `balance:<asset>` why a spendable asset is missing among them.

    Kraken Rewards (`.F`) are included: with Rewards on, the plain asset may be near zero.
    """
    totals: dict[str, Decimal] = {}
    holds: dict[str, Decimal] = {}
    unread: dict[str, str] = {}
    for asset, row in result.items():
        if symbols.is_locked(asset):
            continue
        currency = symbols.currency(asset)
        if currency is not None:
            credit = decimal_of(row.get("credit", 0)) - decimal_of(row.get("credit_used", 0))
            totals[currency] = totals.get(currency, ZERO) + decimal_of(row["balance"]) + credit
            holds[currency] = holds.get(currency, ZERO) + decimal_of(row.get("hold_trade", 0))
        elif not _is_nothing(row):
            unread[f"balance:{asset}"] = f"Kraken does not say which currency {asset} is"
    return {currency: Balance(currency, total, holds[currency]) for currency, total in totals.items()}, unread


def _is_nothing(row: object) -> bool:
    """Whether a balance is certainly zero."""
    try:
        return isinstance(row, dict) and decimal_of(row["balance"]) == ZERO
    except (LookupError, ArithmeticError, TypeError, ValueError):
        return False


def fees_of(result: Mapping[str, Any], pair_id: str) -> Fees:
    """The percent strings of TradeVolume as fractions; without a maker schedule, the taker fee applies to both."""
    taker = _fee(result["fees"], pair_id)
    makers = result.get("fees_maker")
    return Fees(maker=_fee(makers, pair_id) if makers else taker, taker=taker)


def _fee(table: Mapping[str, Any], pair_id: str) -> Decimal:
    """Only one pair was requested, so it is the only row even if listed under its altname."""
    row = table[pair_id] if pair_id in table else next(iter(table.values()))
    return decimal_of(row["fee"]) / 100


def key_info_of(result: Mapping[str, Any], fingerprint: str, skew: timedelta) -> KeyInfo:
    """Times are strings of Unix seconds, "0" if unset. Keys with the same `iban` belong to one account."""
    permissions = frozenset(str(name) for name in result["permissions"])
    account = result.get("iban")
    stored = result.get("nonce")
    return KeyInfo(
        account_uid=str(account) if account else f"key {fingerprint}",
        permissions=permissions,
        missing=PERMISSIONS.needed_names - permissions,
        can_withdraw=bool(permissions & PERMISSIONS.withdrawing_names),
        clock_skew=skew,
        expires=_moment_or_none(result.get("validUntil")),
        ip_allowlist=tuple(str(address) for address in result.get("ipAllowlist") or ()),
        names_account=bool(account),
        history_from=_moment_or_none(result.get("queryFrom")),
        history_until=_moment_or_none(result.get("queryTo")),
        stored_nonce=int(decimal_of(stored)) if stored else None,
    )


def _moment_or_none(seconds: object) -> datetime | None:
    moment = moment_of(seconds or 0)
    return None if moment == EPOCH else moment
