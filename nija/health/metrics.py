"""What /metrics shows, read from the accounts' status at the time of the scrape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts.manager import AccountState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from brokers.clock import Clock
    from nija.health.judgement import Verdict
    from nija.status.report import AccountStatus

    Accounts = tuple[AccountStatus, ...]


@dataclass(frozen=True, slots=True)
class AccountCollector(Collector):
    """Reads the accounts once per scrape, so that its figures are consistent."""

    accounts: Callable[[], Accounts]
    judged: Callable[[Accounts], Verdict]
    clock: Clock

    def collect(self) -> Iterator[Metric]:
        accounts = self.accounts()
        healthy = GaugeMetricFamily("nija_healthy", "1 while useful work is done, as /healthz judges")
        healthy.add_metric([], float(self.judged(accounts).healthy))
        yield healthy
        yield _by_state(accounts)
        yield _states(accounts)
        yield from _figures(accounts)
        yield self._silence(accounts)
        yield _answers(accounts)
        yield from _market_data(accounts)
        yield from _protection(accounts)
        yield _faults(accounts)

    def _silence(self, accounts: Accounts) -> Metric:
        silence = GaugeMetricFamily(
            "nija_account_last_work_age_seconds", "Seconds since the account last did useful work", labels=["account"]
        )
        now = self.clock.time()
        for one in accounts:
            if one.last_useful_work is not None:
                silence.add_metric([one.id], max(0.0, now - one.last_useful_work.timestamp()))
        return silence


def registry_with(collector: Collector) -> CollectorRegistry:
    """A new registry, with the process's memory, file descriptors and CPU besides the collector's figures."""
    registry = CollectorRegistry()
    registry.register(collector)
    ProcessCollector(registry=registry)
    return registry


def _by_state(accounts: Accounts) -> Metric:
    family = GaugeMetricFamily("nija_accounts", "Accounts by state", labels=["state"])
    for state in AccountState:
        family.add_metric([state.value], sum(one.state == state.value for one in accounts))
    return family


def _states(accounts: Accounts) -> Metric:
    family = GaugeMetricFamily("nija_account_state", "1 for the account's state", labels=["account", "state"])
    for one in accounts:
        for state in AccountState:
            family.add_metric([one.id, state.value], float(one.state == state.value))
    return family


def _figures(accounts: Accounts) -> Iterator[Metric]:
    equity = GaugeMetricFamily("nija_account_equity", "Equity in `currency`", labels=["account", "currency"])
    positions = GaugeMetricFamily("nija_account_positions", "NIJA's open positions", labels=["account"])
    foreign = GaugeMetricFamily("nija_foreign_orders", "The owner's own open orders", labels=["account"])
    for one in accounts:
        positions.add_metric([one.id], len(one.positions))
        foreign.add_metric([one.id], one.foreign_orders)
        if one.equity is not None:
            equity.add_metric([one.id, one.currency], float(one.equity))
    yield equity
    yield positions
    yield foreign


def _answers(accounts: Accounts) -> Metric:
    family = GaugeMetricFamily(
        "nija_last_answer_age_seconds", "Seconds since the exchange last answered about the account", labels=["account"]
    )
    for one in accounts:
        if one.last_answer_age is not None:
            family.add_metric([one.id], one.last_answer_age)
    return family


def _market_data(accounts: Accounts) -> Iterator[Metric]:
    """One figure per exchange and market, however many accounts follow it."""
    prices = GaugeMetricFamily(
        "nija_price_age_seconds", "Seconds since the last price was read", labels=["exchange", "market"]
    )
    candles = GaugeMetricFamily(
        "nija_candle_age_seconds",
        "Seconds since the last closed candle ended; not where market time runs on its own",
        labels=["exchange", "market", "timeframe"],
    )
    followed = {(one.exchange, market.market): market for one in accounts for market in one.markets}
    for (exchange, symbol), market in followed.items():
        if market.price_age is not None:
            prices.add_metric([exchange, symbol], market.price_age)
    series = {(one.exchange, market.market, market.timeframe): market for one in accounts for market in one.markets}
    for labels, market in series.items():
        if market.candle_age is not None and market.candle_limit is not None:
            candles.add_metric(list(labels), market.candle_age)
    yield prices
    yield candles


def _protection(accounts: Accounts) -> Iterator[Metric]:
    where = ["account", "market"]
    bare = GaugeMetricFamily("nija_bare_seconds", "How long the position is without a stop now", labels=where)
    total = CounterMetricFamily("nija_bare_seconds", "Seconds without a stop in all, since the start", labels=where)
    longest = GaugeMetricFamily("nija_bare_seconds_longest", "The longest time without a stop", labels=where)
    doubt = GaugeMetricFamily("nija_position_in_doubt", "1 while it is not certain whose coins these are", labels=where)
    for account in accounts:
        for one in account.protection:
            labels = [account.id, one.market]
            bare.add_metric(labels, one.bare_seconds)
            total.add_metric(labels, one.bare_total)
            longest.add_metric(labels, one.longest)
            doubt.add_metric(labels, float(bool(one.doubt)))
    yield from (bare, total, longest, doubt)


def _faults(accounts: Accounts) -> Metric:
    family = GaugeMetricFamily(
        "nija_account_fault", "1 for each fault of the account", labels=["account", "kind", "market"]
    )
    for one in accounts:
        for fault in one.faults:
            family.add_metric([one.id, fault.kind.value, fault.market], 1.0)
    return family
