"""The simulator's books as plain JSON values: amounts as text, times in Unix seconds."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from brokers.simulator.engine.orders import EngineOrder
from brokers.simulator.engine.ownership import movements_of, overexposed, ownership

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.mounted import MountedFace
    from brokers.simulator.world import World


def state_parts(world: World) -> Mapping[str, Callable[[], Any]]:
    """Each part of the state by name, computed on request."""
    records, plan = world.records, world.plan
    return {
        "time": world.clock.time,
        "accounts": lambda: _accounts_state(world),
        "markets": lambda: {face.exchange: _market_state(face) for face in world.faces.values()},
        "requests": lambda: plain(list(records.requests)),
        "violations": lambda: plain(list(records.violations)),
        "faults": lambda: plain(plan.faults),
        "faults_injected": lambda: dict(plan.injected),
        "ownership": lambda: ownership_state(world),
        "acts": lambda: plain(world.acts.pending),
        "acts_done": lambda: dict(world.acts.done),
        "acts_refused": lambda: dict(world.acts.refused),
    }


def ownership_state(world: World) -> dict[str, Any]:
    """By account, who owns which coins, and what NIJA did with the owner's. Part of a ledger does not tell."""
    states = {}
    for face in world.faces.values():
        for owner, account in face.engine.accounts.items():
            name = f"{face.exchange}:{owner}"
            if account.forgotten:
                states[name] = {"unknown": f"{account.forgotten} ended orders are no longer remembered"}
                continue
            owned = ownership(movements_of(account))
            states[name] = plain(owned) | {
                "overexposed": plain(overexposed(account, owned)),
            }
    return states


def _accounts_state(world: World) -> dict[str, Any]:
    return {
        f"{face.exchange}:{owner}": _account_state(face, account)
        for face in world.faces.values()
        for owner, account in face.engine.accounts.items()
    }


def _account_state(face: MountedFace, account: Account) -> dict[str, Any]:
    return {
        "balances": plain(account.balances),
        "holds": plain({currency: held for currency, held in account.holds.items() if held}),
        "fees": plain(account.fees),
        "orders": [order_state(order) for order in account.orders.values()],
        "open_orders": list(account.open),
        "fills": plain(list(account.fills.values())),
        "ledger": plain(list(account.ledger.values())),
        "key": plain(face.keys().get(account.owner, {})),
    }


def order_state(order: EngineOrder) -> dict[str, Any]:
    ticket = order.ticket
    derived = {
        "symbol": order.symbol,
        "side": order.side,
        "kind": order.kind,
        "client_id": order.client_id,
        "user_ref": ticket.user_ref,
        "by_hand": ticket.by_hand,
        "on_margin": ticket.on_margin,
        "time_in_force": ticket.time_in_force,
        "average_price": order.average_price,
    }
    own = {name.name: getattr(order, name.name) for name in fields(EngineOrder) if name.name != "ticket"}
    state: dict[str, Any] = plain(own | derived)
    return state


def _market_state(face: MountedFace) -> dict[str, Any]:
    exchange = face.engine.exchange
    return {
        "mode": exchange.mode.value,
        "market_modes": {symbol: mode.value for symbol, mode in exchange.market_modes.items()},
        "clock": face.clock.time(),
        "market_time": exchange.board.market_time(),
        "prices": {symbol: plain(exchange.board.last(symbol)) for symbol in exchange.markets},
        "specs": plain(exchange.markets),
    }


def plain(value: Any) -> Any:  # noqa: ANN401  a tree of any values, one kind a line
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {name.name: plain(getattr(value, name.name)) for name in fields(value)}
    if hasattr(value, "items"):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
