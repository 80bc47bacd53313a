"""Two NIJAs on the same keys without a common disk: both trade for a while, and must notice each other."""

from __future__ import annotations

import random
import tempfile
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accounts.identity import AccountId
from brokers.client_order_id import Purpose, purpose_of
from brokers.model import ZERO
from nija.journal.errors import JournalError
from nija.journal.opening import Journals
from nija.journal.positions import fold
from nija.journal.records import HaltName
from nija.log.event_log import get_log
from tests.chaos import owner_checker
from tests.chaos.bare_time import DUST, bare_time
from tests.chaos.exchange import chaos_exchange
from tests.chaos.harness import MEMORY, Harness, Outcome, settings
from tests.chaos.random_strategy import CALM
from tests.simulated_books import of_nija

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from nija.journal.positions import Position
    from tests.chaos.daemon_forker import DaemonForker
    from tests.chaos.exchange import ChaosExchange
    from tests.chaos.quick_clock import QuickClock

# Two whole daemons need twice the machine.
_FACTOR = 20.0
# Seconds of the quick clock. The second one comes so much later than the first.
_LATER = (0.0, 90.0)
_TRADING = 900.0
# What is there when one starts it takes up; a connect may have to be tried again.
_TAKES_UP = 150.0
# The journals are compared with the exchange every five minutes; later where two use up the key's rate limit.
_NOTICED_WITHIN = 600.0
_COVERED_WITHIN = 180.0
_LOOK = 4.0
PAIR = ("kraken:master", "coinbase:master")


def run(seed: int, forker: DaemonForker) -> Outcome:
    """Both are paused in time, no coin of the owner's is sold, and at rest no position is bare."""
    luck = random.Random(seed)
    with chaos_exchange(seed, PAIR, factor=_FACTOR) as exchange, _harnesses(seed, exchange, forker) as (first, second):
        first.begin()
        began = [first.clock.time()]
        first.clock.sleep(luck.uniform(*_LATER))
        second.begin()
        began.append(first.clock.time())
        outcome = first.outcome
        outcome.violations += _unnoticed(exchange, began, first, second)
        for harness in (first, second):
            (harness.folder / CALM).touch()
        calm_since = first.clock.time()
        exchange.freeze()
        outcome.violations += _at_last(first.clock, _COVERED_WITHIN, lambda: _bare(exchange, (first, second)))
        state = exchange.state()
        for account, books in state["accounts"].items():
            owned = state["ownership"][account]
            oversales = [sale for sale in owned["oversales"] if not _crossed(sale, books, account, (first, second))]
            forbidden = owner_checker.forbidden(books, {**owned, "oversales": oversales})
            outcome.violations += [f"{account}: {wrong}" for wrong in forbidden]
            outcome.orders += len(of_nija(books))
            outcome.fills += len(books["fills"])
        outcome.bare = bare_time(state, calm_since)
        outcome.log = "\n".join(harness.log() for harness in (first, second))
    return outcome


def _crossed(sale: Mapping[str, Any], books: Mapping[str, Any], account: str, harnesses: Sequence[Harness]) -> bool:
    """Whether the other daemon sold the coins after this one was told of them, with its own order on the way."""
    told = sale["balances_told"]
    if told is None or sale["placed"] > told + owner_checker.ON_ITS_WAY:
        return False
    orders = {order["id"]: order for order in of_nija(books)}
    own = orders[sale["order_id"]]["client_id"]
    seller = next((harness for harness in harnesses if own in _known(harness, AccountId.parse(account)).orders), None)
    if seller is None:
        return False
    known = _known(seller, AccountId.parse(account)).orders
    return any(
        order["side"] == "sell" and Decimal(order["filled"]) > ZERO and told <= (order["closed"] or 0.0) <= sale["time"]
        for order in orders.values()
        if order["client_id"] not in known
    )


