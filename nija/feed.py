"""Market data of one exchange: fetched once, shared read-only by all its traders; each signal computed once.

The cost grows with markets plus accounts, not with their product: traders only read the last snapshot. A failure of
one market does not affect the others.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from brokers.errors import BrokerError
from nija.market_data.prices import PriceReader, Quotes
from nija.market_data.series import Freshness, corrected, extended
from nija.market_data.signals import SignalBoard
from nija.market_data.snapshot import FeedSnapshot, Series, Subscription, price_max_age

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from brokers.base import MarketData
    from brokers.clock import Clock
    from brokers.model import Candles, Timeframe
    from nija.candles.recording import CandleRecorder
    from nija.log.event_log import EventLog

# Prices between candles are for sizing and locally watched stops; neither needs them more often.
_TICKER_SECONDS = 5.0
_LONGEST_BACKOFF = 300.0

_K = TypeVar("_K")
_V = TypeVar("_V")


class Feed:
    """One thread per exchange runs `run`; other threads only follow, change how often it polls, and read `snapshot`."""

    def __init__(
        self,
        data: MarketData,
        clock: Clock,
        poll_seconds: float,
        log: EventLog,
        recorder: CandleRecorder | None = None,
    ) -> None:
        """`recorder` keeps the candles that are seen, for later backtests."""
        self._data = data
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._log = log
        self._recorder = recorder
        self._lock = threading.Lock()
        # What each follower needs. The key is the event that wakes it; None for those that nothing wakes.
        self._followers: Mapping[threading.Event | None, frozenset[Subscription]] = {}
        self._polled: frozenset[Subscription] = frozenset()
        self._reader = PriceReader(data, clock)
        self._prices_due = clock.monotonic()
        self._prices_failed = float("inf")
        self._answered = float("-inf")
        self._series: dict[Series, Candles] = {}
        self._signals = SignalBoard(clock, log)
        self._unanswered: dict[Subscription, str] = {}
        self._backoff: PollBackoff[Series] = PollBackoff(clock, poll_seconds)
        self._snapshot = FeedSnapshot(price_max_age=price_max_age(poll_seconds))

    @property
    def snapshot(self) -> FeedSnapshot:
        return self._snapshot

    def candles(self, market: str, timeframe: Timeframe) -> Candles | None:
        """The closed candles held, oldest first; None if there are none."""
        return self._series.get((market, timeframe))

    def follow(self, subscriptions: Iterable[Subscription], wake: threading.Event | None = None) -> None:
        """Fetch the data of `subscriptions`; `wake` is set whenever something new is published.

        A follower that calls again with the same `wake` replaces what it followed before. Data that nobody follows any
        more is no longer fetched, and is dropped.
        """
        with self._lock:
            before = frozenset[Subscription]() if wake is not None else self._followers.get(None, frozenset())
            self._followers = {**self._followers, wake: before | frozenset(subscriptions)}

    def unfollow(self, wake: threading.Event) -> None:
        """End what this follower follows."""
        with self._lock:
            self._followers = {one: followed for one, followed in self._followers.items() if one is not wake}

    def poll_every(self, seconds: float) -> None:
        """Poll this often from the next pass on."""
        self._poll_seconds = seconds
        self._backoff.first = seconds

    def run(self) -> None:
        """Poll until shutdown. No failure of a single pass ends the feed."""
        while not self._clock.stopping:
            try:
                self.poll()
            except Exception:  # noqa: BLE001 - top of the thread: report and continue
                self._log.exception("Market data failed unexpectedly; trying again", exchange=self._data.exchange)
            self._clock.sleep(self._poll_seconds)
        self._data.close()
        if self._recorder is not None:
            self._recorder.close()

    def poll(self) -> None:
        """One pass over all subscriptions."""
        subscriptions = self._followed()
        series = sorted({subscription.series for subscription in subscriptions})
        markets = sorted({market for market, _ in series})
        self._note_followed(series)
        self._poll_prices(markets)
        answered: set[Series] = set()
        failed: set[Series] = set()
        for one in series:
            if self._clock.stopping:
                return
            if self._backoff.is_backing_off(one):
                continue
            if self._poll_candles(one, [subscription for subscription in subscriptions if subscription.series == one]):
                answered.add(one)
            else:
                failed.add(one)
                # A market that timed out must not delay the prices of the others.
                self._poll_prices(markets)
        self._backoff.note(answered, failed)

    def _followed(self) -> frozenset[Subscription]:
        """Everything that anybody follows now. What nobody follows any more is dropped."""
        followed = frozenset[Subscription]().union(*self._followers.values())
        gone, self._polled = self._polled - followed, followed
        if gone:
            self._forget(gone)
        max_age = price_max_age(self._poll_seconds)
        if max_age != self._snapshot.price_max_age:
            self._snapshot = replace(self._snapshot, price_max_age=max_age)
        return followed

    def _forget(self, gone: frozenset[Subscription]) -> None:
        series = {subscription.series for subscription in gone} - {one.series for one in self._polled}
        markets = {market for market, _ in series} - {one.market for one in self._polled}
        self._signals.forget(gone)
        for subscription in gone:
            self._unanswered.pop(subscription, None)
        for one in series:
            self._series.pop(one, None)
        self._backoff.forget(series)
        for market in markets:
            self._log.settled(market)
            self._log.settled(f"price {market}")
        known = self._snapshot
        self._snapshot = replace(
            known,
            signals=_without(known.signals, gone),
            problems=_without(known.problems, gone),
            freshness=_without(known.freshness, series),
            tickers=_without(known.tickers, markets),
            read=_without(known.read, markets),
            unpriced=_without(known.unpriced, markets),
        )

    def _note_followed(self, series: Iterable[Series]) -> None:
        now = self._clock.monotonic()
        new = {one: Freshness(since=now) for one in series if one not in self._snapshot.freshness}
        if new:
            self._snapshot = replace(self._snapshot, freshness=_merged(self._snapshot.freshness, new))

    def _poll_prices(self, markets: list[str]) -> None:
        began = self._clock.monotonic()
        if not markets or began < self._prices_due:
            return
        self._prices_due = began + max(self._poll_seconds, _TICKER_SECONDS)
        try:
            quotes = self._reader.read(markets, exchange_answers=self._answered >= self._prices_failed)
        except Exception as error:  # noqa: BLE001 - whatever it is, candles continue
            self._prices_failed = min(began, self._prices_failed)
            reason = self._report_failure("prices", "No prices", error)
            self._snapshot = replace(self._snapshot, unpriced=MappingProxyType(dict.fromkeys(markets, reason)))
            return
        self._prices_failed = float("inf")
        self._log.settled("prices")
        for market in markets:
            if market in quotes.missing:
                self._report(f"price {market}", f"No price of {market}: {quotes.missing[market]}")
            else:
                self._log.settled(f"price {market}")
        self._publish_prices(quotes)

    def _publish_prices(self, quotes: Quotes) -> None:
        now = self._clock.monotonic()
        self._publish(
            replace(
                self._snapshot,
                tickers=_merged(self._snapshot.tickers, quotes.tickers),
                read=_merged(self._snapshot.read, dict.fromkeys(quotes.tickers, now)),
                unpriced=MappingProxyType(dict(quotes.missing)),
            )
        )

    def _poll_candles(self, series: Series, followers: list[Subscription]) -> bool:
        """Whether the exchange answered."""
        market, timeframe = series
        known = self._series.get(series)
        since = int(known.time[-1]) if known is not None and len(known) else None
        try:
            fresh = self._data.candles(market, timeframe, since)
        except Exception as error:  # noqa: BLE001 - a malformed answer affects this market alone
            reason = self._report_failure(market, f"No candles of {market}", error)
            self._unanswered |= dict.fromkeys(followers, f"no candles: {reason}")
            self._publish_signals()
            return False
        self._answered = self._clock.monotonic()
        self._log.settled(market)
        if known is not None and corrected(known, fresh):
            self._log.info(f"The exchange corrected the last {timeframe} candle of {market}; its signal is recomputed")
        candles = fresh if known is None else extended(known, fresh)
        self._series[series] = candles
        self._note_answer(series, candles, since)
        were_unanswered = [
            self._unanswered.pop(subscription) for subscription in followers if subscription in self._unanswered
        ]
        if self._signals.update(candles, followers) or were_unanswered:
            self._publish_signals()
        # After the traders were woken: they do not wait for the disk.
        if candles is not known and self._recorder is not None:
            self._recorder.record(candles)
        return True

    def _publish_signals(self) -> None:
        problems = MappingProxyType({**self._signals.faults, **self._unanswered})
        self._publish(replace(self._snapshot, signals=MappingProxyType(dict(self._signals.known)), problems=problems))

    def _note_answer(self, series: Series, candles: Candles, last: int | None) -> None:
        """Put a candle's end on the steady clock when it is first seen, so that no clock jump changes its age."""
        now, freshness = self._clock.monotonic(), self._snapshot.freshness[series]
        ended = freshness.ended
        if len(candles) and int(candles.time[-1]) != last:
            ended = now - (self._clock.time() - int(candles.time[-1]) - candles.timeframe.seconds)
        freshness = replace(freshness, answered=now, ended=ended)
        self._snapshot = replace(self._snapshot, freshness=_merged(self._snapshot.freshness, {series: freshness}))

    def _report_failure(self, topic: str, what: str, error: Exception) -> str:
        """Log once what failed; returns the reason. Unexpected errors are logged with their traceback."""
        if isinstance(error, BrokerError):
            self._report(topic, f"{what}: {error}")
            return str(error)
        reason = f"{type(error).__name__}: {error}"
        self._report(topic, f"{what}: {reason}", same=type(error).__name__, unforeseen=error)
        return reason

    def _report(self, topic: str, text: str, *, same: str = "", unforeseen: Exception | None = None) -> None:
        """Failures during shutdown are not logged."""
        if not self._clock.stopping:
            self._log.trouble(topic, text, same=same, unforeseen=unforeseen)

    def _publish(self, snapshot: FeedSnapshot) -> None:
        self._snapshot = snapshot
        for wake in self._followers:
            if wake is not None:
                wake.set()


