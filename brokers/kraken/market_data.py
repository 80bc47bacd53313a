"""Kraken's candles and prices for the feed, through pykrakenapi over krakenex."""

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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from brokers.clock import Clock
    from brokers.model import Market

_PRICE_COLUMNS = ("open", "high", "low", "close")
# The columns' positions on the wire; vwap and count are dropped.
_POSITIONS = {"time": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 6}


class _Frame(Protocol):
    """The part of a pandas frame that is used here: columns by name."""

    def __getitem__(self, column: str, /) -> Any: ...  # noqa: ANN401 - pandas ships no types


class KrakenMarketData:
    """A `brokers.base.MarketData`. `public` is shared with the brokers; without it, it makes its own."""

    def __init__(
        self,
        *,
        base_url: str,
        clock: Clock,
        timeout: float = 30.0,
        public: KrakenPublic | None = None,
    ) -> None:
        self._clock = clock
        self._owns_public = public is None
        self._public = public or KrakenPublic(base_url=base_url, clock=clock, timeout=timeout)
        self._krakenex = _KrakenexAdapter(self._public)
        # Pairs for which Kraken has no price, and the list of markets to which that applies.
        self._refused: set[str] = set()
        self._refused_by: Mapping[str, Market] = {}
        self._reads = retry_reads(clock)

    @property
    def exchange(self) -> Exchange:
        return Exchange.KRAKEN

    @cached_property
    def _pykrakenapi(self) -> _PykrakenApi:
        """Created for the first price: loading it would delay the accounts that connect meanwhile."""
        return _PykrakenApi(self._krakenex)

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        pair_id = self._public.symbols().pair_id(market)
        with parsing("candles"):
            # Kraken's `since` is exclusive.
            after = None if since is None else since - 1
            columns = self._ask(lambda api: self._columns(api, pair_id, timeframe, after))
            times = np.array(columns["time"], dtype=np.int64)
            # The newest row is always the candle that is still open.
            kept = np.argsort(times)[:-1]
            kept = kept[times[kept] >= (0 if since is None else since)]
            prices = {name: np.array(columns[name], dtype=np.float64)[kept] for name in (*_PRICE_COLUMNS, "volume")}
        return Candles(market=market, timeframe=timeframe, time=times[kept], **prices)

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
        """For the markets that have a price; Kraken refuses the whole request for one bad pair."""
        symbols = self._public.symbols()
        if self._refused_by is not symbols.markets:
            self._refused_by, self._refused = symbols.markets, set()
        wanted = {symbols.pair_ids[market] for market in markets if market in symbols.pair_ids} - self._refused
        listed = {pair for pair in wanted if symbols.symbol(pair) in symbols.markets}
        # Pairs that Kraken no longer lists are most likely refused, so they are requested separately.
        rows = self._prices(sorted(listed)) | self._prices(sorted(wanted - listed))
        tickers = [self._ticker(symbols.symbol(pair), row) for pair, row in rows.items()]
        if rows and not any(tickers):
            raise BadAnswer("Kraken's tickers have an unknown shape")
        return {ticker.market: ticker for ticker in tickers if ticker is not None}

    def _prices(self, pairs: list[str]) -> dict[str, Mapping[str, Any]]:
        """Rows by pair. If Kraken refuses the request, bisecting it finds the unknown pair."""
        if not pairs:
            return {}
        try:
            frame = self._ask(lambda api: api.ticker(",".join(pairs)))
        except UnknownPair:
            if len(pairs) == 1:
                self._refused.update(pairs)
                return {}
            middle = len(pairs) // 2
            return self._prices(pairs[:middle]) | self._prices(pairs[middle:])
        return {str(pair): row for pair, row in frame.iterrows()}

    def _ticker(self, market: str, row: Mapping[str, Any]) -> Ticker | None:
        # Columns of objects: the prices are still the strings sent by Kraken.
        try:
            bid, ask, last = (decimal_of(row[name][0]) for name in ("b", "a", "c"))
        except (LookupError, TypeError, ArithmeticError, ValueError):
            return None
        return Ticker(market=market, bid=bid, ask=ask, last=last, time=utc_now(self._clock))

    def close(self) -> None:
        if self._owns_public:
            self._public.close()

    def _ask(self, call: Callable[[_PykrakenApi], Any]) -> Any:  # noqa: ANN401 - whatever the call returns
        # Loaded before the turn: a call that starts late in its turn would come too close to the next one.
        api = self._pykrakenapi

        def in_turn() -> Any:  # noqa: ANN401 - whatever the call returns
            self._public.wait_for_turn()
            return call(api)

        return self._reads(in_turn)

    def _columns(self, api: _PykrakenApi, pair_id: str, timeframe: Timeframe, since: int | None) -> _Frame:
        try:
            frame = api.ohlc(pair_id, timeframe.seconds // 60, since)
        except ValueError:
            # pykrakenapi sets a frequency on its frame, which pandas refuses if a candle is missing.
            return self._raw_columns(pair_id)
        return frame if self._krakenex.latest[pair_id] else self._raw_columns(pair_id)

    def _raw_columns(self, pair_id: str) -> _Frame:
        rows = self._krakenex.latest[pair_id]
        return {name: [row[position] for row in rows] for name, position in _POSITIONS.items()}


class _PykrakenApi:
    """pykrakenapi without its own retries and sleeps.

    Imported here, not above: it pulls in pandas, which costs 60 MB and half a second and only the feed needs.
    """

    def __init__(self, krakenex: _KrakenexAdapter) -> None:
        from pykrakenapi.pykrakenapi import CallRateLimitError, KrakenAPI  # noqa: PLC0415 - see above

        # It uses frequency aliases that pandas 2 still accepts, with a warning.
        warnings.filterwarnings("ignore", category=FutureWarning, module="pykrakenapi")
        self._api = KrakenAPI(krakenex, tier="None", retry=0, crl_sleep=0)
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
            # A second has passed on the monotonic clock; pykrakenapi uses the wall clock, which can be set back.
            self._api.time_of_last_public_query = None
            return call()


class _KrakenexAdapter:
    """Stands in for krakenex towards pykrakenapi, sending through the shared public client."""

    def __init__(self, public: KrakenPublic) -> None:
        self._public = public
        self.latest: dict[str, Any] = {}

    def query_public(self, method: str, data: Mapping[str, object]) -> dict[str, Any]:
        """Drop `ascending`, pykrakenapi's own argument; put the pair first in the result, where it expects it."""
        params = {name: str(value) for name, value in data.items() if name != "ascending"}
        result = self._public.ask(method, params)
        if "last" in result:
            result = {name: value for name, value in result.items() if name != "last"} | {"last": result["last"]}
        self.latest = result
        return {"error": [], "result": result}
