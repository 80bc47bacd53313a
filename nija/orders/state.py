"""All that decides about one position, in one value; and the times that the order room keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from brokers.model import ZERO

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Timings:
    """How often the desk asks, and how long it waits; seconds throughout.

    `entry_deadline` and `sale_deadline`: how long the exchange may still accept an order (Kraken: 2 to 60).
    `resent_sale_deadline`: the same for a sale that is sent again until then. A request may hang for 30 s, and a stop
    must still be wanted after that: else it is minutes until it counts as absent, and its position is bare meanwhile.

    `polls`: the waits between looks at an order that should fill at once. `stop_poll`: between looks at resting
    stops, and the longest between looks at an order of which nothing changes. `retry`: before a refused stop or sale is
    tried again. `resolve_max`: the longest wait between two questions after an unknown order. `reconcile`: between two
    comparisons of exchange and journal; `reconcile_again`: after one that did not succeed.

    `market_age`: how old the market's state may be when an order is withdrawn for another. `owner_age`: how old the
    knowledge of whose coins these are may be when some are put up for sale. `doubt_poll`: between looks while a
    position is in doubt or nothing of it can be sold, and `doubt_settles`: for how long coins must be missing before
    they count as gone. `denial`: for how long the exchange must deny a stop before it is placed anew. `entry_retry` and
    `entry_retry_max`: the first and the longest wait before an entry that was not sent is tried again.
    `refused_market`: before a market that was refused to the account is tried again.
    """

    entry_deadline: float = 30.0
    sale_deadline: float = 20.0
    resent_sale_deadline: float = 120.0
    polls: tuple[float, ...] = (0.0, 0.2, 0.5, 1.0)
    stop_poll: float = 10.0
    retry: float = 20.0
    resolve_max: float = 15.0
    reconcile: float = 300.0
    reconcile_again: float = 10.0
    market_age: float = 60.0
    owner_age: float = 2.0
    doubt_poll: float = 15.0
    doubt_settles: float = 60.0
    denial: float = 300.0
    entry_retry: float = 5.0
    entry_retry_max: float = 300.0
    refused_market: float = 3_600.0


class StopStage(StrEnum):
    """NONE: no stop. UNRESOLVED: its outcome is unknown. RESTING: it rests, nothing of it sold.

    SELLING: it has begun to sell. ENDING: its end was asked for and is not confirmed. DENIED: the exchange says that
    there is no such order, and not long enough to believe it.
    """

    NONE = "none"
    UNRESOLVED = "unresolved"
    RESTING = "resting"
    SELLING = "selling"
    ENDING = "ending"
    DENIED = "denied"


class SaleStage(StrEnum):
    NONE = "none"
    UNRESOLVED = "unresolved"
    WORKING = "working"


class MarketMode(StrEnum):
    """OPEN: takes market orders. CLOSED: listed, but does not take them now. ABSENT: not listed."""

    OPEN = "open"
    CLOSED = "closed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class PositionState:
    """One position as it is known now. Amounts in base currency, prices in quote.

    `held` is what NIJA's fills bought and did not sell yet; `sellable` the part of it that certainly is NIJA's and is
    free or bound by NIJA's own stop, down to the market's step. `booked`: every fill that matters for these is
    booked; `settled`: every order that ended has all its fills booked. `is_dust`: `held` can never be sold;
    `too_small`: `sellable` cannot be sold now. `was_sold`: something of it was sold, or taken.

    `planned_stop` is the plan's, `wanted_stop` the same on the market's tick. `stop_amount` and `stop_price` are
    those of the stop that rests. `spare_stops`: more stops rest than one.

    `market_is_fresh`, `owner_is_fresh`: read lately enough to act upon. `owner_is_due`: whose coins these are was read
    so long ago that also an answer that left nothing to sell may have changed. `is_new`: its coins were bought by this
    process, which knew what the owner held, and nothing was put up for sale since. `in_doubt`: something is missing
    and nobody knows yet whose it was. `price` is the last one, None where it is too old.

    `stop_is_due`, `sale_is_due`: no wait is left after a refusal. `was_refused`: the last stop was. `paused`: another
    program trades this account.
    """

    market: str
    held: Decimal
    sellable: Decimal
    booked: bool = True
    settled: bool = True
    is_dust: bool = False
    too_small: bool = False
    was_sold: bool = False
    entry_is_open: bool = False
    planned_stop: Decimal | None = None
    wanted_stop: Decimal | None = None
    selling: str | None = None
    stop: StopStage = StopStage.NONE
    stop_amount: Decimal = ZERO
    stop_price: Decimal | None = None
    spare_stops: bool = False
    sale: SaleStage = SaleStage.NONE
    mode: MarketMode = MarketMode.OPEN
    market_is_fresh: bool = True
    price: Decimal | None = None
    owner_is_fresh: bool = True
    owner_is_due: bool = False
    in_doubt: bool = False
    is_new: bool = False
    stop_is_due: bool = True
    sale_is_due: bool = True
    was_refused: bool = False
    stopping: bool = False
    paused: bool = False
    rests_on_exchange: bool = True
    stops_at_market: bool = True
    can_amend: bool = True

    @property
    def is_covered(self) -> bool:
        """Whether all that can be protected is: by a stop that rests, or by watching where that is the way."""
        if not self.rests_on_exchange:
            return self.price is not None and self.planned_stop is not None
        return self.stop is StopStage.RESTING and self.stop_amount >= self.sellable


@dataclass(frozen=True, slots=True)
class Protection:
    """How well one position is protected. Seconds in which something of it rested under no stop.

    `bare` is for how long it has been so now, `bare_total` and `longest` since this process began to look after it.
    `doubt` and `trouble` say what is wrong; empty: nothing.
    """

    market: str
    covered: bool
    bare: float
    bare_total: float
    longest: float
    doubt: str = ""
    trouble: str = ""


class BareTimer:
    """Measures for how long a position is not covered, by the steady clock."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._total = 0.0
        self._longest = 0.0

    def note(self, now: float, *, covered: bool, began: float | None = None) -> None:
        """`began`: when it became bare, where that was before anybody looked."""
        if not covered:
            if self._since is None:
                self._since = now if began is None else began
            return
        bare = self.bare(now)
        self._total += bare
        self._longest = max(self._longest, bare)
        self._since = None

    @property
    def is_bare(self) -> bool:
        return self._since is not None

    def bare(self, now: float) -> float:
        return 0.0 if self._since is None else max(0.0, now - self._since)

    def total(self, now: float) -> float:
        return self._total + self.bare(now)

    def longest(self, now: float) -> float:
        return max(self._longest, self.bare(now))


class EntryStatus(StrEnum):
    """FILLED: bought, in whole or in part. WORKING: at the exchange, not yet filled. UNKNOWN: being asked after.

    REFUSED: nothing was bought, and this candle is acted upon. FAILED: nothing was bought for a passing reason;
    the candle is tried again.
    """

    FILLED = "filled"
    WORKING = "working"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    status: EntryStatus
    reason: str = ""


class ExitStatus(StrEnum):
    """CLOSED: sold, or nothing was held. WORKING: the desk goes on selling in `refresh` until it is sold."""

    CLOSED = "closed"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class ExitOutcome:
    status: ExitStatus
    reason: str = ""
