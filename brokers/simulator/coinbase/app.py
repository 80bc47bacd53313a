"""The HTTP side: checks of token, permissions and limits before a handler, Coinbase's error formats after it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from brokers.simulator.coinbase.arguments import Fields, Query, parse_body
from brokers.simulator.coinbase.errors import (
    ApiError,
    invalid_argument,
    not_found,
    permission_denied,
    too_many_requests,
    unauthorized,
    unavailable,
)
from brokers.simulator.coinbase.face import Answer, CoinbaseCall, CoinbaseFace, CoinbasePrivateCall
from brokers.simulator.coinbase.routes import PRIVATE, PUBLIC, V3, PrivateEndpoint, PublicEndpoint, Right
from brokers.simulator.engine.markets import Mode
from brokers.simulator.engine.refusals import RefusedError
from brokers.simulator.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Scope

    from brokers.simulator.coinbase.auth import CoinbaseKeyState
    from brokers.simulator.coinbase.limits import Allowance
    from brokers.simulator.records import RequestContext


def coinbase_app(face: CoinbaseFace) -> Starlette:
    """The ASGI app; it expects the fault middleware in front of it."""
    private = (Route(path.path, _private_route(face, path), methods=[path.method]) for path in PRIVATE)
    public = (Route(path.path, _public_route(face, path), methods=[path.method]) for path in PUBLIC)

    async def unknown_path(request: Request, error: Exception) -> Response:
        context: RequestContext = request.state.context
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
        why = f"unknown path {request.method} {request.url.path}"
        face.records.violate(context, why)
        return _failed(face, context, ApiError(status, not_found("path not found").body, why))

    return Starlette(routes=[*private, *public], exception_handlers={404: unknown_path, 405: unknown_path})


def identify(face: CoinbaseFace) -> Callable[[Scope], tuple[str, str]]:
    """The endpoint (`POST /orders`) and the account of the claimed key, for the middleware."""

    def endpoint_and_account(scope: Scope) -> tuple[str, str]:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        state = face.keys.named_in(headers.get(b"authorization", ""))
        endpoint = f"{scope['method']} {scope['path'].removeprefix(V3)}"
        return endpoint, state.account.name if state else ""

    return endpoint_and_account


def _private_route(face: CoinbaseFace, endpoint: PrivateEndpoint) -> Callable[[Request], Awaitable[Response]]:
    async def route(request: Request) -> Response:
        body = await request.body()
        context: RequestContext = request.state.context
        try:
            key = _admitted(face, request, context)
        except ApiError as refused:
            return _failed(face, context, refused)
        return _answer(face, context, face.limits.of_user(key.portfolio), lambda: _act(request, body, key))

    def _act(request: Request, body: bytes, key: CoinbaseKeyState) -> Answer:
        context: RequestContext = request.state.context
        _check_right(key, endpoint.right, context)
        if face.engine.exchange.mode is Mode.MAINTENANCE:
            raise unavailable()
        account = face.engine.accounts[key.account.owner]
        query, fields, path = _query(request), _fields(request, body), request.path_params
        return endpoint.handler(CoinbasePrivateCall(face, context, query, fields, path, key, account))

    return route


def _public_route(face: CoinbaseFace, endpoint: PublicEndpoint) -> Callable[[Request], Awaitable[Response]]:
    async def route(request: Request) -> Response:
        body = await request.body()
        context: RequestContext = request.state.context
        try:
            if "authorization" in request.headers:
                _admitted(face, request, context)
        except ApiError as refused:
            return _failed(face, context, refused)
        return _answer(face, context, face.limits.of_address(context.peer), lambda: _act(request, body))

    def _act(request: Request, body: bytes) -> Answer:
        query, fields = _query(request), _fields(request, body)
        return endpoint.handler(CoinbaseCall(face, request.state.context, query, fields, request.path_params))

    return route


def _admitted(face: CoinbaseFace, request: Request, context: RequestContext) -> CoinbaseKeyState:
    if context.fault(FaultKind.REFUSE_KEY) is not None or context.fault(FaultKind.LOCKOUT) is not None:
        raise unauthorized("injected", injected=True)
    uri = f"{request.method} {request.headers.get('host', '')}{request.url.path}"
    offset = context.fault(FaultKind.CLOCK_OFFSET)
    return face.keys.admit(
        request.headers.get("authorization", ""), uri, context.peer, offset.seconds if offset else 0.0
    )


def _check_right(key: CoinbaseKeyState, right: Right, context: RequestContext) -> None:
    if context.fault(FaultKind.REVOKE_PERMISSION) is not None:
        raise permission_denied("Missing required scopes", injected=True)
    if not (key.can_trade if right is Right.TRADE else key.can_view):
        raise permission_denied("Missing required scopes")


def _query(request: Request) -> Query:
    return Query(tuple(request.query_params.multi_items()))


def _fields(request: Request, body: bytes) -> Fields:
    """Only a POST has a body; an empty object with a GET is ignored, as some clients send it."""
    if request.method == "POST":
        return parse_body(body)
    if body.strip() not in (b"", b"{}"):
        raise invalid_argument("a GET takes no body")
    return Fields({})


def _answer(face: CoinbaseFace, context: RequestContext, allowance: Allowance, act: Callable[[], Answer]) -> Response:
    try:
        if context.fault(FaultKind.RATE_LIMIT) is not None:
            raise too_many_requests(injected=True)
        if not allowance.allowed:
            raise too_many_requests()
        if context.fault(FaultKind.UNAVAILABLE_BEFORE) is not None:
            raise unavailable()
        answer = act()
        if context.fault(FaultKind.UNAVAILABLE_AFTER) is not None:
            raise unavailable()
    except ApiError as refused:
        return _failed(face, context, refused, allowance.headers())
    except RefusedError as refused:
        # Only until the first price is known.
        context.error = str(refused)
        return _failed(face, context, unavailable(), allowance.headers())
    empty = context.fault(FaultKind.EMPTY_RESULT) is not None
    return _json(HTTPStatus.OK, {} if empty else answer, allowance.headers())


def _failed(
    face: CoinbaseFace, context: RequestContext, refused: ApiError, headers: dict[str, str] | None = None
) -> Response:
    context.error = refused.text
    if refused.is_violation:
        face.records.violate(context, refused.text)
    if refused.body is None:
        return PlainTextResponse("Unauthorized", refused.status, headers)
    return _json(refused.status, refused.body, headers or {})


def _json(status: int, content: dict[str, Any], headers: dict[str, str]) -> Response:
    text = json.dumps(content, separators=(",", ":"))
    return Response(text, status, headers, media_type="application/json")
