"""Seeded random schedules of faults and acts, so that a run can be repeated from one number."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.simulator.acts import Act, ActKind
from brokers.simulator.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Transient faults with the range of their seconds: a careful client must survive them without losing an order.
_PASSING: tuple[tuple[FaultKind, float, float], ...] = (
    (FaultKind.DELAY_BEFORE, 0.05, 2.0),
    (FaultKind.DELAY_AFTER, 0.05, 2.0),
    (FaultKind.DROP_BEFORE, 0.0, 0.0),
    (FaultKind.DROP_AFTER, 0.0, 0.0),
    (FaultKind.ERROR_BEFORE, 0.0, 0.0),
    (FaultKind.ERROR_AFTER, 0.0, 0.0),
    (FaultKind.RESET, 0.0, 0.0),
    (FaultKind.TRUNCATE, 0.0, 0.0),
    (FaultKind.HANG, 0.5, 5.0),
    (FaultKind.REFUSE_NONCE, 0.0, 0.0),
    (FaultKind.REFUSE_KEY, 0.0, 0.0),
    (FaultKind.RATE_LIMIT, 0.0, 0.0),
    (FaultKind.UNAVAILABLE_BEFORE, 0.0, 0.0),
    (FaultKind.UNAVAILABLE_AFTER, 0.0, 0.0),
    (FaultKind.EMPTY_RESULT, 0.0, 0.0),
    (FaultKind.LATE_VISIBLE, 0.5, 5.0),
    (FaultKind.LATE_FAIL, 0.2, 3.0),
    (FaultKind.BALANCE_LAG, 0.5, 3.0),
    (FaultKind.SLOW_CANCEL, 0.2, 3.0),
    (FaultKind.DUPLICATE_FILLS, 0.0, 0.0),
)
# What owners and exchanges do, with the range of the share involved; repeated entries happen more often.
_ACTS: tuple[tuple[ActKind, float, float], ...] = (
    (ActKind.BUYS, 0.0, 0.1),
    (ActKind.SELLS, 0.0, 1.0),
    (ActKind.SELLS, 0.0, 1.0),
    (ActKind.WITHDRAWS, 0.0, 1.0),
    (ActKind.DEPOSITS, 0.0, 0.5),
    (ActKind.STAKES, 0.0, 1.0),
    (ActKind.UNSTAKES, 1.0, 1.0),
    (ActKind.CANCELS, 1.0, 1.0),
    (ActKind.CANCELS, 1.0, 1.0),
    (ActKind.CANCELS_ALL, 1.0, 1.0),
    (ActKind.MOVES_STOP, 0.8, 1.05),
    (ActKind.RESIZES_STOP, 0.5, 1.5),
    (ActKind.RESTS, 0.1, 1.0),
    (ActKind.RESTS, 0.1, 1.0),
    (ActKind.RECEIVES, 0.0, 0.1),
    (ActKind.MODE, 1.0, 1.0),
    (ActKind.MODE, 1.0, 1.0),
    (ActKind.STEPS, 1.0, 1.0),
    (ActKind.GAP, 0.8, 1.2),
    (ActKind.CLOCK, -3.0, 3.0),
    (ActKind.RESTRICTS, 1.0, 1.0),
)
_LASTS = (2.0, 60.0)
_FREES = 0.5
_STATUSES = (500, 502, 503, 504, 520, 522, 524)
_MOST_IN_A_ROW = 3
# Seconds that a fault waits for a request before it expires.
_PATIENCE = 10.0


def seeded_schedule(
    seed: int, *, start: float, duration: float, mean_gap: float, accounts: Sequence[str] = ("*",)
) -> tuple[Fault, ...]:
    """Faults at random times within `duration` seconds from `start` (wall clock), `mean_gap` apart on average."""
    rng = random.Random(seed)  # noqa: S311  a schedule must be repeatable
    return tuple(_strike(rng, moment, accounts) for moment in _moments(rng, start, duration, mean_gap))


def seeded_acts(
    seed: int,
    *,
    start: float,
    duration: float,
    mean_gap: float,
    accounts: Sequence[str],
    markets: Sequence[str] = ("BTC/USD", "ETH/USD"),
) -> tuple[Act, ...]:
    """Acts of owners and exchanges at random times within `duration` seconds from `start` (wall clock)."""
    rng = random.Random(seed)  # noqa: S311  as above
    return tuple(
        _act(rng, moment, rng.choice(accounts), rng.choice(markets))
        for moment in _moments(rng, start, duration, mean_gap)
    )


def _act(rng: random.Random, moment: float, account: str, market: str) -> Act:
    kind, least, most = rng.choice(_ACTS)
    return Act(
        kind,
        at=moment,
        account=account,
        market=market,
        share=Decimal(str(round(rng.uniform(least, most), 4))),
        pick=rng.random(),
        seconds=rng.uniform(*_LASTS),
        frees=rng.random() < _FREES,
    )


def _moments(rng: random.Random, start: float, duration: float, mean_gap: float) -> Iterator[float]:
    moment = start + rng.expovariate(1 / mean_gap)
    while moment < start + duration:
        yield moment
        moment += rng.expovariate(1 / mean_gap)


def _strike(rng: random.Random, moment: float, accounts: Sequence[str]) -> Fault:
    kind, least, most = rng.choice(_PASSING)
    return Fault(
        kind,
        account=rng.choice(accounts),
        count=rng.randint(1, _MOST_IN_A_ROW),
        seconds=rng.uniform(least, most),
        status=rng.choice(_STATUSES),
        since=moment,
        until=moment + _PATIENCE,
    )
