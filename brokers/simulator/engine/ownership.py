"""Which coins of an account are the owner's and which NIJA's, derived from its ledger: the reference for checks.

Coins bought by NIJA's orders are NIJA's until its orders sell them or the owner takes them. The owner uses up their own
coins first; a sale or withdrawal larger than those took NIJA's coins: all of it, or as much as NIJA had. Anything more
that an order of NIJA's sells was the owner's, which must never happen. Staking takes coins in the same way; when they
come back, NIJA may resume its part or may have given it up meanwhile. Nobody who only sees balances can tell several
moves without an order from one: where that would leave NIJA more or less, either is right.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.client_order_id import purpose_of
from brokers.model import ZERO, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal

    from brokers.simulator.engine.accounts import Account, LedgerEntry


STAKED, UNSTAKED = "spottostaking", "spotfromstaking"


class Hand(StrEnum):
    """Who caused a movement. NIJA's orders are recognised by their ids; everything else is the owner's."""

    OWNER = "owner"
    NIJA = "nija"


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of one balance, its fee included. Times are Unix seconds of the exchange.

    `is_payment` is the quote side of a trade; `is_staking` is a move to or from staking. `placed` is when its order was
    placed, `balances_told` the time of the balances its client knew then; `added_by_hand` is how much the owner
    enlarged that order.
    """

    time: float
    currency: str
    change: Decimal
    hand: Hand
    is_payment: bool = False
    is_staking: bool = False
    order_id: str = ""
    placed: float = 0.0
    balances_told: float | None = None
    added_by_hand: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Share:
    """The owner's and NIJA's parts of one currency, and what became of NIJA's.

    `taken` is how much of it the owner took, last at `taken_at`; `returned` is how much of that came back from staking,
    or would be NIJA's if several moves had been one: NIJA may treat it as its own or as the owner's.
    """

    owner: Decimal
    nija: Decimal
    bought: Decimal
    sold: Decimal
    taken: Decimal
    taken_at: float | None
    returned: Decimal


@dataclass(frozen=True, slots=True)
class Oversale:
    """The owner's coins sold by an order of NIJA's. `taken_at` is when the owner had last taken some of NIJA's.

    `balances_told` is the time of the balances that were last reported to NIJA when the order was placed.
    """

    time: float
    currency: str
    amount: Decimal
    order_id: str
    placed: float
    taken_at: float | None
    balances_told: float | None = None


@dataclass(frozen=True, slots=True)
class Ownership:
    """By currency. `nijas` is how much was NIJA's, and from when on."""

    shares: Mapping[str, Share]
    oversales: tuple[Oversale, ...]
    nijas: Mapping[str, tuple[tuple[float, Decimal], ...]] = field(default_factory=lambda: MappingProxyType({}))


def ownership(movements: Iterable[Movement]) -> Ownership:
    """`movements` are in chronological order."""
    pots: dict[str, _Pot] = defaultdict(_Pot)
    meant: dict[str, Decimal] = defaultdict(lambda: ZERO)
    nijas: dict[str, list[tuple[float, Decimal]]] = defaultdict(list)
    oversales: list[Oversale] = []
    for movement in movements:
        pot = pots[movement.currency]
        if movement.hand is Hand.OWNER:
            pot.owner_moves(movement)
        elif movement.is_payment:
            pot.nija_pays(movement.change)
        else:
            excess = pot.nija_trades(movement.change)
            # Amounts the owner added to an order were meant to be sold.
            his = min(excess, max(ZERO, movement.added_by_hand - meant[movement.order_id]))
            meant[movement.order_id] += his
            if excess > his:
                oversales.append(_oversale(movement, excess - his, pot.taken_at))
        nijas[movement.currency].append((movement.time, pot.certain))
    return Ownership(
        MappingProxyType({name: pot.share() for name, pot in pots.items()}),
        tuple(oversales),
        MappingProxyType({name: tuple(held) for name, held in nijas.items()}),
    )


def movements_of(account: Account) -> Iterator[Movement]:
    """The ledger of an account, each entry with who caused it."""
    for entry in account.ledger.values():
        change = entry.amount - entry.fee
        fill = account.fills.get(entry.reference)
        if fill is None:
            yield Movement(
                entry.time, entry.currency, change, Hand.OWNER, is_staking=entry.subtype in (STAKED, UNSTAKED)
            )
            continue
        order = account.orders[fill.order_id]
        yield Movement(
            time=entry.time,
            currency=entry.currency,
            change=change,
            hand=Hand.OWNER if purpose_of(order.client_id) is None else Hand.NIJA,
            is_payment=_is_quote(entry, fill.symbol),
            order_id=order.id,
            placed=order.created,
            balances_told=order.balances_told,
            added_by_hand=order.added_by_hand,
        )


