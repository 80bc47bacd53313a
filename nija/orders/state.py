"""The state of one position, from which the policy decides; and the intervals that orders keep."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from brokers.model import ZERO

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Timings:
    """Intervals, timeouts and maximum ages, all in seconds.

    `entry_deadline` and `sale_deadline`: how long the exchange may still accept an order (Kraken: 2 to 60).
    `resent_sale_deadline`: the same for a sale or stop that is resent until then. A request may hang for 30 s, and the
    deadline must outlast that: a stop that misses it takes minutes to count as absent, with the position bare.

    `polls`: waits between polls of an order that should fill at once. `stop_poll`: interval of polling resting stops,
    and the longest interval for an order on which nothing changes. `retry`: wait before a refused stop or sale is
    retried. `resolve_max`: longest wait between two look-ups of an unknown order. `reconcile`: interval of comparing
    exchange and journal; `reconcile_again`: wait after a failed comparison.

    `market_age`: maximum age of the market's state when an order is cancelled for another. `owner_age`: maximum age of
    the ownership check when coins are put up for sale. `doubt_poll`: interval of checks while a position is in doubt or
    nothing of it can be sold; `doubt_settles`: how long coins must be missing before they count as gone. `denial`: how
    long the exchange must deny a stop before it is placed again. `entry_retry` and `entry_retry_max`: first and longest
    wait before an unsent entry is retried. `refused_market`: wait before a refused market is tried again.
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
    """NONE: no stop. UNRESOLVED: its outcome is unknown. RESTING: it rests and has sold nothing.

    SELLING: it has begun to sell. ENDING: its cancellation is not confirmed. DENIED: the exchange says that there is no
    such order, but not yet for long enough to believe it.
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
    """OPEN: accepts market orders. CLOSED: listed, but does not accept them now. ABSENT: not listed."""

    OPEN = "open"
    CLOSED = "closed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Reduction:
    """A decision to sell a position in part. `excess` (base) can be sold now, rounded down to the market's step.

    `is_done`: nothing more of it can be sold; `rest_too_small`: what is kept could not be sold or protected later;
    `stop_sold`: the stop has sold since the decision.
    """

    reason: str
    excess: Decimal = ZERO
    is_done: bool = False
    rest_too_small: bool = False
    stop_sold: bool = False


@dataclass(frozen=True, slots=True)
class PositionState:
    """One position as it is known now. Amounts in base currency, prices in quote.

    `held` is what NIJA has bought and not sold yet; `sellable` is the part that certainly is NIJA's and is free or
    locked by NIJA's own stop, rounded down to the market's step. `booked`: every fill that affects them is booked;
    `settled`: every order that ended has all its fills booked. `is_dust`: `held` can never be sold; `too_small`:
    `sellable` cannot be sold now. `was_sold`: some of it was sold or taken.

    `planned_stop` is the plan's, `wanted_stop` the same on the market's tick. `stop_amount` and `stop_price` are
    those of the resting stop. `spare_stops`: more than one stop rests.

    `market_is_fresh`, `owner_is_fresh`: read recently enough to act on. `owner_is_due`: the last ownership check is so
    old that even an answer that left nothing to sell may have changed. `is_new`: this process bought the coins, knew
    what the owner held, and has put nothing up for sale since. `in_doubt`: coins are missing and it is not known whose.
    `price` is the last price, None if it is too old.

    `selling`: why all of it is to be sold; `reduction`: what is to be sold of it.

    `stop_is_due`, `sale_is_due`: the wait after a refusal is over. `was_refused`: the last stop was refused. `paused`:
    another program trades this account.
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
    reduction: Reduction | None = None
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
    def excess(self) -> Decimal:
        """What a reduction can sell now."""
        return ZERO if self.reduction is None or self.selling is not None else self.reduction.excess

    @property
    def kept(self) -> Decimal:
        """What a reduction leaves of the `sellable` amount."""
        return self.sellable - self.excess

    @property
    def is_shrunk(self) -> bool:
        """Whether the resting stop is for no more than a reduction leaves, so that the excess can be sold."""
        return self.stop is StopStage.RESTING and self.excess > ZERO and self.stop_amount <= self.kept

    @property
    def is_covered(self) -> bool:
        """Whether everything that can be protected is, by a resting stop or (as configured) by watching the price."""
        if not self.rests_on_exchange:
            return self.price is not None and self.planned_stop is not None
        return self.stop is StopStage.RESTING and self.stop_amount >= self.sellable


@dataclass(frozen=True, slots=True)
class Protection:
    """How well one position is protected; times in seconds.

    `bare`: how long it has been unprotected now; `bare_total` and `longest` since this process began to manage it.
    `doubt` and `trouble` say what is wrong; empty if nothing is.
    """

    market: str
    covered: bool
    bare: float
    bare_total: float
    longest: float
    doubt: str = ""
    trouble: str = ""


class BareTimer:
    """Measures how long a position is unprotected, by the steady clock."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._total = 0.0
        self._longest = 0.0

    def note(self, now: float, *, covered: bool, began: float | None = None) -> None:
        """`began`: when it became bare, if that was before the first check."""
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
    """FILLED: bought, in whole or in part. WORKING: at the exchange, not yet filled. UNKNOWN: still being looked up.

    REFUSED: nothing was bought, and this candle counts as acted on. FAILED: nothing was bought for a transient reason;
    the entry is retried.
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
    """CLOSED: sold, or nothing was held. REDUCED: sold in part, as decided. REFUSED: nothing was decided.

    WORKING: `refresh` continues the sale until it is done.
    """

    CLOSED = "closed"
    REDUCED = "reduced"
    REFUSED = "refused"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class ExitOutcome:
    status: ExitStatus
    reason: str = ""
