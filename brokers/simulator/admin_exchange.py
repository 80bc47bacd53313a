"""Admin calls that change an exchange: prices, modes, steps, restrictions, clocks, and scheduled acts."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from brokers.simulator.acts import Act, ActKind
from brokers.simulator.admin_targets import faces_of, hands_of, number
from brokers.simulator.engine.markets import Mode
from brokers.simulator.engine.refusals import Barrier, Restriction
from brokers.simulator.schedule import seeded_acts

if TYPE_CHECKING:
    from brokers.simulator.admin_targets import Body
    from brokers.simulator.mounted import MountedFace
    from brokers.simulator.world import World

_STEPS = ("amount_step", "price_step", "min_amount", "min_cost")


def set_price(world: World, body: Body) -> dict[str, Any]:
    for face in faces_of(world, body):
        board = face.engine.exchange.board
        if body["market"] not in board.symbols():
            continue
        if body.get("release"):
            board.release(body["market"])
        elif "factor" in body:
            board.gap(body["market"], number(body["factor"]))
        else:
            board.pin(body["market"], number(body["price"]))
    return {"ok": True}


def set_mode(world: World, body: Body) -> dict[str, Any]:
    mode, market = Mode(body["mode"]), body.get("market")
    faces = [face for face in faces_of(world, body) if _knows(face, mode, market)]
    if not faces:
        raise ValueError(f"{body.get('exchange', 'no exchange')} has no mode {mode.value}")
    for face in faces:
        face.engine.set_mode(mode, market)
    return {"ok": True}


def _knows(face: MountedFace, mode: Mode, market: str | None) -> bool:
    if market is None:
        return mode in face.system_modes
    return mode in face.market_modes and market in face.engine.exchange.markets


def change_market(world: World, body: Body) -> dict[str, Any]:
    changes = {name: number(body[name]) for name in _STEPS if name in body}
    if not changes or min(changes.values()) <= 0:
        raise ValueError(f"one of {', '.join(_STEPS)} is needed, above 0")
    for face in faces_of(world, body):
        exchange = face.engine.exchange
        if body["market"] in exchange.markets:
            exchange.change_market(face.list_anew(exchange.spec(body["market"]).changed(changes)))
    return {"ok": True}


def restrict(world: World, body: Body) -> dict[str, Any]:
    country = {"country": body["country"]} if "country" in body else {}
    hands_of(world, body).account.restrictions[body["market"]] = Restriction(Barrier(body["barrier"]), **country)
    return {"ok": True}


def allow(world: World, body: Body) -> dict[str, Any]:
    restrictions = hands_of(world, body).account.restrictions
    if "market" in body:
        restrictions.pop(body["market"], None)
    else:
        restrictions.clear()
    return {"ok": True}


def set_clock(world: World, body: Body) -> dict[str, Any]:
    offset, drift = (float(body[name]) if name in body else None for name in ("offset", "drift_ppm"))
    for face in faces_of(world, body):
        face.clock.set_wrong(offset, drift)
    return {face.exchange: face.clock.time() for face in world.faces.values()}


def add_acts(world: World, body: Body | list[Body]) -> dict[str, Any]:
    for item in body if isinstance(body, list) else [body]:
        world.acts.add(*(_storm(world, item) if "storm" in item else (_act(world, item),)))
    return {"acts": len(world.acts.pending)}


def clear_acts(world: World, _body: Body) -> dict[str, Any]:
    world.acts.calm(world.faces)
    return {"acts": 0}


def _act(world: World, body: Body) -> Act:
    values = dict(body)
    moment = world.clock.time() + float(values.pop("in", 0.0))
    unknown = values.keys() - {name.name for name in fields(Act)}
    if unknown:
        raise ValueError(f"an act has no {sorted(unknown)}")
    values |= {"kind": ActKind(values["kind"]), "at": float(values.get("at", moment))}
    for name, read in (("share", number), ("pick", float), ("seconds", float)):
        if name in values:
            values[name] = read(values[name])
    hands_of(world, values)
    return Act(**values)


def _storm(world: World, body: Body) -> tuple[Act, ...]:
    everybody = [f"{face.exchange}:{owner}" for face in world.faces.values() for owner in face.engine.accounts]
    accounts = body.get("accounts", everybody)
    for account in accounts:
        hands_of(world, {"account": account})
    return seeded_acts(
        int(body["storm"]),
        start=world.clock.time(),
        duration=float(body["duration"]),
        mean_gap=float(body["mean_gap"]),
        accounts=accounts,
        markets=body.get("markets", ("BTC/USD", "ETH/USD")),
    )
