"""The next step for one position, and why: one pure function that decides.

The invariants, each asserted by name in tests/nija/orders/test_policy.py:

- cover: protection is not removed before its successor can be accepted. A stop is withdrawn only for a sale or a
  better stop, and shrunk only for the sale of the rest, in a market that was read recently and accepts orders.
- owner: only coins that certainly are NIJA's are put up for sale, and only after a fresh ownership check.
- never down: no step moves a stop further away, and a tighter one set by hand becomes the plan's.
- finish: on shutdown no new decisions are made and no stop is withdrawn; a missing one is still placed, one that is
  too small is enlarged where that takes no withdrawal, and a sale whose stop was shrunk for it is still sent.
- no silence: a position that is not protected as planned says why.

docs/orders.md shows the table of steps; a test holds it equal to this.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.figures import price
from brokers.model import ZERO
from nija.orders.state import MarketMode, PositionState, Reduction, SaleStage, StopStage

if TYPE_CHECKING:
    from collections.abc import Callable

# A triggered stop-limit that still rests when the price is this far past it will not fill by itself.
_JUMPED = Decimal("0.995")


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can or need be done now. `trouble` must be reported; empty if all is as planned."""

    reason: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """End the position: nothing of it is left that could be sold."""


@dataclass(frozen=True, slots=True)
class ReadMarket:
    """Read the market's current state before an order is withdrawn for another."""


@dataclass(frozen=True, slots=True)
class ReadOwner:
    """Check whose coins these are before some are put up for sale."""


@dataclass(frozen=True, slots=True)
class BeginSale:
    """Decide to sell; every later pass continues the sale until it is done."""

    reason: str


@dataclass(frozen=True, slots=True)
class EndReduction:
    """Nothing more of the position is to be sold."""


@dataclass(frozen=True, slots=True)
class AdoptStop:
    """Make the price of the resting stop the plan's own."""

    price: Decimal


@dataclass(frozen=True, slots=True)
class WithdrawSpare:
    """Cancel every stop but the newest."""


@dataclass(frozen=True, slots=True)
class WithdrawStop:
    """Cancel the stop: for a sale that can be sent at once, or because nothing is left for it to protect."""


@dataclass(frozen=True, slots=True)
class PlaceStop:
    amount: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class MoveStop:
    """Amend the stop in place."""

    amount: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class ReplaceStop:
    """Preview the new stop, withdraw the old one, place the new one; if that is refused, the old one again."""

    amount: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Sell:
    amount: Decimal


Step = (
    Wait
    | Close
    | ReadMarket
    | ReadOwner
    | BeginSale
    | EndReduction
    | AdoptStop
    | WithdrawSpare
    | WithdrawStop
    | PlaceStop
    | MoveStop
    | ReplaceStop
    | Sell
)

_UNRESOLVED = Wait("the outcome of an order is not known yet")
_SELLING = Wait("an order is selling")
_ENDING = Wait("the exchange has not confirmed the end of an order")
_UNBOOKED = Wait("the fills of an order are not booked yet")
_ENTERING = Wait("the entry has bought nothing yet")
_PROTECTED = Wait("the stop is as planned")
_WATCHED = Wait("the price is watched here")
_LATER = Wait("the last attempt was refused; it is retried soon")
_STOPS = Wait("NIJA is shutting down; the stop stays as it is")
_STOPS_SMALLER = Wait("shutting down", "its stop covers only a part of it, and NIJA is shutting down")
_PAUSED = Wait("another program trades this account; the stop stays as it is")
_DENIED = Wait("the exchange denies the stop", "the exchange says that there is no such stop; NIJA keeps asking")
_NO_STOP_PRICE = Wait("no stop price", "it has no stop price until the strategy gives one")
_NO_PRICE = Wait("no fresh price", "its price is unknown, so nothing protects it")
_DOUBT = Wait("in doubt", "coins are missing, and it is not known yet whose they were; NIJA checks again soon")
_NOT_FREE = Wait("nothing is free", "none of its coins are free to be sold")
_TOO_SMALL = Wait("too small", "the amount is below the exchange's minimum for an order")
_MARKET_GONE = Wait("market absent", "the exchange does not list this market now")
_MARKET_CLOSED = Wait("market closed", "its stop cannot be moved: the market accepts no orders now; the old one stays")
_SALE_WAITS = Wait("market closed", "it is to be sold, but the market accepts no orders now; its stop stays")
_STOP_SOLD = "price reached the stop while a part was being sold"


