"""The HTTP side: which handler answers which path, after the checks of key, limits and permissions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from brokers.simulator.engine.markets import Mode
from brokers.simulator.engine.refusals import RefusedError
from brokers.simulator.faults import FaultKind
from brokers.simulator.kraken import accounts, amendments, cancels, history, market_data, orders
from brokers.simulator.kraken.arguments import Arguments, nested, parse_body
from brokers.simulator.kraken.auth import require_right
from brokers.simulator.kraken.errors import KrakenError, refusal
from brokers.simulator.kraken.face import KrakenCall, KrakenFace, KrakenPrivateCall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.types import Scope

    from brokers.simulator.records import RequestContext

_PUBLIC: Mapping[str, Callable[[KrakenCall], dict[str, Any]]] = {
    "Time": market_data.server_time,
    "SystemStatus": market_data.system_status,
    "Assets": market_data.assets,
    "AssetPairs": market_data.asset_pairs,
    "Ticker": market_data.ticker,
    "OHLC": market_data.ohlc,
    "Depth": market_data.depth,
    "Trades": market_data.trades,
    "Spread": market_data.spread,
}
_PRIVATE: Mapping[str, Callable[[KrakenPrivateCall], dict[str, Any]]] = {
    "AddOrder": orders.add_order,
    "AddOrderBatch": orders.add_order_batch,
    "AmendOrder": amendments.amend_order,
    "EditOrder": amendments.edit_order,
    "CancelOrder": cancels.cancel_order,
    "CancelOrderBatch": cancels.cancel_order_batch,
    "CancelAll": cancels.cancel_all,
    "CancelAllOrdersAfter": cancels.cancel_all_orders_after,
    "Balance": accounts.balance,
    "BalanceEx": accounts.balance_ex,
    "TradeBalance": accounts.trade_balance,
    "TradeVolume": accounts.trade_volume,
    "GetWebSocketsToken": accounts.websockets_token,
    "GetApiKeyInfo": accounts.api_key_info,
    "OpenOrders": history.open_orders,
    "ClosedOrders": history.closed_orders,
    "QueryOrders": history.query_orders,
    "TradesHistory": history.trades_history,
    "QueryTrades": history.query_trades,
    "Ledgers": history.ledgers,
    "QueryLedgers": history.query_ledgers,
    "OpenPositions": history.open_positions,
}

# A fault of the kind on the left makes the face answer with the text on the right, without acting.
_INJECTED = {
    FaultKind.REFUSE_KEY: "EAPI:Invalid key",
    FaultKind.LOCKOUT: "EGeneral:Temporary lockout",
    FaultKind.RATE_LIMIT: "EAPI:Rate limit exceeded",
    FaultKind.UNAVAILABLE_BEFORE: "EService:Unavailable",
}


def kraken_app(face: KrakenFace) -> Starlette:
    async def public_route(request: Request) -> Response:
        context: RequestContext = request.state.context
        return _answer(face, context, lambda: _public(face, request, context))

    async def private_route(request: Request) -> Response:
        context: RequestContext = request.state.context
        body = await request.body()
        return _answer(face, context, lambda: _private(face, request, context, body))

    return Starlette(
        routes=[
            Route("/0/public/{method}", public_route, methods=["GET"]),
            Route("/0/private/{method}", private_route, methods=["POST"]),
        ]
    )


def identify(face: KrakenFace) -> Callable[[Scope], tuple[str, str]]:
    """The endpoint and the key's account, for the middleware."""

    def endpoint_and_account(scope: Scope) -> tuple[str, str]:
        key = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"api-key"), "")
        state = face.keys.keys.get(key)
        return scope["path"].rsplit("/", 1)[-1], state.account.name if state else ""

    return endpoint_and_account


def _public(face: KrakenFace, request: Request, context: RequestContext) -> dict[str, Any]:
    handler = _PUBLIC.get(request.path_params["method"])
    if handler is None:
        raise KrakenError("EGeneral:Unknown method")
    _inject(context)
    if not face.counters.public(context.peer):
        raise KrakenError("EGeneral:Too many requests")
    return handler(KrakenCall(face, Arguments(nested(request.query_params.multi_items())), context))


def _private(face: KrakenFace, request: Request, context: RequestContext, body: bytes) -> dict[str, Any]:
    method = request.path_params["method"]
    handler = _PRIVATE.get(method)
    if handler is None:
        raise KrakenError("EGeneral:Unknown method")
    key, signature = request.headers.get("api-key", ""), request.headers.get("api-sign", "")
    arguments = parse_body(body, request.headers.get("content-type", ""))
    context.nonce = arguments.nonce()
    _inject(context)
    held_up = context.fault(FaultKind.DELAY_BEFORE) is not None
    state = face.keys.admit(request.url.path, key, signature, body, arguments, held_up=held_up)
    if context.fault(FaultKind.REFUSE_NONCE) is not None:
        raise KrakenError("EAPI:Invalid nonce", injected=True)
    if not face.counters.call(key, method):
        raise KrakenError("EAPI:Rate limit exceeded")
    require_right(state, method, context)
    if face.engine.exchange.mode is Mode.MAINTENANCE:
        raise KrakenError("EService:Unavailable", injected=True)
    account = face.engine.accounts[state.account.owner]
    return handler(KrakenPrivateCall(face, arguments, context, state, account))


def _inject(context: RequestContext) -> None:
    for kind, text in _INJECTED.items():
        if context.fault(kind) is not None:
            raise KrakenError(text, injected=True)


def _answer(face: KrakenFace, context: RequestContext, act: Callable[[], dict[str, Any]]) -> Response:
    """The answer's envelope, always with HTTP 200."""
    try:
        result = act()
    except (KrakenError, RefusedError) as raised:
        error = raised if isinstance(raised, KrakenError) else refusal(raised)
        context.error = error.text
        if error.is_violation:
            face.records.violate(context, error.text)
        return _json({"error": [error.text]})
    if context.fault(FaultKind.UNAVAILABLE_AFTER) is not None:
        return _json({"error": ["EService:Unavailable"]})
    if context.fault(FaultKind.EMPTY_RESULT) is not None:
        return _json({"error": []})
    return _json({"error": [], "result": result})


def _json(content: dict[str, Any]) -> Response:
    return Response(json.dumps(content), media_type="application/json")
