"""Reads the targets of an admin call from its body."""

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
    """The exchange given as `exchange`, or both."""
    if "exchange" in body:
        return [world.faces[Exchange(body["exchange"])]]
    return list(world.faces.values())


def face_of(world: World, body: Body) -> tuple[MountedFace, str]:
    """The exchange and the owner given as `account`."""
    exchange, _, owner = body["account"].partition(":")
    return world.faces[Exchange(exchange)], owner


def hands_of(world: World, body: Body) -> Hands:
    """The hands of the owner given as `account`."""
    face, owner = face_of(world, body)
    return Hands(face.engine, face.engine.accounts[owner])


def number(value: object) -> Decimal:
    return Decimal(str(value))


def number_or_none(body: Body, name: str) -> Decimal | None:
    return number(body[name]) if body.get(name) is not None else None
