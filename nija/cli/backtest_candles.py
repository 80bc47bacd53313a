"""The candles of a backtest: from files or from the daemon's store, in the timeframe that each account trades."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from brokers.candle_files import CandleError
from nija.analysis.cautions import day
from nija.backtest.records import MarketHistory
from nija.candles.markets import SourcedMarket, assumed_facts, market_facts
from nija.candles.sources import find_candles, in_files, in_store
from nija.candles.store import origin as stored_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal
    from pathlib import Path

    from brokers.model import Candles, Exchange, Timeframe
    from nija.candles.gaps import Gaps
    from nija.candles.sources import SourceSeries
    from nija.candles.store import CandleStore

MIN_ORDER = "--min-order"
# Tokens worth a dollar, whose markets have about the same minimums.
_DOLLARS = ("USDT", "USDC")


class CandleSource(Protocol):
    def read(self, exchange: Exchange, market: str, timeframe: Timeframe) -> tuple[Candles, str]:
        """Candles of `timeframe`, and where they come from. Raises CandleError."""
        ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """`on_read` is told of each market before its files are read."""

    series: tuple[SourceSeries, ...]
    on_read: Callable[[str], None]

    @classmethod
    def of(cls, paths: Iterable[Path], on_read: Callable[[str], None]) -> FileSource:
        """Raises CandleError for a path without candles."""
        return cls(in_files(paths), on_read)

    @property
    def markets(self) -> tuple[str, ...]:
        """Of which there are files."""
        return tuple(dict.fromkeys(one.market for one in self.series))

    def read(self, exchange: Exchange, market: str, timeframe: Timeframe) -> tuple[Candles, str]:
        """Of the account's own exchange if there is a file of it."""
        of_market = [one for one in self.series if one.market == market]
        if not of_market:
            have = ", ".join(self.markets)
            raise CandleError(f"--candles: no candles of {market}, only of {have}: name another file, or other markets")
        own = [one for one in of_market if one.exchange == exchange] or of_market
        owners = sorted({one.exchange for one in own})
        if len(owners) > 1:
            raise CandleError(f"--candles: candles of {market} of {' and '.join(owners)}: name those of one")
        self.on_read(market)
        found = find_candles(own, timeframe)
        if found is None:
            lengths = ", ".join(sorted({one.timeframe.value for one in own}))
            raise CandleError(f"--candles: {timeframe} candles of {market} cannot be made from those of {lengths}")
        origin = _origin(part.name.rpartition("/")[2] for part in found.parts)
        if owners[0] != exchange:
            origin += f" (of {owners[0]}, traded with the fees and minimums of {exchange})"
        return found.candles, origin + _missing(found.gaps)


@dataclass(frozen=True, slots=True)
class StoreSource:
    """What the daemon stored, what was downloaded and what was imported."""

    store: CandleStore
    addresses: Mapping[Exchange, str]
    on_read: Callable[[str], None]

    def read(self, exchange: Exchange, market: str, timeframe: Timeframe) -> tuple[Candles, str]:
        place = stored_as(exchange, self.addresses[exchange])
        self.on_read(market)
        series = [one for one in in_store(self.store) if (one.exchange, one.market) == (place, market)]
        found = find_candles(series, timeframe)
        if found is None:
            raise CandleError(
                f"no {timeframe} candles of {market} at {place} are in {self.store.path}: name files with --candles, or"
                f" get them by nija candles download {market} --exchange {exchange} --timeframe {timeframe}"
                " --from 2020-01-01"
            )
        lengths = _origin(part.timeframe.value for part in found.parts)
        return found.candles, f"the stored {lengths} candles of {place}{_missing(found.gaps)}"


def _missing(gaps: Gaps) -> str:
    """Where nothing was traded, or nothing was recorded."""
    return f", {gaps.missing} missing in {gaps.count} gaps" if gaps.count else ""


def _origin(names: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Minimums:
    """The minimums and steps of markets. `least` is the smallest order where nobody knows them, in quote."""

    store: CandleStore
    least: Decimal | None

    def of(self, place: str, symbol: str) -> SourcedMarket:
        """Raises CandleError if nobody knows them and `least` is not given."""
        base, _, quote = symbol.partition("/")
        try:
            return market_facts(self.store, place, symbol)
        except CandleError as error:
            if quote in _DOLLARS and (alike := self._alike(place, f"{base}/USD")) is not None:
                market = replace(alike.market, symbol=symbol, quote=quote)
                return SourcedMarket(market, f"those of {base}/USD, {alike.told}")
            if self.least is None:
                raise CandleError(f"{error}; {MIN_ORDER} MONEY assumes a smallest order instead") from error
            return assumed_facts(symbol, self.least)

    def _alike(self, place: str, symbol: str) -> SourcedMarket | None:
        try:
            return market_facts(self.store, place, symbol)
        except CandleError:
            return None


def read_histories(
    source: CandleSource, minimums: Minimums, exchange: Exchange, timeframe: Timeframe, symbols: Iterable[str]
) -> tuple[dict[str, MarketHistory], tuple[str, ...]]:
    """By market, with a note on the candles of each. Raises CandleError."""
    histories: dict[str, MarketHistory] = {}
    notes: list[str] = []
    for symbol in symbols:
        candles, origin = source.read(exchange, symbol, timeframe)
        if len(candles) == 0:
            raise CandleError(f"{origin}: no whole {timeframe} candle of {symbol}")
        facts = minimums.of(exchange, symbol)
        histories[symbol] = MarketHistory(facts.market, candles)
        first, last = day(int(candles.time[0])), day(int(candles.time[-1]))
        notes.append(
            f"{symbol}: {len(candles)} {timeframe} candles, {first} to {last}, from {origin}; minimums: {facts.told}"
        )
    return histories, tuple(notes)
