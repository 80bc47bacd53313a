"""The faults of a seeded run, aimed at orders more often than at anything else, and the acts of its owners."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from brokers.model import Exchange
from brokers.simulator.faults import Fault, FaultKind
from brokers.simulator.schedule import seeded_acts, seeded_schedule
from tests.chaos.thin_prices import MARKETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.identity import AccountId
    from brokers.simulator.acts import Act

PLACE = {Exchange.KRAKEN: "AddOrder", Exchange.COINBASE: "POST /orders"}
CANCEL = {Exchange.KRAKEN: "CancelOrder", Exchange.COINBASE: "POST /orders/batch_cancel"}
AMEND = "AmendOrder"
_FILLS = {Exchange.KRAKEN: "TradesHistory", Exchange.COINBASE: "GET /orders/historical/fills"}
# What strikes nowhere else.
_ONLY_AT = {
    FaultKind.LATE_VISIBLE: PLACE,
    FaultKind.LATE_FAIL: PLACE,
    FaultKind.BALANCE_LAG: PLACE,
    FaultKind.SLOW_CANCEL: CANCEL,
    FaultKind.DUPLICATE_FILLS: _FILLS,
}
# What one exchange does not know, and what strikes there instead.
_INSTEAD = {
    (Exchange.KRAKEN, FaultKind.LATE_FAIL): FaultKind.LATE_VISIBLE,
    (Exchange.COINBASE, FaultKind.REFUSE_NONCE): FaultKind.REFUSE_KEY,
}
# A lockout lasts for minutes in which nothing else can be tried, so it comes to few runs, and once.
_LOCKED_OUT = 0.1
_NOTICED = 30.0
# These wait on the machine's own clock, as bytes do.
_ON_THE_WIRE = frozenset({FaultKind.DELAY_BEFORE, FaultKind.DELAY_AFTER, FaultKind.HANG, FaultKind.SLOW_BODY})
_SHORTENED = 6.0


def fault_schedule(
    seed: int, accounts: Sequence[AccountId], *, start: float, duration: float, mean_gap: float
) -> tuple[Fault, ...]:
    """Times in seconds of the run's own clock, from `start`."""
    rng = random.Random(seed)
    schedule = seeded_schedule(
        seed, start=start, duration=duration, mean_gap=mean_gap, accounts=[str(account) for account in accounts]
    )
    aimed = tuple(_aimed(fault, rng) for fault in schedule)
    if rng.random() >= _LOCKED_OUT:
        return aimed
    moment, account = start + duration * rng.random(), str(rng.choice(accounts))
    return (*aimed, Fault(FaultKind.LOCKOUT, account=account, count=1, since=moment, until=moment + _NOTICED))


def act_schedule(
    seed: int, accounts: Sequence[AccountId], *, start: float, duration: float, mean_gap: float
) -> tuple[Act, ...]:
    """What owners and exchanges do by themselves meanwhile. Times in seconds of the run's own clock, from `start`."""
    names = [str(account) for account in accounts]
    return seeded_acts(seed, start=start, duration=duration, mean_gap=mean_gap, accounts=names, markets=MARKETS)


def _aimed(fault: Fault, rng: random.Random) -> Fault:
    exchange = Exchange(fault.account.partition(":")[0])
    kind = rng.choice([fault.kind, fault.kind, fault.kind, fault.kind, fault.kind, FaultKind.SLOW_BODY])
    kind = _INSTEAD.get((exchange, kind), kind)
    targets = [PLACE[exchange], PLACE[exchange], PLACE[exchange], CANCEL[exchange], "*", "*"]
    if exchange == Exchange.KRAKEN:
        targets.append(AMEND)
    if kind in _ONLY_AT:
        targets = [_ONLY_AT[kind][exchange]]
    seconds = max(fault.seconds, 0.2)
    return replace(
        fault,
        kind=kind,
        exchange=exchange,
        endpoint=rng.choice(targets),
        seconds=seconds / _SHORTENED if kind in _ON_THE_WIRE else seconds,
        until=None if fault.until is None else fault.until + 20.0,
    )
