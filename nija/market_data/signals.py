"""Each signal, computed once for all who follow it, and why one is not there or not to be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brokers.clock import Clock
    from brokers.model import Candles
    from nija.log.event_log import EventLog
    from nija.market_data.snapshot import Want
    from nija.strategy.base import SignalAt


class SignalBoard:
    """`known` are the signals at each want's last candle, `faults` what is wrong. Used by one feed's thread."""

    def __init__(self, clock: Clock, log: EventLog) -> None:
        self._clock = clock
        self._log = log
        self._computed_from: dict[Want, Candles] = {}
        self.known: dict[Want, SignalAt] = {}
        self.faults: dict[Want, str] = {}

    def update(self, candles: Candles, wants: Iterable[Want]) -> bool:
        """Compute what is not yet computed from exactly these candles; whether that was anything.

        A candle that the exchange has corrected gets a new signal, which replaces the one of the same moment.
        """
        new = [want for want in wants if self._computed_from.get(want) is not candles]
        for want in new:
            self._computed_from[want] = candles
            self.known.pop(want, None)
            self.faults.pop(want, None)
            self._check_length(want, len(candles))
            if len(candles):
                self._compute(want, candles)
        return bool(new)

    def _compute(self, want: Want, candles: Candles) -> None:
        try:
            self.known[want] = want.strategy.evaluate(candles).last(candles)
        except Exception as error:  # noqa: BLE001 - a strategy may be a user's own; its faults are its followers' alone
            self.faults[want] = f"the strategy {want.strategy.name} failed: {type(error).__name__}: {error}"
            self._log.exception(f"The strategy {want.strategy.name} failed on {want.market}")

    def _check_length(self, want: Want, count: int) -> None:
        """A strategy that waits for candles the exchange may never give would be silent for ever."""
        topic = f"{want.strategy!r} {want.market} {want.timeframe}"
        if count >= want.strategy.warmup:
            self._log.settled(topic)
            return
        self.faults[want] = shortage(want, count)
        if not self._clock.stopping:
            self._log.trouble(topic, self.faults[want], same="shortage")


def shortage(want: Want, count: int) -> str:
    strategy = want.strategy
    return (
        f"the strategy {strategy.name} needs {strategy.warmup} closed {want.timeframe} candles of {want.market}"
        f" and there are {count}: nothing is opened until there are enough; shorten its lengths in nija.toml"
    )
