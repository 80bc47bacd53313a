"""The demo: made-up accounts at an embedded exchange, traded by the same code as real ones."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.credentials import Credentials, Discovery
from accounts.data_dir import ensure_directory
from accounts.identity import AccountId
from accounts.ownership import KeyOwnership
from brokers.simulator.config import Limits, Retention, SimulatorConfig, Tier, made_up_accounts
from brokers.simulator.prices import DEMO_SEED, running_time
from nija.journal.retention import JournalRetention
from nija.log.event_log import get_log
from nija.supervisor.configuration import with_fast_markets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.setting_tables import AccountSettings
    from accounts.settings import Settings
    from brokers.clock import Clock
    from brokers.simulator.config import SimulatedAccount
    from nija.supervisor.configuration import Configuration

# A daily candle closes every 1.5 s: the fastest that one public call a second can follow in two markets.
SPEED = 57_600.0
_POLL_SECONDS = 0.5
# Market time cannot overtake real time. A minute before it catches up, the demo starts over.
LIFE_SECONDS = running_time(SPEED) - 60
# Ten minutes are a year of market time.
JOURNAL_RETENTION = JournalRetention(
    history=timedelta(minutes=10), transitions=timedelta(minutes=10), interval=timedelta(minutes=1)
)
# More than the daemon ever asks for, and little enough that the exchange needs no more memory after days.
_RETENTION = Retention(orders=300, requests=1_000, candles=1_000)


def exchange_config() -> SimulatorConfig:
    return SimulatorConfig(
        made_up_accounts(DEMO_SEED), speed=SPEED, seed=DEMO_SEED, limits=Limits(tier=Tier.PRO), retention=_RETENTION
    )


@contextmanager
def demo(configuration: Configuration, clock: Clock) -> Iterator[Configuration]:
    """Start the embedded exchange; within the block the configuration is that of its accounts.

    Raises KeyInUse if a demo already runs in this data folder, DataDirUnusable, Unavailable.
    """
    # Live trading does not need the embedded exchange's server.
    from brokers.simulator.child import start_child  # noqa: PLC0415

    data_dir = configuration.process.data_dir
    with KeyOwnership(data_dir, "demo", clock, "nija run (demo)"):
        folder = data_dir / "demo"
        # The exchange starts from scratch each time, so the journals of the last demo do not apply.
        shutil.rmtree(folder, ignore_errors=True)
        ensure_directory(folder)
        child = start_child(exchange_config())
        try:
            os.environ["REQUESTS_CA_BUNDLE"] = child.addresses.ca_bundle
            process = replace(
                configuration.process,
                data_dir=folder,
                database_url=None,
                addresses=MappingProxyType({**configuration.process.addresses, **child.addresses.by_exchange}),
            )
            discovery = _discovery(child.accounts)
            yield replace(
                configuration,
                process=process,
                discovery=discovery,
                settings=_settings(configuration.settings, discovery),
                retention=JOURNAL_RETENTION,
                market_speed=SPEED,
            )
        finally:
            child.stop()


def demo_lives(stop: threading.Event, seconds: float = LIFE_SECONDS) -> Iterator[threading.Event]:
    """The event that ends each life of the demo. One life follows another until `stop` is set.

    It is set together with `stop`, or after `seconds`.
    """
    while not stop.is_set():
        over = threading.Event()
        threading.Thread(target=_end_life, args=(over, stop, seconds), name="demo", daemon=True).start()
        yield over


def _end_life(over: threading.Event, stop: threading.Event, seconds: float) -> None:
    if not stop.wait(seconds):
        get_log("nija").info("🎭 The demo's market has reached today: the demo stops and starts over")
    over.set()


def in_demo(running: Configuration, written: Configuration) -> Configuration:
    """The configuration of a running demo with the settings that are written now."""
    return replace(running, settings=_settings(written.settings, running.discovery), warnings=written.warnings)


def _settings(settings: Settings, discovery: Discovery) -> Settings:
    """For fast markets, and with the largest call budget: a year of trading takes ten minutes."""
    fast = with_fast_markets(settings, _POLL_SECONDS)
    accounts = {found.account: _with_most_calls(fast.for_account(found.account)) for found in discovery.credentials}
    return replace(fast, accounts=MappingProxyType({**fast.accounts, **accounts}))


def _with_most_calls(account: AccountSettings) -> AccountSettings:
    return replace(account, own=account.own.model_copy(update={"kraken_tier": "pro"}))


def _discovery(accounts: tuple[SimulatedAccount, ...]) -> Discovery:
    credentials = tuple(
        Credentials(AccountId(account.exchange, account.owner), account.api_key, "made up", "made up")
        for account in accounts
    )
    secrets = frozenset(text for account in accounts for text in (account.api_key.key, account.api_key.secret))
    return Discovery(credentials, faults=(), warnings=(), secrets=secrets)
