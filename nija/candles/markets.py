"""A market's steps and minimums where no exchange is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.candle_files import CandleError
from brokers.exchanges import descriptions, exchanges
from brokers.model import Market

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nija.candles.store import CandleStore

_FINEST = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class SourcedMarket:
    """A market's steps and minimums; `told` says whose they are and of when, such as "kraken's of 2026-11-28"."""

    market: Market
    told: str


def market_facts(store: CandleStore, exchange: str, symbol: str) -> SourcedMarket:
    """As the exchange last gave them to the daemon or to a download, else as it published them.

    Raises CandleError for a market of which neither is known: without its minimums no order can be judged.
    """
    known = store.market(exchange, symbol)
    if known is not None:
        return SourcedMarket(known.market, f"{exchange}'s of {datetime.fromtimestamp(known.read_at, UTC):%Y-%m-%d}")
    for market, as_of in _published(exchange):
        if market.symbol == symbol:
            return SourcedMarket(market, f"{exchange}'s as published in {as_of}")
    asked = exchange if exchange in exchanges() else exchanges()[0]
    raise CandleError(
        f"the steps and minimum order of {symbol} at {exchange} are not known. "
        f"nija candles download {symbol} --exchange {asked} --timeframe 1d --from 2025-01-01 stores them"
    )


def assumed_facts(symbol: str, min_cost: Decimal) -> SourcedMarket:
    """For a market of which nobody says anything: orders of at least `min_cost` in quote, and the finest steps."""
    base, _, quote = symbol.partition("/")
    market = Market(symbol, base, quote, _FINEST, _FINEST, min_amount=_FINEST, min_cost=min_cost)
    return SourcedMarket(market, "assumed")


def _published(exchange: str) -> Iterator[tuple[Market, str]]:
    for description in descriptions():
        if description.exchange == exchange and description.published_markets is not None:
            as_of = description.published_markets.as_of
            yield from ((market, as_of) for market in description.published_markets.markets)
