"""Tulip's whole protocol: a JSON object in, a JSON object out, and rows that are named like NIJA's own fields."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from brokers import errors
from brokers.model import OrderStatus, OrderType, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_T = TypeVar("_T")

_NUMBERS = (
    "amount amount_step price_step min_amount min_cost bid ask last limit_price stop_price filled average_price fee "
    "price total held maker taker"
)
_READERS: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(_NUMBERS.split(), Decimal),
    **dict.fromkeys(("time", "created", "closed", "deadline"), datetime.fromisoformat),
    "side": Side,
    "type": OrderType,
    "status": OrderStatus,
}


def row(value: object) -> dict[str, Any]:
    """A value of NIJA's as Tulip's JSON."""
    cells = {field.name: getattr(value, field.name) for field in fields(value)}  # type: ignore[arg-type]  # a dataclass
    return {name: str(cell) if isinstance(cell, Decimal | datetime) else cell for name, cell in cells.items()}


def value_of(kind: type[_T], cells: Mapping[str, Any]) -> _T:
    """And back."""
    read = {
        name: _READERS[name](cell) if isinstance(cell, str) and name in _READERS else cell
        for name, cell in cells.items()
    }
    return kind(**read)


def ask(address: str, call: str, *, key: tuple[str, str] = ("", ""), **body: object) -> Any:  # noqa: ANN401 - JSON
    """Raises OutcomeUnknown where no answer came, and what the exchange refuses with."""
    request = urllib.request.Request(  # noqa: S310 - the test's own address
        f"{address}/{call}", json.dumps(body).encode(), {"Key": key[0], "Secret": key[1]}
    )
    try:
        with urllib.request.urlopen(request, timeout=10.0) as answer:  # noqa: S310 - likewise
            told = json.load(answer)
    except OSError as error:
        raise errors.OutcomeUnknown(f"no answer from {address}") from error
    if "error" in told:
        raise _ERRORS[told["error"]](told["text"])
    return told["result"]


_ERRORS: Mapping[str, Callable[[str], errors.BrokerError]] = {
    "OrderRejected": lambda text: errors.OrderRejected(text, text),
    "OrderNotFound": errors.OrderNotFound,
    "Unavailable": errors.Unavailable,
    "DeadlineTooNear": errors.DeadlineTooNear,
    "Unauthorized": errors.Unauthorized,
}
