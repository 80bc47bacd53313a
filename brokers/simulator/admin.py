"""The admin API for tests and checkers, on its own loopback port: JSON in, JSON out.

- GET /state: everything. `accounts` by `kraken:master` with balances, holds, orders (each with its client id, status,
  filled, cost, fee), fills, ledger and the key's nonces; `markets` with prices and modes; `requests` (time, endpoint,
  account, status, nonce, error, faults) and `violations` (a client's own mistakes); `faults` and `faults_injected`.
  /state?only=accounts,violations returns only these parts; the rest is large after a long run.
- GET /health: {"ok": true} once all ports are served.
- GET /ownership: by account and currency who owns which coins, `oversales` (the owner's coins that NIJA sold) and
  `overexposed` (the owner's coins that NIJA's resting orders would sell).
- POST /faults: one fault or a list, with the fields of `faults.Fault`, and `for` (seconds) instead of `until`.
  {"storm": seed, "duration", "mean_gap", "accounts"?} schedules random transient faults from a seed.
  DELETE /faults ends them all.
- POST /tick: moves prices and processes everything that is due, without waiting for the next tick.

The exchanges (both if no `exchange` is given):

- POST /price {"market", "price"}: sets the price and holds it there. {"market", "release": true} lets the source move
  it again. {"market", "factor"}: it jumps to `factor` times the last price and continues from there.
- POST /mode {"mode", "market"?}: the mode of a market or of the exchange. online, cancel_only, post_only, limit_only;
  Kraken also reduce_only, Coinbase halted, auction, view_only, disabled; markets away (delisted), exchanges
  maintenance. Stops keep resting in all of them and trigger afterwards.
- POST /market {"market", "price_step"?, "amount_step"?, "min_amount"?, "min_cost"?}: changes them; resting orders stay.
- POST /clock {"offset"?, "drift_ppm"?}: the exchange's own clock, by which it checks deadlines and tokens.

One account's owner, without a key:

- POST /orders {"account", "market", "side", "amount", "limit_price"?, "stop_price"?}: an order by hand. {"account",
  "order": {...}}: an order of any kind in the format of AddOrder (with leverage, trigger) or of a create-order body
  (with TWAPs, scaled orders, `order_placement_source`).
- PATCH /orders {"account", "id", "amount"?, "limit_price"?, "stop_price"?}: moves or resizes an order, even NIJA's.
- DELETE /orders {"account", "id"?}: cancels one order or all, even NIJA's.
- POST /fills {"account", "market", "amount", "side"?, "price"?, "leverage"?}: a fill without an order, at price 0
  by default; with leverage it moves no coins.
- POST /balance {"account", "currency", "amount"}: deposits, or withdraws if negative. Currencies that the exchange
  does not list are accepted too.
- POST /stake {"account", "currency", "amount", "program"?}: stakes coins, or unstakes them if negative. Kraken then
  shows `XBT.S` (or .M, .B and so on), Coinbase nothing.
- POST /key {"account", "permissions"?, "valid_until"?, "ip_allowlist"?, "revoked"?}; for Kraken also
  "query_from"?, "query_to"? and "last_nonce"?.
- POST /restriction {"account", "market", "barrier", "country"?}: country, permission, agreement or ineligible.
  DELETE /restriction {"account", "market"?} lifts one, or all.

Scheduled acts:

- POST /acts: one act or a list, with the fields of `acts.Act`, and `in` (seconds from now) instead of `at`.
  {"storm": seed, "duration", "mean_gap", "accounts"?, "markets"?} schedules random acts from a seed.
  DELETE /acts cancels them all, opens every market to everybody and corrects the clocks.

A bad request is answered with 400 and {"error": why}.
"""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from brokers.simulator import admin_exchange, admin_owner
from brokers.simulator.engine.refusals import RefusedError
from brokers.simulator.faults import Fault, FaultKind
from brokers.simulator.schedule import seeded_schedule
from brokers.simulator.state import ownership_state, state_parts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from brokers.simulator.admin_targets import Body
    from brokers.simulator.world import World

    Act = Callable[[World, Any], Any]

_ACTS: tuple[tuple[str, str, Act], ...] = (
    ("POST", "/price", admin_exchange.set_price),
    ("POST", "/mode", admin_exchange.set_mode),
    ("POST", "/market", admin_exchange.change_market),
    ("POST", "/clock", admin_exchange.set_clock),
    ("POST", "/restriction", admin_exchange.restrict),
    ("DELETE", "/restriction", admin_exchange.allow),
    ("POST", "/acts", admin_exchange.add_acts),
    ("DELETE", "/acts", admin_exchange.clear_acts),
    ("POST", "/orders", admin_owner.place_by_hand),
    ("PATCH", "/orders", admin_owner.amend_by_hand),
    ("DELETE", "/orders", admin_owner.cancel_by_hand),
    ("POST", "/fills", admin_owner.receive_fill),
    ("POST", "/balance", admin_owner.move_balance),
    ("POST", "/stake", admin_owner.stake),
    ("POST", "/key", admin_owner.change_key),
)


def admin_app(world: World) -> Starlette:
    return Starlette(
        routes=[
            Route("/state", _state_route(world), methods=["GET"]),
            Route("/health", _route(world, lambda _world, _: {"ok": True}), methods=["GET"]),
            Route("/faults", _route(world, set_faults), methods=["POST"]),
            Route("/faults", _route(world, clear_faults), methods=["DELETE"]),
            Route("/tick", _route(world, tick), methods=["POST"]),
            Route("/ownership", _route(world, lambda world, _: ownership_state(world)), methods=["GET"]),
            *(Route(path, _route(world, act), methods=[method]) for method, path, act in _ACTS),
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


def tick(world: World, _body: Body) -> dict[str, Any]:
    world.tick()
    return {"ok": True}
