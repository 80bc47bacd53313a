"""How Kraken calls currencies and markets, and the steps and minimums of each market."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.simulator.engine.markets import MarketSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

LOT_DECIMALS = 8
COST_DECIMALS = 5


@dataclass(frozen=True, slots=True)
class Asset:
    """`id` is the legacy name in balances, `altname` the one in pairs, `currency` NIJA's."""

    currency: str
    id: str
    altname: str
    decimals: int
    display_decimals: int


@dataclass(frozen=True, slots=True)
class Pair:
    spec: MarketSpec
    id: str
    altname: str
    wsname: str
    base: Asset
    quote: Asset
    pair_decimals: int


ASSETS = {
    asset.currency: asset
    for asset in (
        Asset("USD", "ZUSD", "USD", 4, 2),
        Asset("EUR", "ZEUR", "EUR", 4, 2),
        Asset("USDC", "USDC", "USDC", 8, 4),
        Asset("USDT", "USDT", "USDT", 8, 4),
        Asset("BTC", "XXBT", "XBT", 10, 5),
        Asset("ETH", "XETH", "ETH", 10, 5),
        Asset("LTC", "XLTC", "LTC", 10, 5),
        Asset("XRP", "XXRP", "XRP", 8, 5),
        Asset("SOL", "SOL", "SOL", 10, 5),
        Asset("ADA", "ADA", "ADA", 8, 6),
        Asset("DOT", "DOT", "DOT", 10, 8),
        Asset("AVAX", "AVAX", "AVAX", 10, 5),
    )
}


@dataclass(frozen=True, slots=True)
class Names:
    """The pairs on offer, found by id or altname."""

    pairs: tuple[Pair, ...]
    _by_name: dict[str, Pair] = field(init=False)
    _by_symbol: dict[str, Pair] = field(init=False)

    def __post_init__(self) -> None:
        by_name = {name: pair for pair in self.pairs for name in (pair.id, pair.altname, pair.wsname)}
        object.__setattr__(self, "_by_name", by_name)
        object.__setattr__(self, "_by_symbol", {pair.spec.symbol: pair for pair in self.pairs})

    def pair(self, name: str) -> Pair | None:
        return self._by_name.get(name)

    def of(self, symbol: str) -> Pair:
        return self._by_symbol[symbol]

    def assets(self) -> tuple[Asset, ...]:
        """Every asset there is, whether a pair of it is on offer or not."""
        return tuple(ASSETS.values())


def find_asset(name: str) -> Asset | None:
    return next((asset for asset in ASSETS.values() if name in (asset.id, asset.altname)), None)


def offered(symbols: Iterable[str]) -> Names:
    """The markets that there are prices for."""
    known = set(symbols)
    return Names(tuple(pair for pair in _all_pairs() if pair.spec.symbol in known))


def _all_pairs() -> tuple[Pair, ...]:
    return (
        _pair("BTC/USD", "XXBTZUSD", 1, "0.00005", "0.5"),
        _pair("ETH/USD", "XETHZUSD", 2, "0.002", "0.5"),
        _pair("SOL/USD", "SOLUSD", 2, "0.06", "0.5"),
        _pair("ADA/USD", "ADAUSD", 6, "10", "0.5"),
        _pair("XRP/USD", "XXRPZUSD", 5, "2", "0.5"),
        _pair("LTC/USD", "XLTCZUSD", 2, "0.05", "0.5"),
        _pair("DOT/USD", "DOTUSD", 4, "1", "0.5", tick="0.0005"),
        _pair("AVAX/USD", "AVAXUSD", 2, "0.2", "0.5"),
        _pair("ETH/BTC", "XETHXXBT", 5, "0.002", "0.00002"),
        _pair("LTC/BTC", "XLTCXXBT", 6, "0.05", "0.00002"),
        _pair("ADA/BTC", "ADAXBT", 8, "10", "0.00002"),
    )


def _pair(symbol: str, pair_id: str, decimals: int, ordermin: str, costmin: str, *, tick: str = "") -> Pair:
    """The tick is the last decimal unless it is coarser."""
    base, quote = (ASSETS[currency] for currency in symbol.split("/"))
    spec = MarketSpec(
        symbol=symbol,
        base=base.currency,
        quote=quote.currency,
        amount_step=Decimal(1).scaleb(-LOT_DECIMALS),
        price_step=Decimal(tick) if tick else Decimal(1).scaleb(-decimals),
        cost_step=Decimal(1).scaleb(-quote.decimals),
        min_amount=Decimal(ordermin),
        min_cost=Decimal(costmin),
    )
    return Pair(
        spec=spec,
        id=pair_id,
        altname=base.altname + quote.altname,
        wsname=f"{base.altname}/{quote.altname}",
        base=base,
        quote=quote,
        pair_decimals=decimals,
    )
