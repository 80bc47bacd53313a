from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.kraken.exchange_clock import ExchangeClock
from brokers.kraken.public import KrakenPublic
from brokers.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from tests.simulator_fixtures import Rig

ACCOUNTS = 20


def test_accounts_that_connect_at_once_do_not_wait_a_second_for_each_other(rig: Rig) -> None:
    public = KrakenPublic(base_url=rig.simulator.kraken_url, clock=rig.clock)
    rig.simulator.world.plan.add(Fault(FaultKind.CLOCK_OFFSET, seconds=30.0))
    began = rig.clock.monotonic()
    skews = [ExchangeClock(public, rig.clock).measure() for _ in range(ACCOUNTS)]
    public.close()
    assert rig.clock.monotonic() - began < 2
    assert all(abs(skew - timedelta(seconds=30)) <= timedelta(seconds=1) for skew in skews)


def test_an_account_that_connects_again_asks_again(rig: Rig) -> None:
    public = KrakenPublic(base_url=rig.simulator.kraken_url, clock=rig.clock)
    mine = ExchangeClock(public, rig.clock)
    mine.measure()
    rig.simulator.world.plan.add(Fault(FaultKind.CLOCK_OFFSET, seconds=30.0))
    again = mine.measure()
    public.close()
    assert abs(again - timedelta(seconds=30)) <= timedelta(seconds=1)
