"""Why an order is refused, in Coinbase's own codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brokers.simulator.coinbase.errors import UNKNOWN_PREVIEW, UNKNOWN_REASON, OrderRefusedError, permission_denied
from brokers.simulator.engine.markets import Mode
from brokers.simulator.engine.refusals import Barrier, EngineRefusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.simulator.engine.refusals import RefusedError, Restriction

_MESSAGES = {
    "INSUFFICIENT_FUND": "Insufficient balance in source account",
    "INVALID_PRODUCT_ID": "Invalid product id",
    "INVALID_SIZE_PRECISION": "Too many decimals in order size",
    "INVALID_PRICE_PRECISION": "Too many decimals in order price",
    "INVALID_LIMIT_PRICE_POST_ONLY": "Limit price would cross the book, post only orders cannot be filled immediately",
    "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL": "Order size below the product's minimum",
    "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL": "Order total below the product's minimum",
}
_CODES = {
    EngineRefusal.UNKNOWN_MARKET: ("INVALID_PRODUCT_ID", UNKNOWN_PREVIEW),
    EngineRefusal.NO_PRICE: ("ORDER_ENTRY_DISABLED", "PREVIEW_PRODUCT_TRADING_HALTED"),
    EngineRefusal.MODE: ("ORDER_ENTRY_DISABLED", "PREVIEW_TRADING_DISABLED"),
    EngineRefusal.DEADLINE_ELAPSED: (UNKNOWN_REASON, "PREVIEW_END_TIME_IS_IN_PAST"),
    EngineRefusal.AMOUNT_STEP: ("INVALID_SIZE_PRECISION", "PREVIEW_INVALID_SIZE_PRECISION"),
    EngineRefusal.AMOUNT_MINIMUM: (UNKNOWN_REASON, "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
    EngineRefusal.COST_MINIMUM: (UNKNOWN_REASON, "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"),
    EngineRefusal.PRICE_STEP: ("INVALID_PRICE_PRECISION", "PREVIEW_INVALID_PRICE_PRECISION"),
    EngineRefusal.PRICE_INVALID: ("INVALID_LIMIT_PRICE", "PREVIEW_INVALID_LIMIT_PRICE"),
    EngineRefusal.WOULD_CROSS: ("INVALID_LIMIT_PRICE_POST_ONLY", "PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY"),
    EngineRefusal.TOO_MANY_ORDERS: ("COMMANDER_REJECTED_NEW_ORDER", UNKNOWN_PREVIEW),
    EngineRefusal.INSUFFICIENT_FUNDS: ("INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND"),
    EngineRefusal.NO_LIQUIDITY: ("INVALID_NO_LIQUIDITY", "PREVIEW_INVALID_NO_LIQUIDITY"),
}
# The modes in which a product accepts no orders at all, with their codes.
CLOSED: Mapping[Mode, tuple[str, str]] = {
    Mode.CANCEL_ONLY: ("ORDER_ENTRY_DISABLED", "PREVIEW_TRADING_DISABLED"),
    Mode.HALTED: ("ORDER_ENTRY_DISABLED", "PREVIEW_PRODUCT_TRADING_HALTED"),
    Mode.AUCTION: ("ORDER_ENTRY_DISABLED", "PREVIEW_NOT_ALLOWED_BY_MARKET_STATE"),
    Mode.VIEW_ONLY: ("UNTRADABLE_PRODUCT", "PREVIEW_UNTRADABLE_PRODUCT"),
    Mode.DISABLED: ("UNTRADABLE_PRODUCT", "PREVIEW_UNTRADABLE_PRODUCT"),
    Mode.MAINTENANCE: ("UNTRADABLE_PRODUCT", "PREVIEW_UNTRADABLE_PRODUCT"),
}
# A careful client never causes these; funds, crossing prices and market states can happen to any client.
_CLIENT_FAULTS = (
    "INVALID_PRODUCT_ID",
    "INVALID_SIZE_PRECISION",
    "INVALID_PRICE_PRECISION",
    "INVALID_LIMIT_PRICE",
    "INVALID_BRACKET_PRICES",
    "UNSUPPORTED_ORDER_CONFIGURATION",
    "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL",
    "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE",
    "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL",
    "PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE",
)


def refusal(reason: str, preview: str) -> OrderRefusedError:
    """`reason` is empty if only the preview's code is meaningful."""
    reason = reason or UNKNOWN_REASON
    code = preview if reason == UNKNOWN_REASON else reason
    return OrderRefusedError(reason, preview, _MESSAGES.get(code, ""))


def refusal_of(refused: RefusedError) -> OrderRefusedError:
    """The engine's reason in this exchange's codes. Raises ApiError if it refuses the whole request."""
    if refused.restriction is not None:
        return _restricted(refused.restriction)
    reason, preview = _CODES[refused.refusal]
    return refusal(reason, preview)


def _restricted(restriction: Restriction) -> OrderRefusedError:
    if restriction.barrier is Barrier.PERMISSION:
        raise permission_denied("User does not have the correct permissions", injected=True)
    if restriction.barrier is Barrier.COUNTRY:
        return refusal("GEOFENCING_RESTRICTION", "PREVIEW_GEOFENCING_RESTRICTION")
    return refusal("INELIGIBLE_PAIR", UNKNOWN_PREVIEW)


def is_client_fault(refused: OrderRefusedError) -> bool:
    return refused.code in _CLIENT_FAULTS


def refused_answer(refused: OrderRefusedError, configuration: object) -> dict[str, Any]:
    """HTTP 200 with success false; the code may be in any of four places."""
    return {
        "success": False,
        "failure_reason": UNKNOWN_REASON,
        "order_id": "",
        "error_response": {
            "error": refused.reason,
            "message": refused.message,
            "error_details": "",
            "preview_failure_reason": refused.preview,
            "new_order_failure_reason": refused.reason,
        },
        "order_configuration": configuration,
    }
