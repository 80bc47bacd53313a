"""Stores the closed candles that a feed sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.candle_files import CandleError
from brokers.errors import BrokerError
from nija.candles.cutting import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brokers.clock import Clock
    from brokers.model import Candles, Market, Timeframe
    from nija.candles.store import CandleStore
    from nija.log.event_log import EventLog

# How often the steps and minimums of a market are stored again.
_FACTS_SECONDS = 86_400.0
_TOPIC = "candle store"


class CandleRecorder:
    """For the thread of one feed. A store that cannot be written stops nothing: it is logged, and tried again.

    `origin` is the exchange as the store names it; `markets` returns its markets, or raises BrokerError.
    """

    def __init__(
        self,
        store: CandleStore,
        origin: str,
        markets: Callable[[], Mapping[str, Market]],
        clock: Clock,
        log: EventLog,
    ) -> None:
        self._store = store
        self._origin = origin
        self._markets = markets
        self._clock = clock
        self._log = log
        self._stored: dict[tuple[str, Timeframe], int] = {}
        self._facts_stored: dict[str, float] = {}

    def record(self, candles: Candles) -> None:
        """Store what is new in the candles of a series, of which the last may be a correction."""
        key = (candles.market, candles.timeframe)
        new = cut(candles, since=self._stored.get(key))
        if not len(new):
            return
        try:
            self._store.add(self._origin, new)
            self._store_facts(candles.market)
        except CandleError as error:
            self._log.trouble(_TOPIC, f"Candles are not stored, for backtests to come; trading goes on. {error}")
        else:
            self._stored[key] = int(new.time[-1])
            self._log.settled(_TOPIC)

    def close(self) -> None:
        self._store.close()

    def _store_facts(self, market: str) -> None:
        now = self._clock.monotonic()
        if now - self._facts_stored.get(market, -_FACTS_SECONDS) < _FACTS_SECONDS:
            return
        try:
            listed = self._markets().get(market)
        except BrokerError:
            # The accounts report that; the next candle brings another chance.
            return
        if listed is not None:
            self._store.add_markets(self._origin, [listed], int(self._clock.time()))
            self._facts_stored[market] = now
