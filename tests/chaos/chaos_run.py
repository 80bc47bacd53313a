"""One seeded run of the whole daemon: it trades under faults, is killed and restarted, and the books are checked."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from brokers.simulator.engine.markets import Mode
from nija.journal.connection import CommitPoint
from tests.chaos.daemon_forker import until
from tests.chaos.exchange import FACTOR, FOUR
from tests.chaos.fault_schedule import act_schedule, fault_schedule
from tests.chaos.forked_daemon import ANY, KillAtCommit
from tests.chaos.harness import Harness, Outcome, running_harness

if TYPE_CHECKING:
    from tests.chaos.daemon_forker import DaemonForker

# In seconds of the quick clock.
TRADING = 360.0
_CONNECTED = 5.0
_GAP = 2.0
_ACTS_GAP = 5.0
_MAINTENANCE = 15.0
_SHORTEST, _LONGEST = 12.0, 150.0
# How wrong the daemon's clock is; by an hour it must not trade, and still use up no nonce twice.
_SKEWS = (0.0, 0.0, 0.0, 0.0, -2.0, 2.0, 2.0, -3600.0)
# In real seconds.
_SLOW_MACHINE = 15.0


def run(
    seed: int, forker: DaemonForker, *, trading: float = TRADING, owners: bool = True, factor: float = FACTOR
) -> Outcome:
    """With `owners`, they and the exchanges act by themselves as well. `factor`: see `running_harness`."""
    with running_harness(seed, forker, FOUR, factor) as harness:
        exchange, start = harness.exchange, harness.clock.time() + _CONNECTED
        exchange.owner_orders()
        exchange.strike(fault_schedule(seed, exchange.accounts, start=start, duration=trading, mean_gap=_GAP))
        if owners:
            exchange.let_act(act_schedule(seed, exchange.accounts, start=start, duration=trading, mean_gap=_ACTS_GAP))
        _run_and_kill(harness, random.Random(seed), time.monotonic() + trading / harness.exchange.epoch.factor)
        harness.settle()
    return harness.outcome


def _run_and_kill(harness: Harness, luck: random.Random, over: float) -> None:
    maintained = luck.random() < 0.8
    while time.monotonic() < over or (time.monotonic() < over + _SLOW_MACHINE and not harness.has_traded):
        if harness.daemon is None:
            harness.begin([_random_kill(luck)] if luck.random() < 0.5 else [], skew=luck.choice(_SKEWS))
        lasts = time.monotonic() + luck.uniform(_SHORTEST, _LONGEST) / harness.exchange.epoch.factor
        if not maintained:
            _maintain(harness, luck)
            maintained = True
        moment = min(over, lasts) if time.monotonic() < over else lasts
        if harness.daemon is not None and (harness.daemon.died(until(moment)) or lasts < over):
            harness.kill()
            if luck.random() < 0.1:
                harness.lose_journals()


def _random_kill(luck: random.Random) -> KillAtCommit:
    """At one of the first commits of a kind, or at one of the first dozens of any."""
    committed = luck.random() < 0.5
    if luck.random() < 0.3:
        return KillAtCommit(ANY, committed, count=luck.randint(1, 40))
    return KillAtCommit(luck.choice(list(CommitPoint)).value, committed, count=luck.randint(1, 4))


def _maintain(harness: Harness, luck: random.Random) -> None:
    exchange = luck.choice(harness.exchange.accounts).exchange
    harness.exchange.mode(exchange, luck.choice([Mode.MAINTENANCE, Mode.CANCEL_ONLY, Mode.POST_ONLY]))
    harness.clock.sleep(_MAINTENANCE)
    harness.exchange.mode(exchange, Mode.ONLINE)