def next_step(state: PositionState) -> Step:
    """The next step for this position, given everything known about it."""
    waiting = _waiting(state)
    if waiting is not None:
        return waiting
    if state.stop is StopStage.SELLING:
        return _stop_sells(state)
    if _is_over(state):
        return _end(state)
    if state.spare_stops and not (state.stopping or state.paused):
        return WithdrawSpare()
    if _was_tightened(state) and state.stop_price is not None and not state.stopping:
        return AdoptStop(state.stop_price)
    return _as_decided(state)


def _as_decided(state: PositionState) -> Step:
    if state.selling is not None:
        return _sale_or_protection(state)
    return _protection(state) if state.reduction is None else _reduction(state, state.reduction)


def _reduction(state: PositionState, reduction: Reduction) -> Step:
    """The stop comes before it, and what would be left must be worth keeping."""
    if _price_reached(state):
        return _protection(state)
    if reduction.stop_sold and not state.stopping:
        return BeginSale(_STOP_SOLD)
    if reduction.is_done:
        is_done = state.settled and not (state.entry_is_open or state.stopping)
        return EndReduction() if is_done else _protection(state)
    if reduction.rest_too_small and not state.stopping:
        return BeginSale(reduction.reason)
    return _part_sale(state) or _protection(state)


def _sale_or_protection(state: PositionState) -> Step:
    step = _sale(state) or _protection(state)
    is_silent = isinstance(step, Wait) and not step.trouble
    return _SALE_WAITS if is_silent and state.mode is not MarketMode.OPEN and not state.stopping else step


def _waiting(state: PositionState) -> Wait | None:
    """Orders under way must end first: two at once could sell too much."""
    if StopStage.UNRESOLVED is state.stop or SaleStage.UNRESOLVED is state.sale:
        return _UNRESOLVED
    if SaleStage.WORKING is state.sale:
        return _SELLING
    if StopStage.ENDING is state.stop:
        return _ENDING
    return None if state.booked else _UNBOOKED


def _stop_sells(state: PositionState) -> Step:
    """A stop that turned into a limit order may be stuck; any other sells by itself."""
    jumped = _jumped_past(state)
    if state.stops_at_market or state.stopping or not (jumped or state.selling):
        return _SELLING
    if state.selling is None:
        return BeginSale(jumped)
    if not state.market_is_fresh:
        return ReadMarket()
    return WithdrawStop() if state.mode is MarketMode.OPEN else _SELLING


def _is_over(state: PositionState) -> bool:
    if state.held <= ZERO:
        return True
    return state.is_dust and (state.selling is not None or (state.was_sold and not _its_stop_fits(state)))


def _its_stop_fits(state: PositionState) -> bool:
    """What an exchange has made dust, by raising its minimum, may still have a stop that will sell it."""
    return state.stop is StopStage.RESTING and state.stop_amount <= state.held


def _end(state: PositionState) -> Step:
    """A stop that protects nothing could sell the owner's coins."""
    if state.entry_is_open:
        return _ENTERING
    if not state.settled:
        return _UNBOOKED
    if state.stop is StopStage.NONE:
        return Close()
    if state.stop is StopStage.DENIED:
        return _DENIED
    return _STOPS if state.stopping else WithdrawStop()


def _was_tightened(state: PositionState) -> bool:
    """Whether the stop rests above the plan's price, or the plan has none; a stop never moves down, whoever set it."""
    if state.stop is not StopStage.RESTING or state.stop_price is None:
        return False
    return state.planned_stop is None or state.stop_price > state.planned_stop


def _sale(state: PositionState) -> Step | None:
    """The next step of the sale; None if it cannot continue now, and the position stays protected meanwhile."""
    return None if state.stopping else _if_sellable(state, _sell_all)


def _sell_all(state: PositionState) -> Step:
    return WithdrawStop() if state.stop is StopStage.RESTING else Sell(state.sellable)


def _part_sale(state: PositionState) -> Step | None:
    """As `_sale`, for the excess. Once the stop was shrunk for it, the sale is the best protection."""
    waits = (state.stopping or state.paused) and not state.is_shrunk
    return _if_sellable(state, _sell_excess) if ZERO < state.excess < state.sellable and not waits else None


def _sell_excess(state: PositionState) -> Step | None:
    """First the stop is for what is kept, then the excess is sold."""
    if state.stop is StopStage.RESTING and not state.is_shrunk:
        return _shrinking(state)
    if state.stop is StopStage.NONE and state.rests_on_exchange and state.stop_is_due and state.wanted_stop:
        return PlaceStop(state.kept, state.wanted_stop)
    return Sell(state.excess)


