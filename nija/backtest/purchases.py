"""Where an entry fills: point 1 of the fill rules in docs/backtest.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nija.backtest.traded_market import price_of

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.model import Fees
    from nija.backtest.traded_market import TradedMarket


@dataclass(frozen=True, slots=True)
class Purchase:
    """In the candle at `index`, at `price`, slippage included; `fee` is a fraction. Without a price nothing fills."""

    index: int
    price: Decimal | None
    fee: Decimal


class FindPurchase(Protocol):
    """Where an order for the signal at the candle `signal` fills."""

    def __call__(self, market: TradedMarket, signal: int, fees: Fees) -> Purchase: ...


def purchase_at_next_open(market: TradedMarket, signal: int, fees: Fees) -> Purchase:
    """A market order at the open of the next candle there is."""
    return Purchase(signal + 1, price_of(market.candles.open, signal + 1) * market.ask, fees.taker)
