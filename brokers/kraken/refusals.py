"""What to do about an order that Kraken refuses because of its market, in words for the account's owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.errors import MarketRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEAVE_OUT = "take the market off this account with `disabled_markets` in nija.toml"
RESTRICTED = f"Kraken does not let this account trade it where its owner lives: {_LEAVE_OUT}"
PURCHASE_LIMIT = f"the yearly limit on purchases in Canada is reached: raise it at Kraken, or {_LEAVE_OUT}"
AGREEMENT = (
    "Kraken asks this account for a trading agreement and did not take NIJA's: log in to Kraken, accept what it asks "
    f"for, or {_LEAVE_OUT}"
)
KEY_IS_FINE = (
    "the API key has the right to trade, so Kraken refuses this market to the account: trade it once on Kraken's "
    f"website to see why, or {_LEAVE_OUT}"
)
NOT_LISTED = "check the spelling under `markets` in nija.toml; what Kraken has taken off its list cannot be traded"

# Any one of these is enough.
_RIGHTS = {
    "AddOrder": frozenset({"modify-trades"}),
    "AmendOrder": frozenset({"modify-trades", "close-trades"}),
    "CancelOrder": frozenset({"modify-trades", "close-trades"}),
}


class AgreementNeeded(MarketRefused):
    """Accounts with an address in Germany must send `trading_agreement=agree` (support article 360000920026)."""


def may(method: str, permissions: Iterable[str]) -> bool:
    """Whether a key with these permissions has the right that a method of the matching engine needs."""
    return not _RIGHTS[method].isdisjoint(permissions)
