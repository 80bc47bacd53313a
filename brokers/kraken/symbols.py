"""Kraken's names and NIJA's: `XXBTZUSD`, `XBTUSD` and `BTC/USD` are one market, `ZUSD` is USD."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.errors import RequestRefused
from brokers.model import ZERO, Market

if TYPE_CHECKING:
    from collections.abc import Mapping

RENAMED = {"XBT": "BTC", "XDG": "DOGE"}
# Kraken Rewards: spendable as the plain asset.
_SPENDABLE_SUFFIX = "F"
# Staked, bonded, opted in, parachain, tokenised, on hold: cannot be spent by design.
_LOCKED_SUFFIXES = frozenset({"S", "B", "M", "P", "T", "HOLD"})
_SIDES = ("base", "quote")
# The mode, of a pair or of the whole exchange, that accepts all orders; `limit_only` accepts only limit orders.
ONLINE = "online"
_TAKES_ORDERS = frozenset({ONLINE, "limit_only"})


@dataclass(frozen=True, slots=True)
class Symbols:
    """Built from AssetPairs and Assets. Names are looked up, not derived by rule: XTZ and ZRX have no prefix.

    All fields but `markets` also hold names from earlier answers, as orders and balances outlive a market's listing.
    """

    markets: Mapping[str, Market]
    pair_ids: Mapping[str, str]
    symbols: Mapping[str, str]
    currencies: Mapping[str, str]

    def pair_id(self, market: str) -> str:
        """`XXBTZUSD` for `BTC/USD`. Raises RequestRefused."""
        if market not in self.pair_ids:
            raise RequestRefused(f"Kraken has no market {market}; check the spelling under `markets` in nija.toml")
        return self.pair_ids[market]

    def symbol(self, pair: str) -> str:
        """The market of a pair id or altname. One that was never listed is named after its currencies.

        If those are unknown, it keeps Kraken's name.
        """
        return self.symbols.get(pair) or self._joined(pair) or pair

    def _joined(self, pair: str) -> str | None:
        halves = ((self.currencies.get(pair[:cut]), self.currencies.get(pair[cut:])) for cut in range(1, len(pair)))
        named = {f"{base}/{quote}" for base, quote in halves if base and quote}
        return named.pop() if len(named) == 1 else None

    def quote(self, market: str) -> str:
        return self.markets[market].quote if market in self.markets else market.partition("/")[2]

    def is_locked(self, asset: str) -> bool:
        """Whether a balance of this asset cannot be spent by design, such as a staked one."""
        return asset.partition(".")[2] in _LOCKED_SUFFIXES

    def currency(self, asset: str) -> str | None:
        """The currency as which a balance of this asset can be spent; None if Kraken has not named it."""
        stem, dot, suffix = asset.partition(".")
        if dot and suffix != _SPENDABLE_SUFFIX:
            return None
        return self.currencies.get(stem)

    def in_mode(self, status: str) -> Symbols:
        """The same symbols while the whole exchange is in this mode of SystemStatus; unknown modes accept no orders."""
        if status == ONLINE:
            return self
        takes_orders = status in _TAKES_ORDERS
        markets = {
            symbol: replace(market, tradable=market.tradable and takes_orders, takes_market_orders=False)
            for symbol, market in self.markets.items()
        }
        return replace(self, markets=markets)


class KrakenNames:
    """Kraken's names of currencies and pairs. It only grows: an incomplete answer removes no name."""

    def __init__(self) -> None:
        self.currencies: dict[str, str] = {}
        self.pairs: dict[str, str] = {}
        self.pair_ids: dict[str, str] = {}

    def learn_assets(self, assets: Mapping[str, Any]) -> None:
        for asset, row in assets.items():
            altname = str(row.get("altname", asset))
            self.currencies[asset] = self.currencies[altname] = RENAMED.get(altname, altname)

    def learn_pairs(self, pairs: Mapping[str, Any]) -> None:
        """`XXBT` is BTC because a pair of `XXBT` and `ZUSD` is named `XBT/USD`."""
        for row in pairs.values():
            names = str(row.get("wsname") or "").split("/")
            if len(names) == len(_SIDES):
                for side, name in zip(_SIDES, names, strict=True):
                    self.currencies[str(row.get(side, name))] = self.currencies[name] = RENAMED.get(name, name)

    def cover(self, pairs: Mapping[str, Any]) -> bool:
        """Whether every currency of these pairs is named; `wsname` may be absent."""
        return all(row.get(side) in self.currencies for row in pairs.values() for side in _SIDES)


def symbols_of(pairs: Mapping[str, Any], names: KrakenNames) -> Symbols:
    """The markets of an AssetPairs answer, without unreadable rows. Adds their names to `names`."""
    markets: dict[str, Market] = {}
    for pair_id, row in pairs.items():
        market = _market_or_none(pair_id, row, names.currencies)
        if market is not None:
            markets[market.symbol] = market
            names.pair_ids[market.symbol] = pair_id
            names.pairs[pair_id] = names.pairs[str(row.get("altname", pair_id))] = market.symbol
    return Symbols(markets, names.pair_ids, names.pairs, names.currencies)


def _market_or_none(pair_id: str, row: Mapping[str, Any], currencies: Mapping[str, str]) -> Market | None:
    try:
        return _market(row, currencies) if _is_spot(pair_id, row) else None
    except (LookupError, TypeError, ValueError, ArithmeticError):
        return None


def _is_spot(pair_id: str, row: Mapping[str, Any]) -> bool:
    """Neither a dark pool (`.d`) nor a tokenised share."""
    return not pair_id.endswith(".d") and row.get("aclass_base", "currency") == "currency"


def _market(row: Mapping[str, Any], currencies: Mapping[str, str]) -> Market:
    base, quote = (currencies[row[side]] for side in _SIDES)
    status = row.get("status", ONLINE)
    amount_step = Decimal(1).scaleb(-int(row["lot_decimals"]))
    decimals_step = Decimal(1).scaleb(-int(row["pair_decimals"]))
    return Market(
        symbol=f"{base}/{quote}",
        base=base,
        quote=quote,
        amount_step=amount_step,
        # A price must be a multiple of the tick and have no more decimals than the pair.
        price_step=max(_decimal(row.get("tick_size"), decimals_step), decimals_step),
        min_amount=_decimal(row.get("ordermin"), amount_step),
        min_cost=_decimal(row.get("costmin"), ZERO),
        tradable=status in _TAKES_ORDERS,
        takes_market_orders=status == ONLINE,
    )


def _decimal(value: object, default: Decimal) -> Decimal:
    return default if value is None else Decimal(str(value))
