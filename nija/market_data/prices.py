"""The last prices of all markets, in one call; a market that the exchange refuses takes no other's price along."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from brokers.errors import RateLimited, Unavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from brokers.base import MarketData
    from brokers.clock import Clock
    from brokers.model import Ticker

# A market kept apart costs a call of its own each time it is tried.
_APART_SECONDS = 60.0
_APART_LONGEST = 600.0
# After a refusal of every market, which is the exchange's and not a market's, asking each costs too much to repeat.
_ISOLATE_AGAIN = 600.0
# A market without an answer keeps everything waiting, so no more than these are looked for in one pass.
_HANGING_AT_ONCE = 2
_NO_PRICE = "the exchange gives no price of it"


@dataclass(frozen=True, slots=True)
class Quotes:
    """`missing` says of each market without a new price why there is none."""

    tickers: Mapping[str, Ticker]
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Apart:
    """A market that is left out of the common call, and from when on (steady clock) it is tried on its own."""

    reason: str
    due: float
    wait: float = _APART_SECONDS


class PriceReader:
    """Normally one call for all markets, also while the exchange is down. Used by one feed's thread."""

    def __init__(self, data: MarketData, clock: Clock) -> None:
        self._data = data
        self._clock = clock
        self._apart: dict[str, _Apart] = {}
        self._isolate_at = float("-inf")

    def read(self, markets: Collection[str], *, exchange_answers: bool) -> Quotes:
        """Raises what the common call raised where that is the exchange's fault and no market's.

        `exchange_answers`: it answered something else after this call last failed, so that a missing answer may be
        one market's fault.
        """
        together = [market for market in markets if market not in self._apart]
        tickers: dict[str, Ticker] = {}
        reasons: dict[str, str] = {}
        try:
            tickers |= self._ask(together) if together else {}
        except Exception as error:
            # An answer of any odd shape may be one market's.
            if isinstance(error, RateLimited) or (isinstance(error, Unavailable) and not exchange_answers):
                raise
            reasons |= dict.fromkeys(together, _text(error))
            tickers |= self._isolate(together)
        for market in markets:
            if market in self._apart and self._clock.monotonic() >= self._apart[market].due:
                tickers |= self._try_again(market)
        reasons |= {market: apart.reason for market, apart in self._apart.items()}
        return Quotes(tickers, {one: reasons.get(one, _NO_PRICE) for one in markets if one not in tickers})

    def _isolate(self, markets: Sequence[str]) -> dict[str, Ticker]:
        """Ask for each market on its own, and keep those apart for which that fails.

        Where it fails for all of them nothing is learned, and the common call stays as cheap a question as any.
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
            except Exception as error:  # noqa: BLE001 - an answer of any odd shape is this market's
                failed[market] = error
            if sum(isinstance(error, Unavailable) for error in failed.values()) == _HANGING_AT_ONCE:
                break
        now = self._clock.monotonic()
        if not found:
            self._isolate_at = now + _ISOLATE_AGAIN
        if found or len(failed) < len(markets):
            self._apart |= {market: _Apart(_text(error), now + _APART_SECONDS) for market, error in failed.items()}
        return found

    def _try_again(self, market: str) -> dict[str, Ticker]:
        apart = self._apart[market]
        try:
            found = self._ask([market])
            reason = _NO_PRICE
        except Exception as error:  # noqa: BLE001 - an answer of any odd shape is this market's
            found, reason = {}, _text(error)
        if found:
            del self._apart[market]
            # If the common call still fails, it fails for others.
            self._isolate_at = float("-inf")
            return found
        wait = min(2 * apart.wait, _APART_LONGEST)
        self._apart[market] = replace(apart, reason=reason, due=self._clock.monotonic() + wait, wait=wait)
        return {}

    def _ask(self, markets: Sequence[str]) -> dict[str, Ticker]:
        answer = self._data.tickers(markets)
        return {market: answer[market] for market in markets if market in answer}


def _text(error: Exception) -> str:
    return str(error) or type(error).__name__
