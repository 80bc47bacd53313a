"""The simulator's books, as its state tells them, in the form that the invariants judge."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from brokers.model import Side
from tests.invariants import BookedFill, BookedOrder, Books

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SoldCoins:
    """An oversale as the simulator tells it."""

    currency: str
    amount: Decimal
    order_id: str


def of_nija(account: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The orders of an account that no owner placed by hand."""
    return [order for order in account["orders"] if not order["by_hand"]]


def simulated_books(account: Mapping[str, Any], owned: Mapping[str, Any] = _NOTHING) -> Books:
    """`account` is one of the state's "accounts", `owned` the same one's "ownership"."""
    mine = of_nija(account)
    ids = {order["id"] for order in mine}
    return Books(
        orders=tuple(_order(order, account["open_orders"]) for order in mine),
        fills=tuple(_fill(fill) for fill in account["fills"] if fill["order_id"] in ids),
        oversales=tuple(
            SoldCoins(sale["currency"], Decimal(sale["amount"]), sale["order_id"])
            for sale in owned.get("oversales", ())
        ),
        exposed=tuple((currency, Decimal(amount)) for currency, amount in owned.get("overexposed", _NOTHING).items()),
    )


def _order(order: Mapping[str, Any], open_orders: Iterable[str]) -> BookedOrder:
    stop_price = order["stop_price"]
    return BookedOrder(
        id=order["id"],
        client_id=order["client_id"] or "",
        market=order["symbol"],
        side=Side(order["side"]),
        amount=Decimal(order["amount"]),
        filled=Decimal(order["filled"]),
        stop_price=None if stop_price is None else Decimal(stop_price),
        is_open=order["id"] in open_orders,
    )


def _fill(fill: Mapping[str, Any]) -> BookedFill:
    amount, price, fee = (Decimal(fill[name]) for name in ("amount", "price", "fee"))
    return BookedFill(fill["order_id"], fill["symbol"], Side(fill["side"]), amount, price, fee, fill["fee_currency"])
