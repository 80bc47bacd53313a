"""The judge's door, on a loopback port of its own: JSON in, JSON out.

- GET /state: everything. `accounts` by `kraken:master` with balances, holds, orders (each with its client id, status,
  filled, cost, fee), fills, ledger and the key's nonces; `markets` with prices and modes; `requests` (time, endpoint,
  account, status, nonce, error, faults) and `violations` (a client's own mistakes); `faults` and `faults_injected`.
  /state?only=accounts,violations leaves the rest out, which in a long run is most of it.
- GET /health: {"ok": true} as soon as everything is served.
- POST /faults: one fault or a list, with the fields of `faults.Fault`, and `for` (seconds) instead of `until`.
  {"storm": seed, "duration", "mean_gap", "accounts"?} sets a whole seeded schedule of passing faults.
  DELETE /faults ends them all.
- POST /price {"market", "price", "exchange"?}: sets the price and holds it there. {"market", "release": true} lets the
  source move it again.
- POST /mode {"mode", "exchange"?, "market"?}: online, cancel_only, post_only, limit_only, maintenance.
- POST /balance {"account", "currency", "amount"}: the owner deposits, or withdraws where negative.
- POST /orders {"account", "market", "side", "amount", "limit_price"?, "stop_price"?}: the owner trades by hand.
- DELETE /orders {"account", "id"?}: the owner cancels one order by hand, or all.
- POST /tick: moves prices and everything that is due now, without waiting for the next tick.

A broken request is answered with 400 and {"error": why}.
"""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from brokers.model import Exchange, Side
from brokers.simulator.engine.markets import Mode
from brokers.simulator.engine.orders import Kind, Ticket
from brokers.simulator.engine.refusals import RefusedError
from brokers.simulator.faults import Fault, FaultKind
from brokers.simulator.schedule import seeded_schedule
from brokers.simulator.state import order_state, state_parts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.engine.engine import Engine
    from brokers.simulator.world import World

    Body = Mapping[str, Any]
    Act = Callable[[World, Any], Any]


def admin_app(world: World) -> Starlette:
    return Starlette(
        routes=[
            Route("/state", _state_route(world), methods=["GET"]),
            Route("/health", _route(world, lambda _world, _: {"ok": True}), methods=["GET"]),
            Route("/faults", _route(world, set_faults), methods=["POST"]),
            Route("/faults", _route(world, clear_faults), methods=["DELETE"]),
            Route("/price", _route(world, set_price), methods=["POST"]),
            Route("/mode", _route(world, set_mode), methods=["POST"]),
            Route("/balance", _route(world, move_balance), methods=["POST"]),
            Route("/orders", _route(world, place_by_hand), methods=["POST"]),
            Route("/orders", _route(world, cancel_by_hand), methods=["DELETE"]),
            Route("/tick", _route(world, tick), methods=["POST"]),
        ]
    )


def _state_route(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        wanted = request.query_params.get("only", "").split(",")
        return JSONResponse(
            {name: part() for name, part in state_parts(world).items() if wanted == [""] or name in wanted}
        )

    return endpoint


def _route(world: World, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}", parse_float=Decimal)
            return JSONResponse(act(world, body))
        except (RefusedError, KeyError, ValueError, TypeError, InvalidOperation) as problem:
            return JSONResponse({"error": f"{type(problem).__name__}: {problem}"}, status_code=400)

    return endpoint


def set_faults(world: World, body: Body | list[Body]) -> dict[str, Any]:
    wanted = body if isinstance(body, list) else [body]
    for item in wanted:
        world.plan.add(*(_storm(world, item) if "storm" in item else (_fault(world, item),)))
    return {"faults": len(world.plan.faults)}


def _fault(world: World, body: Body) -> Fault:
    values = dict(body)
    lasting = values.pop("for", None)
    unknown = values.keys() - {name.name for name in fields(Fault)}
    if unknown:
        raise ValueError(f"a fault has no {sorted(unknown)}")
    values["kind"] = FaultKind(values["kind"])
    for name in ("probability", "seconds", "since", "until"):
        if values.get(name) is not None:
            values[name] = float(values[name])
    if lasting is not None:
        values["until"] = world.clock.time() + float(lasting)
    return Fault(**values)


def _storm(world: World, body: Body) -> tuple[Fault, ...]:
    return seeded_schedule(
        int(body["storm"]),
        start=world.clock.time(),
        duration=float(body["duration"]),
        mean_gap=float(body["mean_gap"]),
        accounts=body.get("accounts", ("*",)),
    )


def clear_faults(world: World, _body: Body) -> dict[str, Any]:
    world.plan.clear()
    return {"faults": 0}


def set_price(world: World, body: Body) -> dict[str, Any]:
    for engine in _engines(world, body):
        board = engine.venue.board
        if body["market"] not in board.symbols():
            continue
        if body.get("release"):
            board.release(body["market"])
        else:
            board.pin(body["market"], _number(body["price"]))
    return {"ok": True}


def set_mode(world: World, body: Body) -> dict[str, Any]:
    mode = Mode(body["mode"])
    for engine in _engines(world, body):
        if "market" in body:
            engine.venue.market_modes[body["market"]] = mode
        else:
            engine.venue.mode = mode
    return {"ok": True}


def move_balance(world: World, body: Body) -> dict[str, Any]:
    engine, account = _account(world, body)
    engine.deposit(account, body["currency"], _number(body["amount"]))
    return {"balance": format(account.balance(body["currency"]), "f")}


def place_by_hand(world: World, body: Body) -> dict[str, Any]:
    engine, account = _account(world, body)
    limit, stop = (_number(body[name]) if body.get(name) else None for name in ("limit_price", "stop_price"))
    kinds = {
        (False, False): Kind.MARKET,
        (True, False): Kind.LIMIT,
        (False, True): Kind.STOP_LOSS,
        (True, True): Kind.STOP_LOSS_LIMIT,
    }
    ticket = Ticket(
        symbol=body["market"],
        side=Side(body["side"]),
        kind=kinds[limit is not None, stop is not None],
        amount=_number(body["amount"]),
        limit_price=limit,
        stop_price=stop,
        by_hand=True,
    )
    return order_state(engine.place(account, ticket))


def cancel_by_hand(world: World, body: Body) -> dict[str, Any]:
    engine, account = _account(world, body)
    if "id" not in body:
        return {"count": engine.cancel_all(account)}
    engine.cancel(account, account.orders[body["id"]])
    return {"count": 1}


def tick(world: World, _body: Body) -> dict[str, Any]:
    world.tick()
    return {"ok": True}


def _engines(world: World, body: Body) -> list[Engine]:
    if "exchange" in body:
        return [world.faces[Exchange(body["exchange"])].engine]
    return list(world.engines())


def _account(world: World, body: Body) -> tuple[Engine, Account]:
    exchange, _, owner = body["account"].partition(":")
    engine = world.faces[Exchange(exchange)].engine
    return engine, engine.accounts[owner]


def _number(value: object) -> Decimal:
    return Decimal(str(value))
