"""Computes each signal once for all its subscribers, and records why one is missing or unreliable."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brokers.clock import Clock
    from brokers.model import Candles
    from nija.log.event_log import EventLog
    from nija.market_data.snapshot import Subscription
    from nija.strategy.base import SignalAt


class SignalBoard:
    """`known`: the signal at each subscription's last candle; `faults`: what is wrong. Used by one feed's thread."""

    def __init__(self, clock: Clock, log: EventLog) -> None:
        self._clock = clock
        self._log = log
        self._computed_from: dict[Subscription, Candles] = {}
        self.known: dict[Subscription, SignalAt] = {}
        self.faults: dict[Subscription, str] = {}

    def update(self, candles: Candles, subscriptions: Iterable[Subscription]) -> bool:
        """Compute every signal that was not computed from exactly these candles; returns whether there was any.

        A corrected candle gets a new signal, which replaces the previous one of the same time.
        """
        new = [subscription for subscription in subscriptions if self._computed_from.get(subscription) is not candles]
        for subscription in new:
            self._computed_from[subscription] = candles
            self.known.pop(subscription, None)
            self.faults.pop(subscription, None)
            self._check_length(subscription, len(candles))
            if len(candles):
                self._compute(subscription, candles)
        return bool(new)

    def forget(self, gone: Iterable[Subscription]) -> None:
        """Drop everything known of subscriptions that nobody follows any more."""
        for subscription in gone:
            for known in (self._computed_from, self.known, self.faults):
                known.pop(subscription, None)

    def _compute(self, subscription: Subscription, candles: Candles) -> None:
        try:
            self.known[subscription] = subscription.strategy.evaluate(candles).last(candles)
        except Exception as error:  # noqa: BLE001 - a strategy may be a user's own; its faults affect its subscribers alone
            self.faults[subscription] = (
                f"the strategy {subscription.strategy.name} failed: {type(error).__name__}: {error}"
            )
            self._log.exception(f"The strategy {subscription.strategy.name} failed on {subscription.market}")

    def _check_length(self, subscription: Subscription, count: int) -> None:
        """Report too few candles: the exchange may never have enough, and the strategy would stay silent for ever."""
        topic = f"{subscription.strategy!r} {subscription.market} {subscription.timeframe}"
        if count >= subscription.strategy.warmup:
            self._log.settled(topic)
            return
        self.faults[subscription] = shortage(subscription, count)
        if not self._clock.stopping:
            self._log.trouble(topic, self.faults[subscription], same="shortage")


def shortage(subscription: Subscription, count: int) -> str:
    strategy = subscription.strategy
    return (
        f"the strategy {strategy.name} needs {strategy.warmup} closed {subscription.timeframe} candles of"
        f" {subscription.market} and there are {count}: until there are enough, it opens nothing"
        " or not what it should; shorten its lengths in nija.toml"
    )
