"""What owners and exchanges do besides a client's orders: single acts, each at a given time.

Sizes are given as shares of what exists at that time, and subjects as a pick among it, so that a schedule can be made
from a seed in advance.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class ActKind(StrEnum):
    """In brackets: the fields used besides `account` (or its exchange) and `market`."""

    BUYS = "owner_buys"  # [share of the free money]
    SELLS = "owner_sells"  # [share of the balance, frees]
    WITHDRAWS = "owner_withdraws"  # [share of the balance, frees]
    DEPOSITS = "owner_deposits"  # [share of the balance]
    STAKES = "owner_stakes"  # [share of the balance, frees]
    UNSTAKES = "owner_unstakes"  # everything
    CANCELS = "owner_cancels"  # one of the owner's orders, or of NIJA's [pick]
    CANCELS_ALL = "owner_cancels_all"
    MOVES_STOP = "owner_moves_stop"  # to this share of its price [pick, share]
    RESIZES_STOP = "owner_resizes_stop"  # to this share of its size [pick, share]
    RESTS = "owner_rests"  # an order of a kind that NIJA never sends [pick, share of the free coins or money]
    RECEIVES = "owner_receives"  # a fill at price 0 [share of the balance]
    MODE = "market_mode"  # [pick, seconds]
    ONLINE = "market_online"  # ends the one before
    STEPS = "market_steps"  # coarser ticks or higher minimums, or the original ones again [pick]
    GAP = "price_gap"  # [share of the price]
    CLOCK = "clock_wrong"  # wrong by `share` seconds, and drifting [share, pick, seconds]
    CLOCK_RIGHT = "clock_right"
    RESTRICTS = "market_restricted"  # [pick, seconds]
    ALLOWS = "market_allowed"


@dataclass(frozen=True, slots=True)
class Act:
    """`at` is wall time; `account` is like `kraken:master`. `frees` first cancels the orders that hold the coins."""

    kind: ActKind
    at: float
    account: str
    market: str = "BTC/USD"
    share: Decimal = Decimal(1)
    pick: float = 0.0
    seconds: float = 0.0
    frees: bool = False
