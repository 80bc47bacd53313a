"""Kraken's public calls, shared by all accounts of the process: their limit is one call a second per IP address."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import krakenex
import requests

from brokers.errors import BadAnswer, RateLimited
from brokers.kraken.client import prepare_api, result_of, timeouts
from brokers.kraken.errors import Action, error_of_failure
from brokers.kraken.symbols import Symbols, names_every_currency, symbols_of
from brokers.kraken.wire import understanding
from brokers.retry import retry_reads
from brokers.shared import MARKETS_LAST, SharedAnswer
from brokers.throttle import Spacing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.model import Market

# "About 1 call/s per IP stays safe" (support article 206548367).
_SECONDS_APART = 1.0
_HALF_SECOND = timedelta(seconds=0.5)


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
        self._turns = Spacing(clock, _SECONDS_APART)
        self._lock = threading.Lock()
        self._told = SharedAnswer(self._ask_time, clock, threading.Lock())
        self._listed = SharedAnswer(self._ask_symbols, clock, threading.Lock())
        self._symbols: Symbols | None = None

    def prepare(self) -> None:
        """Ask now for what every account needs to connect. Raises BrokerError."""
        self.recent_server_time(0.0)
        self.symbols()

    def query(self, method: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The result of a public call, passing faults tried again."""

        def paced() -> dict[str, Any]:
            self.wait_for_turn()
            return self.ask(method, params)

        return self._reads(paced)

    def wait_for_turn(self) -> None:
        """In the order of asking: a busy feed does not keep an account from connecting. Raises RateLimited."""
        self._turns.wait_for(self._turns.reserve())
        self._check_stopping()

    def server_time(self) -> datetime:
        """The exchange's clock now. It is told in whole seconds, so it may be half a second off."""
        asked, result = self._reads(self._timed_question)
        passed = timedelta(seconds=self._clock.monotonic() - asked)
        with understanding("clock"):
            told = datetime.fromtimestamp(int(result["unixtime"]), UTC)
        return told + _HALF_SECOND + passed / 2

    def recent_server_time(self, max_age: float) -> datetime:
        """The same, carried on from what some account was told within the last `max_age` seconds, if any was.

        Many accounts that connect at once need not wait a second for each other.
        """
        told, at = self._told.get(max_age)
        return told + timedelta(seconds=self._clock.monotonic() - at)

    def symbols(self) -> Symbols:
        """The markets as last read; only the first call asks Kraken."""
        return self._symbols or self._refreshed(MARKETS_LAST)

    def markets(self, max_age: float) -> Mapping[str, Market]:
        """As read within the last `max_age` seconds; others go on with the old ones meanwhile."""
        return self._refreshed(max_age).markets

    def markets_age(self) -> float:
        """Seconds since the markets were read; infinite before."""
        return self._listed.age()

    def close(self) -> None:
        self._api.close()

    def _refreshed(self, max_age: float) -> Symbols:
        self._symbols = self._listed.get(max_age)
        return self._symbols

    def _ask_time(self) -> tuple[datetime, float]:
        return self.server_time(), self._clock.monotonic()

    def _ask_symbols(self) -> Symbols:
        pairs = self.query("AssetPairs")
        if not pairs:
            raise BadAnswer("Kraken's AssetPairs did not say which markets there are")
        with understanding("markets"):
            # Each public call costs a second of an account's start.
            told = names_every_currency(pairs)
        assets = {} if told else self.query("Assets")
        with understanding("markets"):
            return symbols_of(assets, pairs)

    def _timed_question(self) -> tuple[float, dict[str, Any]]:
        self.wait_for_turn()
        return self._send("Time", None)

    def ask(self, method: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One call, by someone who has waited for a turn."""
        return self._send(method, params)[1]

    def _send(self, method: str, params: Mapping[str, str] | None) -> tuple[float, dict[str, Any]]:
        """When it was sent (monotonic seconds), and the result."""
        with self._lock:
            self._turns.begin()
            self._check_stopping()
            sent = self._clock.monotonic()
            try:
                answer = self._api.query_public(method, dict(params or {}), timeout=self._timeouts)
            except requests.RequestException as error:
                raise error_of_failure(error, Action.READ) from error
        return sent, result_of(answer, Action.READ, self._clock.time())

    def _check_stopping(self) -> None:
        if self._clock.stopping:
            raise RateLimited("Stopping: no public call is begun", _SECONDS_APART)
