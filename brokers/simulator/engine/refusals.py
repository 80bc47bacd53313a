"""Why the engine refuses an order; each face expresses it in its exchange's own terms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EngineRefusal(StrEnum):
    UNKNOWN_MARKET = "unknown market"
    NO_PRICE = "no price yet"
    MODE = "market mode"
    RESTRICTED = "market restricted for this account"
    DEADLINE_ELAPSED = "deadline elapsed"
    AMOUNT_STEP = "amount off its step"
    AMOUNT_MINIMUM = "amount below the minimum"
    COST_MINIMUM = "cost below the minimum"
    PRICE_STEP = "price off its tick"
    PRICE_INVALID = "price invalid"
    WOULD_CROSS = "post-only order would cross"
    CLIENT_ID_IN_USE = "client id in use by an open order"
    TOO_MANY_ORDERS = "too many open orders"
    INSUFFICIENT_FUNDS = "insufficient funds"
    UNKNOWN_ORDER = "order is gone"
    INVALID_ORDER = "order was never issued"
    NO_LIQUIDITY = "book is empty"


class Barrier(StrEnum):
    """Why a market is closed to an account. AGREEMENT blocks market orders until the client agrees (Kraken)."""

    COUNTRY = "country"
    PERMISSION = "permission"
    AGREEMENT = "agreement"
    INELIGIBLE = "ineligible"


@dataclass(frozen=True, slots=True)
class Restriction:
    """A market an account may not trade. `country` is a code such as `NL` or `US:WA`."""

    barrier: Barrier
    country: str = "NL"


class RefusedError(Exception):
    """`refusal` is the reason; `detail` names the mode or the market if relevant."""

    def __init__(self, refusal: EngineRefusal, detail: str = "", restriction: Restriction | None = None) -> None:
        super().__init__(f"{refusal.value}: {detail}" if detail else refusal.value)
        self.refusal = refusal
        self.detail = detail
        self.restriction = restriction
