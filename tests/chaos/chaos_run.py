"""One run: the whole daemon, traded, struck, killed and started again, all by one seed; then judged."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from brokers.simulator.engine.markets import Mode
from nija.journal.steps import Step
from tests.chaos.lives import ANY, Death
from tests.chaos.nursery import until
from tests.chaos.stage import Outcome, Stage, stage
from tests.chaos.storm import owners_acts, storm
from tests.chaos.venue import FACTOR, FOUR

if TYPE_CHECKING:
    from tests.chaos.nursery import Nursery

# In seconds of the quick clock.
TRADING = 360.0
_CONNECTED = 5.0
_GAP = 2.0
_ACTS_GAP = 5.0
_MAINTENANCE = 15.0
_SHORTEST_LIFE, _LONGEST_LIFE = 12.0, 150.0
# How wrong the daemon's clock is; by an hour it must not trade, and still use up no nonce twice.
_SKEWS = (0.0, 0.0, 0.0, 0.0, -2.0, 2.0, 2.0, -3600.0)
# In real seconds.
_SLOW_MACHINE = 15.0


def run(
    seed: int, nursery: Nursery, *, trading: float = TRADING, owners: bool = True, factor: float = FACTOR
) -> Outcome:
    """With `owners`, they and the exchanges act by themselves as well. `factor`: see `stage`."""
    with stage(seed, nursery, FOUR, factor) as made:
        place, start = made.place, made.clock.time() + _CONNECTED
        place.owner_orders()
        place.strike(storm(seed, place.accounts, start=start, duration=trading, mean_gap=_GAP))
        if owners:
            place.let_act(owners_acts(seed, place.accounts, start=start, duration=trading, mean_gap=_ACTS_GAP))
        _live_and_die(made, random.Random(seed), time.monotonic() + trading / made.place.epoch.factor)
        made.settle()
    return made.outcome


def _live_and_die(made: Stage, luck: random.Random, over: float) -> None:
    maintained = luck.random() < 0.8
    while time.monotonic() < over or (time.monotonic() < over + _SLOW_MACHINE and not made.has_traded):
        if made.life is None:
            made.begin([_fate(luck)] if luck.random() < 0.5 else [], skew=luck.choice(_SKEWS))
        lasts = time.monotonic() + luck.uniform(_SHORTEST_LIFE, _LONGEST_LIFE) / made.place.epoch.factor
        if not maintained:
            _maintain(made, luck)
            maintained = True
        moment = min(over, lasts) if time.monotonic() < over else lasts
        if made.life is not None and (made.life.died(until(moment)) or lasts < over):
            made.kill()
            if luck.random() < 0.1:
                made.lose_journals()


def _fate(luck: random.Random) -> Death:
    """At one of the first steps of a kind, or at one of the first dozens of any."""
    committed = luck.random() < 0.5
    if luck.random() < 0.3:
        return Death(ANY, committed, count=luck.randint(1, 40))
    return Death(luck.choice(list(Step)).value, committed, count=luck.randint(1, 4))


def _maintain(made: Stage, luck: random.Random) -> None:
    exchange = luck.choice(made.place.accounts).exchange
    made.place.mode(exchange, luck.choice([Mode.MAINTENANCE, Mode.CANCEL_ONLY, Mode.POST_ONLY]))
    made.clock.sleep(_MAINTENANCE)
    made.place.mode(exchange, Mode.ONLINE)
