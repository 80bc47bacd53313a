"""Remedies for orders that Kraken refuses because of their market, worded for the account's owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.errors import MarketRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEAVE_OUT = "take the market off this account with `disabled_markets` in nija.toml"
RESTRICTED = f"Kraken does not allow this market where the account's owner lives: {_LEAVE_OUT}"
PURCHASE_LIMIT = f"the yearly purchase limit in Canada is reached: raise it at Kraken, or {_LEAVE_OUT}"
AGREEMENT = (
    "Kraken requires a trading agreement from this account and did not accept NIJA's: log in to Kraken and accept it, "
    f"or {_LEAVE_OUT}"
)
KEY_IS_FINE = (
    "the API key has permission to trade, so Kraken refuses this market to the account: trade it once on Kraken's "
    f"website to see why, or {_LEAVE_OUT}"
)
NOT_LISTED = "check the spelling under `markets` in nija.toml; markets that Kraken has delisted cannot be traded"

# Any one of these is enough.
_PERMISSIONS = {
    "AddOrder": frozenset({"modify-trades"}),
    "AmendOrder": frozenset({"modify-trades", "close-trades"}),
    "CancelOrder": frozenset({"modify-trades", "close-trades"}),
}


class AgreementNeeded(MarketRefused):
    """Accounts with an address in Germany must send `trading_agreement=agree` (support article 360000920026)."""


def may(method: str, permissions: Iterable[str]) -> bool:
    """Whether these permissions allow a method of the matching engine."""
    return not _PERMISSIONS[method].isdisjoint(permissions)
