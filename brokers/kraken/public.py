"""Kraken's public calls, shared by all accounts of the process: their limit is one call a second per IP address."""

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
from brokers.kraken.symbols import ONLINE, Names, Symbols, symbols_of
from brokers.retry import retry_reads
from brokers.shared_answer import MARKETS_AGAIN, MARKETS_LAST, SharedAnswer
from brokers.throttle import Spacing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.model import Market

# "About 1 call/s per IP stays safe" (support article 206548367).
_SECONDS_APART = 1.0
# What SystemStatus never says: while it cannot be read, no market is taken to be open.
_UNKNOWN_MODE = "unknown"
_NAMES_AGAIN = 600.0
_SHORT_TIMEOUT = 5.0
# Younger than the age at which any account measures the clock anew.
_CLOCK_KEPT = 200.0
# Kraken tells its time in whole seconds.
_PRECISION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Shown:
    """The markets that Kraken lists, the mode all of it is in, and what follows from both."""

    listed: Symbols
    mode: str
    symbols: Symbols


class _Answer(NamedTuple):
    """When it was asked for and came (monotonic seconds), and what it says."""

    sent: float
    received: float
    result: dict[str, Any]


class KrakenPublic:
    """Thread-safe. Make one per process and hand it to every broker and to the market data.

    The markets are read once for all of them, and again when someone asks for that.
    """

    def __init__(self, *, base_url: str | None = None, clock: Clock, timeout: float = 30.0) -> None:
        self._api = krakenex.API()
        prepare_api(self._api, base_url)
        self._clock = clock
        self._timeouts = timeouts(timeout)
        self._reads = retry_reads(clock)
        # Whoever waits for these can go on without them.
        self._short_timeouts = timeouts(min(timeout, _SHORT_TIMEOUT))
        self._short_reads = retry_reads(clock, attempts=3, total=_SHORT_TIMEOUT)
        self._turns = Spacing(clock, _SECONDS_APART)
        self._lock = threading.Lock()
        self.exchange_clock = ExchangeClock(self._ask_time, clock, threading.Lock())
        self._names = Names()
        self._listed = SharedAnswer(self._ask_symbols, clock, threading.Lock())
        self._mode = SharedAnswer(self._ask_mode, clock, threading.Lock())
        self._named = SharedAnswer(self._ask_names, clock, threading.Lock())
        self._shown: _Shown | None = None

    def prepare(self) -> None:
        """Ask now for what every account needs to connect. Raises BrokerError."""
        self.exchange_clock.sync(0.0)
        self.symbols()

    def query(self, method: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The result of a public call, passing faults tried again."""
        return self._reads(lambda: self._in_turn(method, params))

    def wait_for_turn(self) -> None:
        """The feed's turn, in the order of asking: a busy feed does not keep an account from connecting.

        The feed has the time for what an account with an order to send would have to wait for. Raises RateLimited.
        """
        with suppress(BrokerError):
            self.exchange_clock.sync(_CLOCK_KEPT)
        with suppress(BrokerError):
            self._follow_mode()
        self._wait_for_turn()

    def symbols(self) -> Symbols:
        """The markets as last read; only the first call asks Kraken."""
        return self._shown.symbols if self._shown is not None else self._refreshed(MARKETS_LAST)

    def learn_names(self) -> None:
        """Ask what every currency is called, at most every ten minutes, whether or not Kraken then says."""
        self._named.get(_NAMES_AGAIN)

    def markets(self, max_age: float) -> Mapping[str, Market]:
        """As read within the last `max_age` seconds; others go on with the old ones meanwhile."""
        return self._refreshed(max_age).markets

    def markets_age(self) -> float:
        """Seconds since both the markets and the mode Kraken is in were read; infinite before."""
        return max(self._listed.age(), self._mode.age())

    def close(self) -> None:
        self._api.close()

    def _refreshed(self, max_age: float) -> Symbols:
        listed = self._listed.get(max_age)
        try:
            mode = self._mode.get(max_age)
        except BrokerError:
            mode = _UNKNOWN_MODE
        shown = self._shown
        if shown is None or shown.listed is not listed or shown.mode != mode:
            self._shown = shown = _Shown(listed, mode, listed.in_mode(mode))
        return shown.symbols

    def _follow_mode(self) -> None:
        """While Kraken is not known to be online, look again every minute whether it is."""
        if self._shown is not None and self._shown.mode != ONLINE:
            self._refreshed(MARKETS_AGAIN)

    def _ask_time(self) -> Reading:
        sent, received, result = self._short_reads(lambda: self._in_short("Time"))
        with parsing("clock"):
            return reading(datetime.fromtimestamp(int(result["unixtime"]), UTC), sent, received, _PRECISION)

    def _ask_symbols(self) -> Symbols:
        pairs = {pair: row for pair, row in self.query("AssetPairs").items() if isinstance(row, dict)}
        self._names.learn_pairs(pairs)
        # Each public call costs a second of an account's start.
        if not self._names.cover(pairs):
            self.learn_names()
        symbols = symbols_of(pairs, self._names)
        if not symbols.markets:
            raise BadAnswer("Kraken's AssetPairs did not say which markets there are")
        return symbols

    def _ask_mode(self) -> str:
        mode = self._short_reads(lambda: self._in_short("SystemStatus")).result.get("status")
        if not isinstance(mode, str):
            raise BadAnswer("Kraken's SystemStatus did not say which mode it is in")
        return mode

    def _ask_names(self) -> bool:
        """Whether Kraken said."""
        with suppress(BrokerError), parsing("assets"):
            self._names.learn_assets(self._short_reads(lambda: self._in_short("Assets")).result)
            return True
        return False

    def ask(self, method: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One call, by someone who has waited for a turn."""
        return self._send(method, params, self._timeouts).result

    def _in_turn(self, method: str, params: Mapping[str, str] | None) -> dict[str, Any]:
        self._wait_for_turn()
        return self.ask(method, params)

    def _in_short(self, method: str) -> _Answer:
        self._wait_for_turn()
        return self._send(method, None, self._short_timeouts)

    def _wait_for_turn(self) -> None:
        self._turns.wait_for(self._turns.reserve())
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
            raise RateLimited("Stopping: no public call is begun", _SECONDS_APART)
