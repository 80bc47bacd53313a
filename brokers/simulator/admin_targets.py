"""What the body of an admin call is about."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.model import Exchange
from brokers.simulator.engine.hands import Hands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.simulator.mounted import MountedFace
    from brokers.simulator.world import World

    Body = Mapping[str, Any]


def faces_of(world: World, body: Body) -> list[MountedFace]:
    """The `exchange` it names, or both."""
    if "exchange" in body:
        return [world.faces[Exchange(body["exchange"])]]
    return list(world.faces.values())


def face_of(world: World, body: Body) -> tuple[MountedFace, str]:
    """The exchange of the `account`, and its owner there."""
    exchange, _, owner = body["account"].partition(":")
    return world.faces[Exchange(exchange)], owner


def hands_of(world: World, body: Body) -> Hands:
    """Of the owner of the `account`."""
    face, owner = face_of(world, body)
    return Hands(face.engine, face.engine.accounts[owner])


def number(value: object) -> Decimal:
    return Decimal(str(value))


def number_or_none(body: Body, name: str) -> Decimal | None:
    return number(body[name]) if body.get(name) is not None else None
