"""What /metrics shows, read from the snapshots at the moment of the scrape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts.manager import AccountState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from accounts.manager import AccountSnapshot
    from brokers.clock import Clock
    from nija.health.judgement import Verdict


@dataclass(frozen=True, slots=True)
class AccountCollector(Collector):
    """One scrape asks for the snapshots once, so that its figures belong together."""

    snapshots: Callable[[], tuple[AccountSnapshot, ...]]
    verdict: Callable[[], Verdict]
    clock: Clock

    def collect(self) -> Iterator[Metric]:
        snapshots = self.snapshots()
        healthy = GaugeMetricFamily("nija_healthy", "1 while useful work is done, as /healthz judges")
        healthy.add_metric([], float(self.verdict().healthy))
        yield healthy
        yield _by_state(snapshots)
        yield _states(snapshots)
        yield from _figures(snapshots)
        yield self._silence(snapshots)

    def _silence(self, snapshots: tuple[AccountSnapshot, ...]) -> Metric:
        silence = GaugeMetricFamily(
            "nija_account_last_work_age_seconds", "Seconds since the account last did useful work", labels=["account"]
        )
        now = self.clock.time()
        for snapshot in snapshots:
            if snapshot.last_work is not None:
                silence.add_metric([str(snapshot.account)], max(0.0, now - snapshot.last_work.timestamp()))
        return silence


def registry_with(collector: Collector) -> CollectorRegistry:
    """A registry of our own, with the process's memory, descriptors and CPU beside the collector's figures."""
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    return registry


def _by_state(snapshots: tuple[AccountSnapshot, ...]) -> Metric:
    family = GaugeMetricFamily("nija_accounts", "Accounts by state", labels=["state"])
    for state in AccountState:
        family.add_metric([state.value], sum(snapshot.state is state for snapshot in snapshots))
    return family


def _states(snapshots: tuple[AccountSnapshot, ...]) -> Metric:
    family = GaugeMetricFamily("nija_account_state", "1 for the account's state", labels=["account", "state"])
    for snapshot in snapshots:
        for state in AccountState:
            family.add_metric([str(snapshot.account), state.value], float(snapshot.state is state))
    return family


def _figures(snapshots: tuple[AccountSnapshot, ...]) -> Iterator[Metric]:
    equity = GaugeMetricFamily("nija_account_equity", "Equity in `currency`", labels=["account", "currency"])
    positions = GaugeMetricFamily("nija_account_positions", "NIJA's open positions", labels=["account"])
    for snapshot in snapshots:
        account = str(snapshot.account)
        positions.add_metric([account], snapshot.positions)
        if snapshot.equity is not None:
            equity.add_metric([account, snapshot.quote], float(snapshot.equity))
    yield equity
    yield positions
