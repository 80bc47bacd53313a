"""Admin calls on behalf of an account's owner: orders, money, coins, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brokers.model import Side
from brokers.simulator.admin_targets import face_of, hands_of, number, number_or_none
from brokers.simulator.engine.orders import Amendment
from brokers.simulator.state import order_state

if TYPE_CHECKING:
    from brokers.simulator.admin_targets import Body
    from brokers.simulator.world import World

_KEY_MOMENTS = ("valid_until", "query_from", "query_to")


def place_by_hand(world: World, body: Body) -> dict[str, Any]:
    hands = hands_of(world, body)
    if "order" in body:
        face, _ = face_of(world, body)
        return order_state(hands.place(face.by_hand(body["order"])))
    limit, stop = number_or_none(body, "limit_price"), number_or_none(body, "stop_price")
    return order_state(hands.trade(body["market"], Side(body["side"]), number(body["amount"]), limit, stop))


def amend_by_hand(world: World, body: Body) -> dict[str, Any]:
    wanted = Amendment(
        amount=number_or_none(body, "amount"),
        limit_price=number_or_none(body, "limit_price"),
        stop_price=number_or_none(body, "stop_price"),
    )
    return order_state(hands_of(world, body).amend(body["id"], wanted))


def cancel_by_hand(world: World, body: Body) -> dict[str, Any]:
    hands = hands_of(world, body)
    if "id" not in body:
        return {"count": hands.cancel_all()}
    hands.cancel(body["id"])
    return {"count": 1}


def receive_fill(world: World, body: Body) -> dict[str, Any]:
    side, price, leverage = Side(body.get("side", "buy")), number(body.get("price", 0)), body.get("leverage", "")
    hands, amount = hands_of(world, body), number(body["amount"])
    return order_state(hands.receive_fill(body["market"], side, amount, price, leverage))


def move_balance(world: World, body: Body) -> dict[str, Any]:
    hands, currency = hands_of(world, body), body["currency"]
    hands.deposit(currency, number(body["amount"]))
    return {"balance": format(hands.account.balance(currency), "f")}


def stake(world: World, body: Body) -> dict[str, Any]:
    hands, currency, program = hands_of(world, body), body["currency"], body.get("program", "S")
    amount = number(body["amount"])
    if amount >= 0:
        hands.stake(currency, amount, program)
    else:
        hands.unstake(currency, -amount, program)
    return {"balance": format(hands.account.balance(currency), "f")}


def change_key(world: World, body: Body) -> dict[str, Any]:
    """Raises ValueError for fields that this exchange's keys do not have."""
    face, owner = face_of(world, body)
    key = face.key_states[owner]
    for name, value in body.items():
        if name == "account":
            continue
        if name not in _KEY_FIELDS or not hasattr(key, name):
            raise ValueError(f"a key of {face.exchange} has no {name}")
        setattr(key, name, _KEY_FIELDS[name](value))
    return {"ok": True}


_KEY_FIELDS = {
    "permissions": frozenset,
    "ip_allowlist": tuple,
    "revoked": bool,
    "last_nonce": int,
    **dict.fromkeys(_KEY_MOMENTS, float),
}