def _if_sellable(state: PositionState, sale: Callable[[PositionState], Step | None]) -> Step | None:
    """This step of a sale, or what must be read before it; None if nothing can be sold now."""
    if not state.sale_is_due or state.entry_is_open or state.stop is StopStage.DENIED:
        return None
    if not state.market_is_fresh:
        return ReadMarket()
    if state.mode is not MarketMode.OPEN:
        return None
    if _asks_owner(state):
        return ReadOwner()
    return sale(state) if _has_something(state) else None


def _shrinking(state: PositionState) -> Step | None:
    if _why_kept(state) is not None or state.stop_price is None:
        return None
    price = max(state.stop_price, state.wanted_stop or ZERO)
    return MoveStop(state.kept, price) if state.can_amend else ReplaceStop(state.kept, price)


def _protection(state: PositionState) -> Step:
    reason = _price_reached(state)
    if reason and state.selling is None and not state.stopping:
        return BeginSale(reason)
    if state.stop is StopStage.RESTING:
        return _adjustment(state)
    if state.stop is StopStage.DENIED:
        return _DENIED
    if state.planned_stop is None or state.wanted_stop is None or state.wanted_stop <= ZERO:
        return _NO_STOP_PRICE
    if not state.rests_on_exchange:
        return _NO_PRICE if state.price is None else _WATCHED
    return _cover(state, state.wanted_stop)


def _cover(state: PositionState, price: Decimal) -> Step:
    """Place a missing stop. Trying is the best way to find out whether the market accepts it now.

    After a refusal the market is read first: its tick or its minimum may have changed.
    """
    if not state.stop_is_due:
        return _LATER
    if not state.market_is_fresh and (state.was_refused or state.mode is MarketMode.ABSENT):
        return ReadMarket()
    if state.mode is MarketMode.ABSENT:
        return _MARKET_GONE
    if not (state.is_new or state.is_dust) and _asks_owner(state):
        return ReadOwner()
    return PlaceStop(state.sellable, price) if _has_something(state) else _bare(state)


def _bare(state: PositionState) -> Wait:
    """Why no part of a position can be protected."""
    if state.sellable > ZERO or state.is_dust:
        return _TOO_SMALL
    return _DOUBT if state.in_doubt else _NOT_FREE


def _asks_owner(state: PositionState) -> bool:
    """A sale needs a fresh ownership check; one that left nothing to sell stays valid for longer."""
    return not state.owner_is_fresh and (state.owner_is_due or _has_something(state))


def _has_something(state: PositionState) -> bool:
    return state.sellable > ZERO and not (state.too_small or state.is_dust)


def _adjustment(state: PositionState) -> Step:
    """Correct a resting stop whose size or price no longer matches the plan."""
    price = state.stop_price
    if price is None or (price >= (state.wanted_stop or price) and state.stop_amount == state.sellable):
        return _PROTECTED
    kept = _why_kept(state)
    if kept is not None:
        return kept
    if not state.market_is_fresh:
        return ReadMarket()
    if state.mode is not MarketMode.OPEN:
        return _MARKET_CLOSED
    if state.stop_amount < state.sellable and not state.is_new and _asks_owner(state):
        return ReadOwner()
    better = max(price, state.wanted_stop or price)
    return MoveStop(state.sellable, better) if state.can_amend else ReplaceStop(state.sellable, better)


def _why_kept(state: PositionState) -> Wait | None:
    """Why a stop that differs from the plan stays as it is for now."""
    is_smaller = state.stop_amount < state.sellable
    if state.paused:
        return _PAUSED
    if state.stopping and not (is_smaller and state.can_amend):
        return _STOPS_SMALLER if is_smaller else _STOPS
    if state.in_doubt:
        return _DOUBT
    if not state.stop_is_due:
        return _LATER
    return None if _has_something(state) else _TOO_SMALL


def _price_reached(state: PositionState) -> str:
    """Why NIJA itself must sell the position because no stop at the exchange does; otherwise empty."""
    if state.stop is StopStage.RESTING and (_rests_as_planned(state) or state.paused):
        return _jumped_past(state)
    if state.price is None:
        return ""
    if state.planned_stop is not None and state.price <= state.planned_stop:
        return f"price {price(state.price, state.market)} reached the stop {price(state.planned_stop, state.market)}"
    return ""


def _rests_as_planned(state: PositionState) -> bool:
    """Whether the stop is at the planned price: one left below it, as after a refusal, would sell too late."""
    return state.stop_price is None or state.wanted_stop is None or state.stop_price >= state.wanted_stop


def _jumped_past(state: PositionState) -> str:
    """As `_price_reached`, for a stop that turns into a limit order when it triggers."""
    if state.stops_at_market or state.price is None or state.stop_price is None:
        return ""
    if state.price > state.stop_price * _JUMPED:
        return ""
    return f"price {price(state.price, state.market)} jumped past the stop {price(state.stop_price, state.market)}"
