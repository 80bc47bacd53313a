"""Kraken's error strings for everything that can be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.simulator.engine.refusals import Barrier, EngineRefusal, RefusedError

if TYPE_CHECKING:
    from brokers.simulator.engine.refusals import Restriction
    from brokers.simulator.kraken.symbols import Pair

_TEXTS = {
    EngineRefusal.UNKNOWN_MARKET: "EQuery:Unknown asset pair",
    EngineRefusal.NO_PRICE: "EService:Unavailable",
    EngineRefusal.DEADLINE_ELAPSED: "EService:Deadline elapsed",
    EngineRefusal.AMOUNT_STEP: "EGeneral:Invalid arguments:volume",
    EngineRefusal.AMOUNT_MINIMUM: "EOrder:Order minimum not met",
    EngineRefusal.COST_MINIMUM: "EOrder:Cost minimum not met",
    EngineRefusal.PRICE_STEP: "EOrder:Tick size check failed",
    EngineRefusal.PRICE_INVALID: "EOrder:Invalid price",
    EngineRefusal.WOULD_CROSS: "EOrder:Post only order",
    EngineRefusal.CLIENT_ID_IN_USE: "EGeneral:Invalid arguments:cl_ord_id not unique",
    EngineRefusal.TOO_MANY_ORDERS: "EOrder:Orders limit exceeded",
    EngineRefusal.INSUFFICIENT_FUNDS: "EOrder:Insufficient funds",
    EngineRefusal.UNKNOWN_ORDER: "EOrder:Unknown order",
    EngineRefusal.INVALID_ORDER: "EOrder:Invalid order",
    EngineRefusal.NO_LIQUIDITY: "EOrder:Insufficient funds",
}

# A careful client never causes these; others (funds, a price that moved) can happen to any client.
_CLIENT_FAULTS = (
    "EAPI:Invalid key",
    "EAPI:Invalid signature",
    "EAPI:Invalid nonce",
    "EAPI:Rate limit exceeded",
    "EAPI:Bad request",
    "EGeneral:Invalid arguments",
    "EGeneral:Permission denied",
    "EGeneral:Unknown method",
    "EGeneral:Temporary lockout",
    "EGeneral:Too many requests",
    "EQuery:",
    "EOrder:Order minimum not met",
    "EOrder:Cost minimum not met",
    "EOrder:Tick size check failed",
    "EOrder:Invalid price",
    "EOrder:Rate limit exceeded",
    "EOrder:Orders limit exceeded",
)


class KrakenError(Exception):
    """One entry of the answer's `error` list. `injected` is true if a fault caused it, not the client."""

    def __init__(self, text: str, *, injected: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.injected = injected

    @property
    def is_violation(self) -> bool:
        return not self.injected and self.text.startswith(_CLIENT_FAULTS)


def invalid(argument: str) -> KrakenError:
    return KrakenError(f"EGeneral:Invalid arguments:{argument}")


def refusal(refused: RefusedError, pair: Pair | None = None, *, injected: bool = False) -> KrakenError:
    """`injected` is true if the market has just changed, so that the client could not know."""
    if refused.restriction is not None:
        return _restricted(refused.restriction, pair)
    if refused.refusal is EngineRefusal.MODE:
        return KrakenError(
            "EService:Unavailable" if refused.detail == "maintenance" else f"EService:Market in {refused.detail} mode"
        )
    if refused.refusal is EngineRefusal.PRICE_INVALID and pair is not None:
        return KrakenError(f"EOrder:Invalid price:{pair.altname} price must be above zero.")
    return KrakenError(_TEXTS[refused.refusal], injected=injected)


def _restricted(restriction: Restriction, pair: Pair | None) -> KrakenError:
    asset = "" if pair is None else pair.base.altname
    texts = {
        Barrier.COUNTRY: f"EAccount:Invalid permissions:{asset} trading restricted for {restriction.country}.",
        Barrier.PERMISSION: "EGeneral:Permission denied",
        Barrier.AGREEMENT: "EOrder:Trading agreement required",
        Barrier.INELIGIBLE: "EAccount:Invalid permissions",
    }
    return KrakenError(texts[restriction.barrier], injected=True)


def too_precise(pair: Pair) -> KrakenError:
    return KrakenError(
        f"EOrder:Invalid price:{pair.altname} price can only be specified up to {pair.pair_decimals} decimals."
    )