def overexposed(account: Account, owned: Ownership) -> Mapping[str, Decimal]:
    """By currency, how much more NIJA's resting orders would sell than NIJA owns.

    Amounts that the owner added to an order do not count.
    """
    resting: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for order in account.open.values():
        if order.side is Side.SELL and purpose_of(order.client_id) is not None:
            resting[order.symbol.partition("/")[0]] += max(ZERO, order.remaining - max(ZERO, order.added_by_hand))
    held = {currency: share.nija + share.returned for currency, share in owned.shares.items()}
    excess = {currency: amount - held.get(currency, ZERO) for currency, amount in resting.items()}
    return MappingProxyType({currency: amount for currency, amount in excess.items() if amount > ZERO})


def _is_quote(entry: LedgerEntry, symbol: str) -> bool:
    return entry.currency == symbol.partition("/")[2]


def _oversale(movement: Movement, excess: Decimal, taken_at: float | None) -> Oversale:
    return Oversale(
        movement.time,
        movement.currency,
        excess,
        movement.order_id,
        movement.placed,
        taken_at,
        movement.balances_told,
    )


@dataclass(slots=True)
class _Moves:
    """The owner's moves without an order since the last trade, read as one."""

    owner: Decimal
    nija: Decimal
    change: Decimal = ZERO

    def add(self, change: Decimal) -> Decimal:
        """How much is NIJA's after it."""
        self.change += change
        return self.nija if -self.change <= self.owner else self.nija - min(-self.change, self.nija)


@dataclass(slots=True)
class _Pot:
    owner: Decimal = ZERO
    nija: Decimal = ZERO
    bought: Decimal = ZERO
    sold: Decimal = ZERO
    taken: Decimal = ZERO
    taken_at: float | None = None
    staked: Decimal = ZERO
    returned: Decimal = ZERO
    # What of NIJA's would be gone if the latest moves without an order had been one.
    contested: Decimal = ZERO
    _moves: _Moves | None = None
    # How much each of the owner's orders has sold so far, and how much of that was NIJA's.
    _sales: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)

    @property
    def certain(self) -> Decimal:
        """NIJA's part, however the owner's moves are read."""
        return self.nija - self.contested

    def share(self) -> Share:
        return Share(self.owner, self.nija, self.bought, self.sold, self.taken, self.taken_at, self.returned)

    def owner_moves(self, movement: Movement) -> None:
        if movement.order_id:
            self._moves = None
            self._owner_acts(movement)
            return
        self._moves = self._moves or _Moves(self.owner, self.nija)
        self._owner_acts(movement)
        as_one = self._moves.add(movement.change)
        self.returned = min(self.owner, max(self.returned, as_one - self.nija))
        self.contested = max(ZERO, min(self.nija, max(self.contested, self.nija - as_one)))

    def _owner_acts(self, movement: Movement) -> None:
        if movement.change >= ZERO:
            self._owner_brings(movement)
            return
        # An order is one sale, however many fills it has: its size is the sum of all of them.
        before, of_nija = self._sales.get(movement.order_id, (ZERO, ZERO)) if movement.order_id else (ZERO, ZERO)
        size = before - movement.change
        own, nija = self.owner + before - of_nija, self.nija + of_nija
        taken = min(size, nija) if size > own or of_nija > ZERO else ZERO
        self.owner, self.nija = own - (size - taken), nija - taken
        self.returned = min(self.returned, self.owner)
        if taken > of_nija:
            self.taken += taken - of_nija
            self.taken_at = movement.time
        if movement.is_staking:
            self.staked += taken
        if movement.order_id:
            self._sales[movement.order_id] = (size, taken)

    def _owner_brings(self, movement: Movement) -> None:
        back = min(movement.change, self.staked) if movement.is_staking else ZERO
        self.staked -= back
        self.returned += back
        self.owner += movement.change

    def nija_trades(self, change: Decimal) -> Decimal:
        """The part of a sale that was not NIJA's."""
        self._moves = None
        if change >= ZERO:
            self.bought += change
            self.nija += change
            return ZERO
        self.sold -= change
        self.nija += change
        excess = max(ZERO, -self.nija)
        self.nija += excess
        self.owner -= excess
        self.contested = min(self.contested, self.nija)
        given_up = min(excess, self.returned)
        self.returned -= given_up
        return excess - given_up

    def nija_pays(self, change: Decimal) -> None:
        """NIJA may spend all money of an account; anything beyond it was NIJA's own."""
        self.owner += change
        if self.owner < ZERO:
            self.nija, self.owner = self.nija + self.owner, ZERO
