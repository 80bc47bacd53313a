"""Market data of one exchange: fetched once, shared read-only by all its traders; each signal computed once.

The cost grows with markets plus accounts, never with their product: traders only read the last snapshot.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from brokers.errors import BrokerError
from brokers.model import Candles, Ticker, Timeframe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brokers.base import MarketData
    from brokers.clock import Clock
    from nija.log.event_log import EventLog
    from nija.strategy.base import SignalAt, Strategy

# Indicators that never forget their first value (Wilder's ATR) have settled to the last digit long before this.
_HISTORY = 1_000
# Prices between candles serve sizing and locally watched stops; asking more often than this buys neither.
_TICKER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Want:
    """What a trader follows: one strategy on the candles of one market."""

    strategy: Strategy
    market: str
    timeframe: Timeframe


@dataclass(frozen=True, slots=True)
class FeedSnapshot:
    """What is known now; replaced whole, never changed. `problems` says why nothing newer is known.

    `read` is when each market's ticker was read, in seconds of the steady clock.
    """

    signals: Mapping[Want, SignalAt] = field(default_factory=lambda: MappingProxyType({}))
    tickers: Mapping[str, Ticker] = field(default_factory=lambda: MappingProxyType({}))
    problems: Mapping[Want, str] = field(default_factory=lambda: MappingProxyType({}))
    read: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def fresh(self, now: float, max_age: float) -> Mapping[str, Ticker]:
        """The tickers read within `max_age` seconds before `now` (steady clock). An older price is no price."""
        return {market: ticker for market, ticker in self.tickers.items() if now - self.read[market] <= max_age}


class Feed:
    """One thread per exchange runs `run`; every other thread only calls `follow` and reads `snapshot`."""

    def __init__(self, data: MarketData, clock: Clock, poll_seconds: float, log: EventLog) -> None:
        self._data = data
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._log = log
        self._lock = threading.Lock()
        self._wants: frozenset[Want] = frozenset()
        self._wakes: tuple[threading.Event, ...] = ()
        self._series: dict[tuple[str, Timeframe], Candles] = {}
        self._tickers_due = clock.monotonic()
        self._snapshot = FeedSnapshot()

    @property
    def snapshot(self) -> FeedSnapshot:
        return self._snapshot

    def follow(self, wants: Iterable[Want], wake: threading.Event | None = None) -> None:
        """Begin to fetch what `wants` needs; `wake` is set whenever something new is published."""
        with self._lock:
            self._wants |= frozenset(wants)
            if wake is not None and wake not in self._wakes:
                self._wakes = (*self._wakes, wake)

    def run(self) -> None:
        """Poll until everything is to stop. Nothing that goes wrong in one pass ends the feed."""
        while not self._clock.stopping:
            try:
                self.poll()
            except Exception:  # noqa: BLE001 - the thread's top: report and go on
                self._log.exception("Market data failed unexpectedly; trying again", exchange=self._data.exchange.value)
            self._clock.sleep(self._poll_seconds)
        self._data.close()

    def poll(self) -> None:
        """One pass over everything wanted."""
        wants = self._wants
        self._poll_tickers(sorted({want.market for want in wants}))
        for market, timeframe in sorted({(want.market, want.timeframe) for want in wants}):
            if self._clock.stopping:
                return
            self._poll_candles(market, timeframe, wants)

    def _poll_tickers(self, markets: list[str]) -> None:
        if not markets or self._clock.monotonic() < self._tickers_due:
            return
        try:
            tickers = self._data.tickers(markets)
        except BrokerError as error:
            self._tell("prices", f"No prices: {error}")
            return
        self._log.settled("prices")
        now = self._clock.monotonic()
        self._tickers_due = now + max(self._poll_seconds, _TICKER_SECONDS)
        self._publish(
            replace(
                self._snapshot,
                tickers=MappingProxyType({**self._snapshot.tickers, **tickers}),
                read=MappingProxyType({**self._snapshot.read, **dict.fromkeys(tickers, now)}),
            )
        )

    def _poll_candles(self, market: str, timeframe: Timeframe, wants: frozenset[Want]) -> None:
        followers = [want for want in wants if (want.market, want.timeframe) == (market, timeframe)]
        known = self._series.get((market, timeframe))
        since = int(known.time[-1]) if known is not None and len(known) else None
        try:
            fresh = self._data.candles(market, timeframe, since)
        except BrokerError as error:
            self._tell(market, f"No candles of {market}: {error}")
            problems = dict.fromkeys(followers, f"no candles: {error}")
            self._publish(replace(self._snapshot, problems=MappingProxyType({**self._snapshot.problems, **problems})))
            return
        self._log.settled(market)
        candles = fresh if known is None else _extended(known, fresh)
        self._series[market, timeframe] = candles
        behind = [want for want in followers if not self._is_current(want, candles)]
        if behind:
            self._publish_signals(candles, behind)

    def _is_current(self, want: Want, candles: Candles) -> bool:
        if want in self._snapshot.problems:
            return False
        signal = self._snapshot.signals.get(want)
        return len(candles) == 0 or (signal is not None and signal.time == int(candles.time[-1]))

    def _publish_signals(self, candles: Candles, wants: list[Want]) -> None:
        signals, problems = dict(self._snapshot.signals), dict(self._snapshot.problems)
        for want in wants:
            problems.pop(want, None)
            if len(candles) == 0:
                continue
            try:
                signals[want] = want.strategy.evaluate(candles).last(candles)
            except Exception as error:  # noqa: BLE001 - a strategy may be a user's own; its faults are its followers' alone
                signals.pop(want, None)
                problems[want] = f"the strategy {want.strategy.name} failed: {type(error).__name__}: {error}"
                self._log.exception(f"The strategy {want.strategy.name} failed on {want.market}")
        self._publish(
            replace(self._snapshot, signals=MappingProxyType(signals), problems=MappingProxyType(problems)),
        )

    def _tell(self, topic: str, reason: str) -> None:
        """What fails because everything stops is no news."""
        if not self._clock.stopping:
            self._log.trouble(topic, reason)

    def _publish(self, snapshot: FeedSnapshot) -> None:
        self._snapshot = snapshot
        for wake in self._wakes:
            wake.set()


def _extended(known: Candles, fresh: Candles) -> Candles:
    """`known` and the candles of `fresh` that come after it, bounded to the history that signals need."""
    newer = fresh.time > known.time[-1] if len(known) else np.ones(len(fresh), dtype=bool)
    if not newer.any():
        return known

    def joined(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        old, new = getattr(known, name), getattr(fresh, name)[newer]
        return np.concatenate([old, new])[-_HISTORY:]

    return Candles(
        market=known.market,
        timeframe=known.timeframe,
        time=joined("time").astype(np.int64),
        open=joined("open"),
        high=joined("high"),
        low=joined("low"),
        close=joined("close"),
        volume=joined("volume"),
    )
