"""The daemon's health as one value: verdict, readiness and metrics, which the health pages show."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from nija.health.counters import FillCounter, TroubleCounter
from nija.health.judgement import CONNECTED, judge
from nija.health.metrics import AccountCollector, registry_with

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prometheus_client import CollectorRegistry

    from brokers.clock import Clock
    from nija.events import Events
    from nija.health.judgement import Verdict
    from nija.status.report import AccountStatus


class Health:
    """Counts from `start` to `stop`. Any thread may ask."""

    def __init__(self, accounts: Callable[[], tuple[AccountStatus, ...]], events: Events, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._started = clock.monotonic()
        self._was_ready = False
        self.registry: CollectorRegistry = registry_with(AccountCollector(accounts, self._judged, clock))
        events.listen(FillCounter(self.registry).on_event)
        self._troubles = TroubleCounter(self.registry)

    def start(self) -> None:
        logging.getLogger().addHandler(self._troubles)

    def stop(self) -> None:
        """Safe to call twice, or without `start`."""
        logging.getLogger().removeHandler(self._troubles)

    def verdict(self) -> Verdict:
        return self._judged(self._accounts())

    def readiness(self) -> tuple[bool, Mapping[str, str]]:
        """Whether NIJA is ready, and the state of every account.

        Ready means that an account has connected. From then on NIJA stays ready for as long as it works: a platform
        that asks for readiness all the time must not restart NIJA because an exchange is down for a minute.
        """
        accounts = self._accounts()
        is_connected = any(one.state in CONNECTED for one in accounts)
        self._was_ready |= is_connected
        is_ready = is_connected or (self._was_ready and self._judged(accounts).healthy)
        return is_ready, {one.id: one.state for one in accounts}

    def _judged(self, accounts: tuple[AccountStatus, ...]) -> Verdict:
        return judge(accounts, utc_now(self._clock), self._clock.monotonic() - self._started)
