"""Kraken's public calls, shared by all accounts of the process because their limit counts per IP address."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import krakenex
import requests

from brokers.errors import BadAnswer, BrokerError, RateLimited
from brokers.exchange_clock import ExchangeClock, Reading, reading
from brokers.kraken.client import prepare_api, result_of, timeouts
from brokers.kraken.errors import Action, error_of_failure
from brokers.kraken.json_fields import parsing
from brokers.kraken.symbols import ONLINE, KrakenNames, Symbols, symbols_of
from brokers.retry import retry_reads
from brokers.shared_answer import MARKETS_MIN_REFRESH, MARKETS_TTL, SharedAnswer
from brokers.throttle import Spacing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.model import Market

# "About 1 call/s per IP stays safe" (support article 206548367).
_SECONDS_APART = 1.0
# Never a real mode: while SystemStatus cannot be read, no market counts as open.
_UNKNOWN_MODE = "unknown"
_NAMES_MIN_REFRESH = 600.0
_SHORT_TIMEOUT = 5.0
# Below the age at which any account would measure the clock itself.
_CLOCK_MAX_AGE = 200.0
# Kraken reports its time in whole seconds.
_PRECISION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _State:
    """The markets Kraken lists, the mode of the whole exchange, and the markets that result from both."""

    listed: Symbols
    mode: str
    symbols: Symbols


class _Answer(NamedTuple):
    """When the request was sent and the answer received (monotonic seconds), and its result."""

    sent: float
    received: float
    result: dict[str, Any]


class KrakenPublic:
    """Thread-safe. Make one per process and pass it to every broker and to the market data.

    The markets are read once for all of them, and again on request.
    """

    def __init__(self, *, base_url: str, clock: Clock, timeout: float = 30.0) -> None:
        self._api = krakenex.API()
        prepare_api(self._api, base_url)
        self._clock = clock
        self._timeouts = timeouts(timeout)
        self._reads = retry_reads(clock)
        # For calls whose callers can continue without an answer.
        self._short_timeouts = timeouts(min(timeout, _SHORT_TIMEOUT))
        self._short_reads = retry_reads(clock, attempts=3, total=_SHORT_TIMEOUT)
        self._turns = Spacing(clock, _SECONDS_APART)
        self._lock = threading.Lock()
        self.exchange_clock = ExchangeClock(self._ask_time, clock, threading.Lock())
        self._names = KrakenNames()
        self._listed = SharedAnswer(self._ask_symbols, clock, threading.Lock())
        self._mode = SharedAnswer(self._ask_mode, clock, threading.Lock())
        self._named = SharedAnswer(self._ask_names, clock, threading.Lock())
        self._state: _State | None = None

    def prepare(self) -> None:
        """Read in advance what every account needs to connect. Raises BrokerError."""
        self.exchange_clock.sync(0.0)
        self.symbols()

    def query(self, method: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The result of a public call. Transient failures are retried."""
        return self._reads(lambda: self._in_turn(method, params))

    def wait_for_turn(self) -> None:
        """Wait for the feed's turn; first come, first served, so a busy feed cannot keep an account from connecting.

        Also refreshes the clock and the mode, so that accounts need not wait for them. Raises RateLimited.
        """
        with suppress(BrokerError):
            self.exchange_clock.sync(_CLOCK_MAX_AGE)
        with suppress(BrokerError):
            self._follow_mode()
        self._wait_for_turn()

    def symbols(self) -> Symbols:
        """The markets as last read; only the first call sends a request."""
        return self._state.symbols if self._state is not None else self._refreshed(MARKETS_TTL)

    def learn_names(self) -> None:
        """Read the names of all currencies, at most every ten minutes, even if that fails."""
        self._named.get(_NAMES_MIN_REFRESH)

    def markets(self, max_age: float) -> Mapping[str, Market]:
        """As read within the last `max_age` seconds; other callers keep using the old ones meanwhile."""
        return self._refreshed(max_age).markets

    def markets_age(self) -> float:
        """Seconds since both the markets and Kraken's mode were read; infinite before the first time."""
        return max(self._listed.age(), self._mode.age())

    def close(self) -> None:
        self._api.close()

    def _refreshed(self, max_age: float) -> Symbols:
        listed = self._listed.get(max_age)
        try:
            mode = self._mode.get(max_age)
        except BrokerError:
            mode = _UNKNOWN_MODE
        state = self._state
        if state is None or state.listed is not listed or state.mode != mode:
            self._state = state = _State(listed, mode, listed.in_mode(mode))
        return state.symbols

    def _follow_mode(self) -> None:
        """While Kraken is not known to be online, check its mode every minute."""
        if self._state is not None and self._state.mode != ONLINE:
            self._refreshed(MARKETS_MIN_REFRESH)

    def _ask_time(self) -> Reading:
        sent, received, result = self._short_reads(lambda: self._in_short("Time"))
        with parsing("clock"):
            return reading(datetime.fromtimestamp(int(result["unixtime"]), UTC), sent, received, _PRECISION)

    def _ask_symbols(self) -> Symbols:
        pairs = {pair: row for pair, row in self.query("AssetPairs").items() if isinstance(row, dict)}
        self._names.learn_pairs(pairs)
        # Every public call delays the start of the accounts by one second.
        if not self._names.cover(pairs):
            self.learn_names()
        symbols = symbols_of(pairs, self._names)
        if not symbols.markets:
            raise BadAnswer("Kraken's answer to AssetPairs lists no markets")
        return symbols

    def _ask_mode(self) -> str:
        mode = self._short_reads(lambda: self._in_short("SystemStatus")).result.get("status")
        if not isinstance(mode, str):
            raise BadAnswer("Kraken's answer to SystemStatus lacks its mode")
        return mode

    def _ask_names(self) -> bool:
        """Whether Kraken answered."""
        with suppress(BrokerError), parsing("assets"):
            self._names.learn_assets(self._short_reads(lambda: self._in_short("Assets")).result)
            return True
        return False

    def ask(self, method: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One call, without waiting for a turn: the caller has had it."""
        return self._send(method, params, self._timeouts).result

    def _in_turn(self, method: str, params: Mapping[str, str] | None) -> dict[str, Any]:
        self._wait_for_turn()
        return self.ask(method, params)

    def _in_short(self, method: str) -> _Answer:
        self._wait_for_turn()
        return self._send(method, None, self._short_timeouts)

    def _wait_for_turn(self) -> None:
        self._turns.wait_for(self._turns.take_turn())
        self._check_stopping()

    def _send(self, method: str, params: Mapping[str, str] | None, timeout: tuple[float, float]) -> _Answer:
        with self._lock:
            self._turns.begin()
            self._check_stopping()
            sent = self._clock.monotonic()
            try:
                answer = self._api.query_public(method, dict(params or {}), timeout=timeout)
            except requests.RequestException as error:
                raise error_of_failure(error, Action.READ) from error
            received = self._clock.monotonic()
        return _Answer(sent, received, result_of(answer, Action.READ, self._clock.time()))

    def _check_stopping(self) -> None:
        if self._clock.stopping:
            raise RateLimited("Stopping: no new public calls are made", _SECONDS_APART)
