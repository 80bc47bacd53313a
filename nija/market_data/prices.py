"""The last prices of all markets, in one call; a market that the exchange rejects is isolated from the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from brokers.errors import RateLimited, Unavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from brokers.base import MarketData
    from brokers.clock import Clock
    from brokers.model import Ticker

# Each retry of an isolated market costs a call of its own.
_ISOLATED_RETRY_SECONDS = 60.0
_ISOLATED_RETRY_MAX = 600.0
# If every market fails, the exchange is at fault, and asking for each on its own costs too much to repeat often.
_ISOLATE_MIN_INTERVAL = 600.0
# A market that times out delays the whole pass, so the search for such markets stops after this many.
_MAX_TIMEOUTS_PER_PASS = 2
_NO_PRICE = "the exchange provides no price for it"


@dataclass(frozen=True, slots=True)
class Quotes:
    """`missing` gives the reason for each market without a new price."""

    tickers: Mapping[str, Ticker]
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Isolated:
    """A market left out of the common call, and when (steady clock) it is next tried on its own."""

    reason: str
    due: float
    wait: float = _ISOLATED_RETRY_SECONDS


class PriceReader:
    """Normally one call for all markets, even while the exchange is down. Used by one feed's thread."""

    def __init__(self, data: MarketData, clock: Clock) -> None:
        self._data = data
        self._clock = clock
        self._isolated: dict[str, _Isolated] = {}
        self._isolate_at = float("-inf")

    def read(self, markets: Collection[str], *, exchange_answers: bool) -> Quotes:
        """Raises the error of the common call if the exchange is at fault rather than one market.

        `exchange_answers`: the exchange has answered something else since this call last failed, so a timeout may be
        one market's fault.
        """
        together = [market for market in markets if market not in self._isolated]
        tickers: dict[str, Ticker] = {}
        reasons: dict[str, str] = {}
        try:
            tickers |= self._ask(together) if together else {}
        except Exception as error:
            # A malformed answer may be the fault of one market.
            if isinstance(error, RateLimited) or (isinstance(error, Unavailable) and not exchange_answers):
                raise
            reasons |= dict.fromkeys(together, _text(error))
            tickers |= self._isolate(together)
        for market in markets:
            if market in self._isolated and self._clock.monotonic() >= self._isolated[market].due:
                tickers |= self._try_again(market)
        reasons |= {market: isolated.reason for market, isolated in self._isolated.items()}
        return Quotes(tickers, {one: reasons.get(one, _NO_PRICE) for one in markets if one not in tickers})

    def _isolate(self, markets: Sequence[str]) -> dict[str, Ticker]:
        """Ask for each market on its own, and isolate those that fail.

        If all of them fail nothing is learned, and the common call stays in use.
        """
        if len(markets) == 1 or self._clock.monotonic() < self._isolate_at:
            return {}
        found: dict[str, Ticker] = {}
        failed: dict[str, Exception] = {}
        for market in markets:
            try:
                found |= self._ask([market])
            except RateLimited:
                break
            except Exception as error:  # noqa: BLE001 - a malformed answer is this market's fault
                failed[market] = error
            if sum(isinstance(error, Unavailable) for error in failed.values()) == _MAX_TIMEOUTS_PER_PASS:
                break
        now = self._clock.monotonic()
        if not found:
            self._isolate_at = now + _ISOLATE_MIN_INTERVAL
        if found or len(failed) < len(markets):
            self._isolated |= {
                market: _Isolated(_text(error), now + _ISOLATED_RETRY_SECONDS) for market, error in failed.items()
            }
        return found

    def _try_again(self, market: str) -> dict[str, Ticker]:
        isolated = self._isolated[market]
        try:
            found = self._ask([market])
            reason = _NO_PRICE
        except Exception as error:  # noqa: BLE001 - a malformed answer is this market's fault
            found, reason = {}, _text(error)
        if found:
            del self._isolated[market]
            # If the common call still fails, another market is the cause.
            self._isolate_at = float("-inf")
            return found
        wait = min(2 * isolated.wait, _ISOLATED_RETRY_MAX)
        self._isolated[market] = replace(isolated, reason=reason, due=self._clock.monotonic() + wait, wait=wait)
        return {}

    def _ask(self, markets: Sequence[str]) -> dict[str, Ticker]:
        answer = self._data.tickers(markets)
        return {market: answer[market] for market in markets if market in answer}


def _text(error: Exception) -> str:
    return str(error) or type(error).__name__
