"""The candles of a backtest: from files or from the daemon's store, in the timeframe that each account trades."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from brokers.candle_files import CandleError
from nija.analysis.cautions import day
from nija.backtest.records import MarketHistory
from nija.candles.files import CandleFile, find_candle_files, read_candle_file
from nija.candles.markets import SourcedMarket, assumed_facts, market_facts
from nija.candles.resampling import resample
from nija.candles.store import origin as stored_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal
    from pathlib import Path

    from brokers.model import Candles, Exchange, Timeframe
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
    """`on_read` is told of each file before it is read."""

    files: tuple[CandleFile, ...]
    on_read: Callable[[str], None]

    @classmethod
    def of(cls, paths: Iterable[Path], on_read: Callable[[str], None]) -> FileSource:
        """Raises CandleError for a path without candles."""
        return cls(tuple(file for path in paths for file in find_candle_files(path).files), on_read)

    @property
    def markets(self) -> tuple[str, ...]:
        """Of which there are files."""
        return tuple(dict.fromkeys(file.market for file in self.files))

    def read(self, exchange: Exchange, market: str, timeframe: Timeframe) -> tuple[Candles, str]:
        file = self._best(exchange, market, timeframe)
        self.on_read(file.name)
        origin = file.name.rpartition("/")[2]
        if file.exchange != exchange:
            origin += f" (of {file.exchange}, traded with the fees and minimums of {exchange})"
        return resample(read_candle_file(file), timeframe), origin

    def _best(self, exchange: Exchange, market: str, timeframe: Timeframe) -> CandleFile:
        """Of the account's own exchange if there is one, and as near to the timeframe as possible."""
        of_market = [file for file in self.files if file.market == market]
        if not of_market:
            have = ", ".join(self.markets)
            raise CandleError(f"--candles: no candles of {market}, only of {have}: name another file, or other markets")
        own = [file for file in of_market if file.exchange == exchange] or of_market
        fitting = [file for file in own if timeframe.seconds % file.timeframe.seconds == 0]
        if not fitting:
            longest = ", ".join(sorted({file.timeframe.value for file in own}))
            raise CandleError(f"--candles: {timeframe} candles of {market} cannot be made from those of {longest}")
        length = max(file.timeframe.seconds for file in fitting)
        best = [file for file in fitting if file.timeframe.seconds == length]
        if len(best) > 1:
            raise CandleError(
                f"--candles: {best[0].name} and {best[1].name} both have {best[0].timeframe} candles of {market}:"
                " name one of them"
            )
        return best[0]


@dataclass(frozen=True, slots=True)
class StoreSource:
    """What the daemon stored, and what was downloaded."""

    store: CandleStore
    addresses: Mapping[Exchange, str]
    on_read: Callable[[str], None]

    def read(self, exchange: Exchange, market: str, timeframe: Timeframe) -> tuple[Candles, str]:
        """The candles of that timeframe if they are stored, else made from the longest that are shorter."""
        place = stored_as(exchange, self.addresses[exchange])
        spans = [span for span in self.store.spans() if (span.exchange, span.market) == (place, market)]
        fitting = [span for span in spans if timeframe.seconds % span.timeframe.seconds == 0]
        if not fitting:
            raise CandleError(
                f"no {timeframe} candles of {market} at {place} are in {self.store.path}: name files with --candles, or"
                f" get them by nija candles download {market} --exchange {exchange} --timeframe {timeframe}"
                " --from 2020-01-01"
            )
        best = max(fitting, key=lambda span: span.timeframe.seconds)
        self.on_read(market)
        candles = self.store.read(place, market, best.timeframe)
        return resample(candles, timeframe), f"the stored {best.timeframe} candles of {place}"


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
        facts = minimums.of(exchange, symbol)
        candles, origin = source.read(exchange, symbol, timeframe)
        if len(candles) == 0:
            raise CandleError(f"{origin}: no whole {timeframe} candle of {symbol}")
        histories[symbol] = MarketHistory(facts.market, candles)
        first, last = day(int(candles.time[0])), day(int(candles.time[-1]))
        notes.append(
            f"{symbol}: {len(candles)} {timeframe} candles, {first} to {last}, from {origin}; minimums: {facts.told}"
        )
    return histories, tuple(notes)
