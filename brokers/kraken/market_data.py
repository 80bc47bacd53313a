"""Kraken's prices for the feed, by pykrakenapi over krakenex."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from brokers.clock import utc_now
from brokers.errors import BadAnswer
from brokers.kraken.errors import UnknownPair
from brokers.kraken.json_fields import decimal_of, parsing
from brokers.kraken.public import KrakenPublic
from brokers.model import Candles, Exchange, Ticker, Timeframe
from brokers.retry import retry_reads
from brokers.shared_answer import CLOCK_SHARED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from brokers.clock import Clock
    from brokers.model import Market

_PRICE_COLUMNS = ("open", "high", "low", "close")
# The order of the columns on the wire; vwap and count are not kept.
_POSITIONS = {"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 6}


class _Frame(Protocol):
    """The little of a pandas frame of candles that is used here: its columns by name."""

    def __getitem__(self, column: str, /) -> Any: ...  # noqa: ANN401 - pandas ships no types


class KrakenMarketData:
    """Implements brokers.base.MarketData. `public` is shared with the brokers; without it, one of its own is made."""

    def __init__(
        self,
        *,
        base_url: str | None = None,
        clock: Clock,
        timeout: float = 30.0,
        public: KrakenPublic | None = None,
    ) -> None:
        self._clock = clock
        self._owns_public = public is None
        self._public = public or KrakenPublic(base_url=base_url, clock=clock, timeout=timeout)
        self._courier = _Courier(self._public)
        # Pairs that Kraken has no price of, and the list of markets for which that holds.
        self._refused: set[str] = set()
        self._refused_by: Mapping[str, Market] = {}
        self._reads = retry_reads(clock)

    @property
    def exchange(self) -> Exchange:
        return Exchange.KRAKEN

    @cached_property
    def _limited(self) -> _Limited:
        """Made when the first price is asked for: loading it would hold up the accounts that connect meanwhile."""
        return _Limited(self._courier)

    def server_time(self) -> datetime:
        self._public.exchange_clock.sync(CLOCK_SHARED)
        return self._public.exchange_clock.now()

    def markets(self) -> Mapping[str, Market]:
        return self._public.symbols().markets

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        pair_id = self._public.symbols().pair_id(market)
        with parsing("candles"):
            # Kraken answers with what opened after `since`.
            after = None if since is None else since - 1
            columns = self._ask(lambda limited: self._columns(limited, pair_id, timeframe, after))
            times = np.array(columns["time"], dtype=np.int64)
            # The newest row is the running candle, whatever `since` says.
            kept = np.argsort(times)[:-1]
            kept = kept[times[kept] >= (0 if since is None else since)]
            prices = {name: np.array(columns[name], dtype=np.float64)[kept] for name in (*_PRICE_COLUMNS, "volume")}
        return Candles(market=market, timeframe=timeframe, time=times[kept], **prices)

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
        """Those that Kraken has a price of; one bad pair in a question would make it refuse them all."""
        symbols = self._public.symbols()
        if self._refused_by is not symbols.markets:
            self._refused_by, self._refused = symbols.markets, set()
        wanted = {symbols.pair_ids[market] for market in markets if market in symbols.pair_ids} - self._refused
        listed = {pair for pair in wanted if symbols.symbol(pair) in symbols.markets}
        # What Kraken has left out of its list is most likely refused, and is asked for by itself.
        rows = self._prices(sorted(listed)) | self._prices(sorted(wanted - listed))
        tickers = [self._ticker(symbols.symbol(pair), row) for pair, row in rows.items()]
        if rows and not any(tickers):
            raise BadAnswer("Kraken's tickers have an unknown shape")
        return {ticker.market: ticker for ticker in tickers if ticker is not None}

    def _prices(self, pairs: list[str]) -> dict[str, Mapping[str, Any]]:
        """Rows by pair. Where Kraken refuses the question, its halves find the pair that it does not know."""
        if not pairs:
            return {}
        try:
            frame = self._ask(lambda limited: limited.ticker(",".join(pairs)))
        except UnknownPair:
            if len(pairs) == 1:
                self._refused.update(pairs)
                return {}
            middle = len(pairs) // 2
            return self._prices(pairs[:middle]) | self._prices(pairs[middle:])
        return {str(pair): row for pair, row in frame.iterrows()}

    def _ticker(self, market: str, row: Mapping[str, Any]) -> Ticker | None:
        # Columns of objects: the prices are still the strings of the wire.
        try:
            bid, ask, last = (decimal_of(row[name][0]) for name in ("b", "a", "c"))
        except (LookupError, TypeError, ArithmeticError, ValueError):
            return None
        return Ticker(market=market, bid=bid, ask=ask, last=last, time=utc_now(self._clock))

    def close(self) -> None:
        if self._owns_public:
            self._public.close()

    def _ask(self, call: Callable[[_Limited], Any]) -> Any:  # noqa: ANN401 - whatever the call returns
        # Loaded before the turn: a call that comes late after its turn would be too close to the next.
        limited = self._limited
        return self._reads(lambda: self._paced(lambda: call(limited)))

    def _paced(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the call returns
        self._public.wait_for_turn()
        return call()

    def _columns(self, limited: _Limited, pair_id: str, timeframe: Timeframe, since: int | None) -> _Frame:
        try:
            frame = limited.ohlc(pair_id, timeframe.seconds // 60, since)
        except ValueError:
            # It gives its frame a frequency, which pandas refuses where a candle is absent.
            return self._raw_columns(pair_id)
        return frame if self._courier.latest[pair_id] else self._raw_columns(pair_id)

    def _raw_columns(self, pair_id: str) -> _Frame:
        rows = self._courier.latest[pair_id]
        return {name: [row[position] for row in rows] for name, position in _POSITIONS.items()}


class _Limited:
    """pykrakenapi with its own retrying and sleeping off.

    Imported here, not above: it draws in pandas, 60 MB and half a second that nothing but the feed has a use for.
    """

    def __init__(self, courier: _Courier) -> None:
        from pykrakenapi.pykrakenapi import CallRateLimitError, KrakenAPI  # noqa: PLC0415 - see above

        # It names pandas frequencies by letters that pandas 2 still takes, with a warning.
        warnings.filterwarnings("ignore", category=FutureWarning, module="pykrakenapi")
        self._api = KrakenAPI(courier, tier="None", retry=0, crl_sleep=0)
        self._too_soon = CallRateLimitError

    def ohlc(self, pair_id: str, minutes: int, since: int | None) -> _Frame:
        frame: _Frame = self._call(lambda: self._api.get_ohlc_data(pair_id, interval=minutes, since=since))[0]
        return frame

    def ticker(self, pairs: str) -> Any:  # noqa: ANN401 - pandas ships no types
        return self._call(lambda: self._api.get_ticker_information(pairs))

    def _call(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the call returns
        try:
            return call()
        except self._too_soon:
            # The second has passed on the steady clock; pykrakenapi measures on one that can be set.
            self._api.time_of_last_public_query = None
            return call()


class _Courier:
    """What pykrakenapi takes for krakenex: the shared public client, answering as krakenex does."""

    def __init__(self, public: KrakenPublic) -> None:
        self._public = public
        self.latest: dict[str, Any] = {}

    def query_public(self, method: str, data: Mapping[str, object]) -> dict[str, Any]:
        """Leave out `ascending`, an argument of its own that it sends along; put the pair first, where it looks."""
        params = {name: str(value) for name, value in data.items() if name != "ascending"}
        result = self._public.ask(method, params)
        if "last" in result:
            result = {name: value for name, value in result.items() if name != "last"} | {"last": result["last"]}
        self.latest = result
        return {"error": [], "result": result}