def _merged(known: Mapping[_K, _V], new: Mapping[_K, _V]) -> Mapping[_K, _V]:
    return MappingProxyType({**known, **new})


def _without(known: Mapping[_K, _V], gone: Collection[_K]) -> Mapping[_K, _V]:
    return MappingProxyType({key: value for key, value in known.items() if key not in gone})


class PollBackoff(Generic[_K]):
    """Backs off from what fails while others answer, up to five minutes."""

    def __init__(self, clock: Clock, first: float) -> None:
        """`first` is the wait in seconds after the first failure."""
        self._clock = clock
        self.first = first
        self._waits: dict[_K, float] = {}
        self._until: dict[_K, float] = {}

    def is_backing_off(self, key: _K) -> bool:
        return self._clock.monotonic() < self._until.get(key, 0.0)

    def forget(self, keys: Iterable[_K]) -> None:
        for key in keys:
            self._waits.pop(key, None)
            self._until.pop(key, None)

    def note(self, answered: Collection[_K], failed: Collection[_K]) -> None:
        """Record one pass. If nothing answered, the exchange is at fault and there is no backing off."""
        if not answered:
            self._waits.clear()
            self._until.clear()
        for key in answered:
            self._waits.pop(key, None)
            self._until.pop(key, None)
        for key in failed if answered else ():
            wait = min(2 * self._waits[key], _LONGEST_BACKOFF) if key in self._waits else self.first
            self._waits[key] = wait
            self._until[key] = self._clock.monotonic() + wait