@contextmanager
def _harnesses(seed: int, exchange: ChaosExchange, forker: DaemonForker) -> Iterator[tuple[Harness, Harness]]:
    with ExitStack() as ends:
        harnesses: list[Harness] = []
        for _ in range(2):
            folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="chaos-", dir=MEMORY)))
            (folder / "nija.toml").write_text(settings(seed))
            harnesses.append(Harness(seed, exchange, forker, folder))
            ends.callback(harnesses[-1].end)
        yield harnesses[0], harnesses[1]


def _unnoticed(exchange: ChaosExchange, began: Sequence[float], *harnesses: Harness) -> list[str]:
    """Let them trade until all is paused or the time is over; what a daemon had to notice by then, and did not."""
    clock = harnesses[0].clock
    until = clock.monotonic() + _TRADING
    while clock.monotonic() < until:
        if all(_known(harness, account).paused for harness in harnesses for account in exchange.accounts):
            return []
        clock.sleep(_LOOK)
    return _at_last(clock, _NOTICED_WITHIN, lambda: _overlooked(exchange, began, harnesses))


def _at_last(clock: QuickClock, within: float, wrong: Callable[[], Iterable[str]]) -> list[str]:
    """What is still wrong after so many seconds; a busy machine needs some of them."""
    until = clock.monotonic() + within
    while (left := list(wrong())) and clock.monotonic() < until:
        clock.sleep(_LOOK)
    return left


def _overlooked(exchange: ChaosExchange, began: Sequence[float], harnesses: Sequence[Harness]) -> Iterator[str]:
    """The other one's orders that a daemon could have seen since it began, and trades beside all the same."""
    state = exchange.state()
    for account in exchange.accounts:
        for number, harness in enumerate(harnesses):
            known = _known(harness, account)
            strange = (
                order
                for order in of_nija(state["accounts"][str(account)])
                if order["client_id"] not in known.orders
                and began[number] + _TAKES_UP < order["created"] < state["time"] - _NOTICED_WITHIN
            )
            if not known.paused and any(strange):
                yield f"{account} of daemon {number + 1} was not paused within {_NOTICED_WITHIN:.0f} s"


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """What one daemon's journal says of an account; `positions` are by their ids."""

    paused: bool = False
    orders: frozenset[str] = frozenset()
    positions: Mapping[str, Position] = field(default_factory=dict)


def _known(harness: Harness, account: AccountId) -> _Knowledge:
    journals = Journals(harness.folder / "data", harness.clock, get_log("checker"))
    try:
        with closing(journals.read(account)) as journal:
            plans = journal.plans.all()
            return _Knowledge(
                HaltName.ANOTHER_PROGRAM in journal.halts.all(),
                frozenset(one.client_id for plan in plans for one in journal.intents.of_position(plan.id)),
                {
                    plan.id: fold(plan, journal.fills.of_position(plan.id), journal.plans.write_offs(plan.id))
                    for plan in plans
                    if plan.closed is None
                },
            )
    except JournalError:
        return _Knowledge()
    finally:
        journals.close()


def _bare(exchange: ChaosExchange, harnesses: Sequence[Harness]) -> Iterator[str]:
    """What is a position for either must be covered; one that both know is one position.

    What one of them has sold, as far as the other can tell, is booked out there and is no position any more. Nor is
    what a stop has just sold.
    """
    state = exchange.state()
    for account in exchange.accounts:
        books, owned = state["accounts"][str(account)], state["ownership"][str(account)]
        positions = {name: one for harness in harnesses for name, one in _known(harness, account).positions.items()}
        for market in {position.market for position in positions.values()}:
            claimed = [one for one in positions.values() if one.market == market]
            held = min(sum((one.amount for one in claimed), ZERO), owner_checker.nijas(owned, market))
            stopped = sum(
                Decimal(order["amount"]) - Decimal(order["filled"])
                for order in of_nija(books)
                if order["id"] in books["open_orders"]
                and order["symbol"] == market
                and purpose_of(order["client_id"]) is Purpose.STOP
            )
            if (held - stopped) * max(one.entry_price for one in claimed) >= DUST:
                yield f"{account} {market}: stops of {stopped} rest for {held}"
