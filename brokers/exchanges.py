"""The exchanges that NIJA trades at, one entry each. The facts are in each exchange's own folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.coinbase.description import COINBASE
from brokers.kraken.description import KRAKEN
from brokers.model import Exchange

if TYPE_CHECKING:
    from brokers.description import ExchangeDescription

# Lists show this order, and the wizard suggests the first.
_DESCRIPTIONS: tuple[ExchangeDescription, ...] = (KRAKEN, COINBASE)


def descriptions() -> tuple[ExchangeDescription, ...]:
    return _DESCRIPTIONS


def exchanges() -> tuple[Exchange, ...]:
    return tuple(description.exchange for description in _DESCRIPTIONS)


def described(exchange: Exchange) -> ExchangeDescription:
    """Raises LookupError for an exchange that has no entry."""
    for description in _DESCRIPTIONS:
        if description.exchange == exchange:
            return description
    raise LookupError(f"{exchange} has no entry in brokers/exchanges.py")


def exchange_named(text: str) -> Exchange:
    """The exchange of this name. Raises ValueError that lists the names."""
    if text not in exchanges():
        raise ValueError(f"unknown exchange {text!r}: use {' or '.join(exchanges())}")
    return Exchange(text)
