"""Kraken's names and NIJA's: `XXBTZUSD`, `XBTUSD` and `BTC/USD` are one market, `ZUSD` is USD."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.errors import RequestRefused
from brokers.model import ZERO, Market

if TYPE_CHECKING:
    from collections.abc import Mapping

_RENAMED = {"XBT": "BTC", "XDG": "DOGE"}
# Kraken Rewards: spendable as the plain asset. Every other suffix (.S .M .B .P .T .HOLD) is locked away.
_SPENDABLE_SUFFIX = "F"
_SIDES = ("base", "quote")
_TAKES_ORDERS = frozenset({"online", "limit_only"})


@dataclass(frozen=True, slots=True)
class Symbols:
    """Built from AssetPairs and Assets. Names are looked up, never cut by rule: XTZ and ZRX are plain names."""

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
        """The market of a pair id or altname; a pair that is not on offer (any more) keeps Kraken's name."""
        return self.symbols.get(pair, pair)

    def quote(self, market: str) -> str:
        return self.markets[market].quote if market in self.markets else market.partition("/")[2]

    def spendable(self, asset: str) -> str | None:
        """The currency that a balance of this asset can be spent as, or None where it is locked away."""
        stem, dot, suffix = asset.partition(".")
        if dot and suffix != _SPENDABLE_SUFFIX:
            return None
        return self.currencies.get(stem, _RENAMED.get(stem, stem))


def names_every_currency(pairs: Mapping[str, Any]) -> bool:
    """Whether the pairs alone say how each of their currencies is called: `wsname` may be absent."""
    named = _named_by(pairs)
    return all(row[side] in named for row in pairs.values() for side in _SIDES)


def symbols_of(assets: Mapping[str, Any], pairs: Mapping[str, Any]) -> Symbols:
    """`assets` may be empty where `names_every_currency`."""
    currencies = _named_by(pairs) | _currencies(assets)
    markets: dict[str, Market] = {}
    pair_ids: dict[str, str] = {}
    names: dict[str, str] = {}
    for pair_id, row in pairs.items():
        if not _is_spot(pair_id, row):
            continue
        market = _market(row, currencies)
        markets[market.symbol] = market
        pair_ids[market.symbol] = pair_id
        names[pair_id] = names[str(row.get("altname", pair_id))] = market.symbol
    return Symbols(markets, pair_ids, names, currencies)


def _named_by(pairs: Mapping[str, Any]) -> dict[str, str]:
    """`XXBT` is BTC because a pair of `XXBT` and `ZUSD` is called `XBT/USD`."""
    currencies: dict[str, str] = {}
    for row in pairs.values():
        names = str(row.get("wsname") or "").split("/")
        if len(names) == len(_SIDES):
            for side, name in zip(_SIDES, names, strict=True):
                currencies[row[side]] = currencies[name] = _RENAMED.get(name, name)
    return currencies


def _currencies(assets: Mapping[str, Any]) -> dict[str, str]:
    currencies: dict[str, str] = {}
    for asset, row in assets.items():
        altname = str(row.get("altname", asset))
        currencies[asset] = currencies[altname] = _RENAMED.get(altname, altname)
    return currencies


def _is_spot(pair_id: str, row: Mapping[str, Any]) -> bool:
    """Neither a dark pool (`.d`) nor a tokenised share."""
    return not pair_id.endswith(".d") and row.get("aclass_base", "currency") == "currency"


def _market(row: Mapping[str, Any], currencies: Mapping[str, str]) -> Market:
    base, quote = (currencies.get(row[side], row[side]) for side in _SIDES)
    status = row.get("status", "online")
    amount_step = Decimal(1).scaleb(-int(row["lot_decimals"]))
    decimals_step = Decimal(1).scaleb(-int(row["pair_decimals"]))
    return Market(
        symbol=f"{base}/{quote}",
        base=base,
        quote=quote,
        amount_step=amount_step,
        # A price needs both: a multiple of the tick, in no more decimals than the pair has.
        price_step=max(_decimal(row.get("tick_size"), decimals_step), decimals_step),
        min_amount=_decimal(row.get("ordermin"), amount_step),
        min_cost=_decimal(row.get("costmin"), ZERO),
        tradable=status in _TAKES_ORDERS,
        takes_market_orders=status == "online",
    )


def _decimal(value: object, default: Decimal) -> Decimal:
    return default if value is None else Decimal(str(value))
