"""Kraken's names of currencies and markets, and the steps and minimums of each market."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.simulator.engine.markets import MarketSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

LOT_DECIMALS = 8
COST_DECIMALS = 5
# Balances of these programs use the short name, `XBT.M`; those of others the long one, `XXBT.B`.
_SHORT_PROGRAMS = ("M", "S", "P", "HOLD")


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

    @property
    def lot_decimals(self) -> int:
        return _decimals(self.spec.amount_step)


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


class Names:
    """All pairs, by id or altname."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._by_symbol = {pair.spec.symbol: pair for pair in pairs}
        self._symbols = {
            name: pair.spec.symbol for pair in self._by_symbol.values() for name in (pair.id, pair.altname, pair.wsname)
        }

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple(self._by_symbol.values())

    def pair(self, name: str) -> Pair | None:
        return self._by_symbol.get(self._symbols.get(name, ""))

    def of(self, symbol: str) -> Pair:
        return self._by_symbol[symbol]

    def change(self, spec: MarketSpec) -> MarketSpec:
        """Apply other steps or minimums. A coarser tick does not change the decimals, as on the exchange."""
        pair = self._by_symbol[spec.symbol]
        decimals = max(pair.pair_decimals, _decimals(spec.price_step))
        self._by_symbol[spec.symbol] = replace(pair, spec=spec, pair_decimals=decimals)
        return spec

    def assets(self) -> tuple[Asset, ...]:
        """All assets, whether or not a pair of theirs is listed."""
        return tuple(ASSETS.values())


def balance_name(currency: str) -> str:
    """`XXBT`, or `XBT.M` if staked; a currency that is not among the assets keeps its name."""
    stem, dot, program = currency.partition(".")
    asset = ASSETS.get(stem)
    if asset is None:
        return currency
    return f"{asset.altname if program in _SHORT_PROGRAMS else asset.id}{dot}{program}"


def asset_decimals(currency: str) -> int:
    asset = ASSETS.get(currency.partition(".")[0])
    return LOT_DECIMALS if asset is None else asset.decimals


def find_asset(name: str) -> Asset | None:
    return next((asset for asset in ASSETS.values() if name in (asset.id, asset.altname)), None)


def _decimals(step: Decimal) -> int:
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def offered(symbols: Iterable[str]) -> Names:
    """The markets that have prices."""
    known = set(symbols)
    return Names(pair for pair in _all_pairs() if pair.spec.symbol in known)


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
    """The tick is one unit of the last decimal, unless it is coarser."""
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
