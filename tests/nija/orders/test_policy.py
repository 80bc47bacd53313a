"""The policy over every combination of facts, and its invariants by name."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.model import ZERO
from nija.orders.policy import (
    AdoptStop,
    BeginSale,
    Close,
    EndReduction,
    MoveStop,
    PlaceStop,
    ReadMarket,
    ReadOwner,
    ReplaceStop,
    Sell,
    Wait,
    WithdrawSpare,
    WithdrawStop,
    next_step,
)
from nija.orders.state import MarketMode, PositionState, Reduction, SaleStage, StopStage

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).parents[3] / "docs" / "orders.md"
ONE = Decimal(1)
PLANNED = Decimal("90.5")
BARE = PositionState(market="BTC/USD", held=ONE, sellable=ONE, planned_stop=PLANNED, wanted_stop=PLANNED)
COVERED = replace(BARE, stop=StopStage.RESTING, stop_amount=ONE, stop_price=PLANNED)
SOLD = replace(COVERED, selling="exit signal")
HALF = Decimal("0.5")
REDUCED = replace(COVERED, reduction=Reduction("smaller weight", excess=HALF))
SHRUNK = replace(REDUCED, stop_amount=HALF)

SITUATIONS: dict[str, tuple[PositionState, str]] = {
    "the stop rests as planned": (COVERED, "Wait"),
    "what became of a stop or a sale is unknown": (replace(COVERED, sale=SaleStage.UNRESOLVED), "Wait"),
    "a sale is working": (replace(BARE, sale=SaleStage.WORKING), "Wait"),
    "the end of a stop was asked for and is not confirmed": (replace(BARE, stop=StopStage.ENDING), "Wait"),
    "the stop has begun to sell": (replace(COVERED, stop=StopStage.SELLING), "Wait"),
    "a stop-limit has begun to sell and the price jumped past it": (
        replace(COVERED, stop=StopStage.SELLING, price=Decimal(80), stops_at_market=False),
        "BeginSale",
    ),
    "nothing is left that could be sold": (replace(BARE, held=ZERO, sellable=ZERO), "Close"),
    "nothing is left and a stop still rests": (replace(COVERED, held=ZERO, sellable=ZERO), "WithdrawStop"),
    "two stops rest": (replace(COVERED, spare_stops=True), "WithdrawSpare"),
    "the stop rests above the plan's price": (replace(COVERED, stop_price=Decimal(92)), "AdoptStop"),
    "no stop rests": (BARE, "PlaceStop"),
    "no stop rests and whose coins these are was read long ago": (replace(BARE, owner_is_fresh=False), "ReadOwner"),
    "no stop rests and the coins were bought just now": (
        replace(BARE, owner_is_fresh=False, is_new=True),
        "PlaceStop",
    ),
    "no stop rests and the last one was refused just now": (replace(BARE, stop_is_due=False), "Wait"),
    "no stop rests and none of the coins certainly is NIJA's": (replace(BARE, sellable=ZERO, in_doubt=True), "Wait"),
    "no stop rests and a moment ago none of the coins certainly was NIJA's": (
        replace(BARE, sellable=ZERO, owner_is_fresh=False),
        "Wait",
    ),
    "no stop rests and a while ago none of the coins certainly was NIJA's": (
        replace(BARE, sellable=ZERO, owner_is_fresh=False, owner_is_due=True),
        "ReadOwner",
    ),
    "no stop rests and there is no stop price": (replace(BARE, planned_stop=None, wanted_stop=None), "Wait"),
    "no stop rests and the price is at the plan's stop": (replace(BARE, price=Decimal(90)), "BeginSale"),
    "the stop rests below the plan's price": (replace(COVERED, stop_price=Decimal(80)), "MoveStop"),
    "the stop rests below the plan's price and cannot be amended": (
        replace(COVERED, stop_price=Decimal(80), can_amend=False),
        "ReplaceStop",
    ),
    "the stop rests below the plan's price, which the price has reached": (
        replace(COVERED, stop_price=Decimal(80), price=Decimal(90)),
        "BeginSale",
    ),
    "the stop rests for less than is held": (replace(COVERED, stop_amount=Decimal("0.5")), "MoveStop"),
    "the stop is to be moved and the market's state is old": (
        replace(COVERED, stop_price=Decimal(80), market_is_fresh=False),
        "ReadMarket",
    ),
    "the stop is to be moved and the market takes no orders": (
        replace(COVERED, stop_price=Decimal(80), mode=MarketMode.CLOSED),
        "Wait",
    ),
    "the exchange denies the stop": (replace(COVERED, stop=StopStage.DENIED), "Wait"),
    "it is to be sold": (SOLD, "WithdrawStop"),
    "it is to be sold and no stop rests": (replace(BARE, selling="exit signal"), "Sell"),
    "it is to be sold and the market's state is old": (replace(SOLD, market_is_fresh=False), "ReadMarket"),
    "it is to be sold and the market takes no orders": (replace(SOLD, mode=MarketMode.CLOSED), "Wait"),
    "it is to be sold and the market is not listed": (replace(SOLD, mode=MarketMode.ABSENT), "Wait"),
    "it is to be sold and whose coins these are was read long ago": (replace(SOLD, owner_is_fresh=False), "ReadOwner"),
    "it is to be sold, no stop rests and the sale was refused just now": (
        replace(BARE, selling="exit signal", sale_is_due=False),
        "PlaceStop",
    ),
    "it is to be sold and everything stops": (replace(SOLD, stopping=True), "Wait"),
    "no stop rests and everything stops": (replace(BARE, stopping=True), "PlaceStop"),
    "the stop rests for less than is held and cannot be amended": (
        replace(COVERED, stop_amount=HALF, can_amend=False),
        "ReplaceStop",
    ),
    "the stop rests for less than is held and whose coins these are was read long ago": (
        replace(COVERED, stop_amount=HALF, owner_is_fresh=False),
        "ReadOwner",
    ),
    "the stop rests for less than is held and the rest was bought just now": (
        replace(COVERED, stop_amount=HALF, owner_is_fresh=False, is_new=True),
        "MoveStop",
    ),
    "the stop rests for less than is held and everything stops": (
        replace(COVERED, stop_amount=HALF, stopping=True),
        "MoveStop",
    ),
    "the stop rests for less than is held, cannot be amended, and everything stops": (
        replace(COVERED, stop_amount=HALF, can_amend=False, stopping=True),
        "Wait",
    ),
    "a part is to be sold": (REDUCED, "MoveStop"),
    "a part is to be sold and the stop cannot be amended": (replace(REDUCED, can_amend=False), "ReplaceStop"),
    "a part is to be sold and the stop is for the rest": (SHRUNK, "Sell"),
    "a part is to be sold and no stop rests": (
        replace(BARE, reduction=Reduction("smaller weight", excess=HALF)),
        "PlaceStop",
    ),
    "a part is to be sold and the entry still buys": (replace(REDUCED, entry_is_open=True), "Wait"),
    "a part is to be sold and the market's state is old": (replace(REDUCED, market_is_fresh=False), "ReadMarket"),
    "a part is to be sold and whose coins these are was read long ago": (
        replace(REDUCED, owner_is_fresh=False),
        "ReadOwner",
    ),
    "a part is to be sold and the market takes no orders": (replace(REDUCED, mode=MarketMode.CLOSED), "Wait"),
    "a part is to be sold, the stop is for the rest and the sale was refused just now": (
        replace(SHRUNK, sale_is_due=False),
        "MoveStop",
    ),
    "a part is to be sold and the price is at the plan's stop": (
        replace(REDUCED, stop_price=Decimal(80), price=Decimal(90)),
        "BeginSale",
    ),
    "a part was to be sold and the stop sold meanwhile": (
        replace(BARE, reduction=Reduction("smaller weight", stop_sold=True)),
        "BeginSale",
    ),
    "a part is to be sold and the rest would be too small": (
        replace(REDUCED, reduction=Reduction("smaller weight", excess=HALF, rest_too_small=True)),
        "BeginSale",
    ),
    "a part was sold": (replace(COVERED, reduction=Reduction("smaller weight", is_done=True)), "EndReduction"),
    "a part is to be sold and so is all of it": (replace(REDUCED, selling="exit signal"), "WithdrawStop"),
    "a part is to be sold and everything stops": (replace(REDUCED, stopping=True), "Wait"),
    "a part is to be sold, the stop is for the rest and everything stops": (replace(SHRUNK, stopping=True), "Sell"),
    "another program trades the account and the stop is to be moved": (
        replace(COVERED, stop_price=Decimal(80), paused=True),
        "Wait",
    ),
}


def rows_under(heading: str) -> dict[str, str]:
    section = DOCS.read_text().split(heading)[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return {cells[0].strip(): cells[1].strip(" |") for cells in lines[2:]}


# The table.


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_situation_has_its_step(situation: str) -> None:
    state, step = SITUATIONS[situation]
    assert type(next_step(state)).__name__ == step


def test_the_docs_show_the_same_situations_and_steps() -> None:
    assert rows_under("## Decision table") == {name: step for name, (_, step) in SITUATIONS.items()}


# Every combination of market mode, stop, sale, knowledge, price and stopping.

AMOUNTS = (ZERO, Decimal("0.00001"), Decimal("0.5"), ONE)
REDUCTIONS = (
    *(Reduction("smaller weight", excess) for excess in AMOUNTS),
    Reduction("smaller weight", is_done=True),
    Reduction("smaller weight", HALF, rest_too_small=True),
    Reduction("smaller weight", HALF, stop_sold=True),
    Reduction("smaller weight", is_done=True, rest_too_small=True, stop_sold=True),
)
PRICES = (Decimal(80), Decimal(90), PLANNED, Decimal(92), Decimal(100))
YES_NO = (False, True)
VALUES: dict[str, tuple[object, ...]] = {
    "held": AMOUNTS,
    "sellable": AMOUNTS,
    "booked": YES_NO,
    "settled": YES_NO,
    "is_dust": YES_NO,
    "too_small": YES_NO,
    "was_sold": YES_NO,
    "entry_is_open": YES_NO,
    "planned_stop": (None, PLANNED),
    "wanted_stop": (None, PLANNED, Decimal(90)),
    "selling": (None, "exit signal"),
    "reduction": (None, *REDUCTIONS),
    "stop": tuple(StopStage),
    "stop_amount": AMOUNTS,
    "stop_price": PRICES,
    "spare_stops": YES_NO,
    "sale": tuple(SaleStage),
    "mode": tuple(MarketMode),
    "market_is_fresh": YES_NO,
    "price": (None, *PRICES),
    "owner_is_fresh": YES_NO,
    "owner_is_due": YES_NO,
    "in_doubt": YES_NO,
    "is_new": YES_NO,
    "stop_is_due": YES_NO,
    "sale_is_due": YES_NO,
    "was_refused": YES_NO,
    "stopping": YES_NO,
    "paused": YES_NO,
    "rests_on_exchange": YES_NO,
    "stops_at_market": YES_NO,
    "can_amend": YES_NO,
}
CHANGES = [(name, value) for name, values in VALUES.items() for value in values]
BASES = (BARE, COVERED, SOLD, replace(BARE, selling="exit signal"), REDUCED, SHRUNK)


def state_of(number: int) -> PositionState:
    """A usual state with up to nine of its facts changed and contradictions removed."""
    chance = random.Random(number)
    changes = dict(chance.sample(CHANGES, chance.randint(0, 9)))
    state = replace(chance.choice(BASES), **changes)  # type: ignore[arg-type] # VALUES has the types
    rests = state.stop not in (StopStage.NONE, StopStage.UNRESOLVED)
    sellable = min(state.sellable, state.held)
    reduction = state.reduction and replace(state.reduction, excess=min(state.reduction.excess, sellable))
    return replace(
        state,
        sellable=sellable,
        reduction=reduction,
        is_dust=state.is_dust or state.held <= Decimal("0.00001"),
        wanted_stop=None if state.planned_stop is None else state.wanted_stop or state.planned_stop,
        stop_amount=state.stop_amount if rests else ZERO,
        stop_price=(state.stop_price or PLANNED) if rests else None,
        spare_stops=rests and state.spare_stops,
    )


def invariant(check: Callable[[PositionState], None]) -> Callable[[], None]:
    """Check a claim about every state against thousands of them: each drawn number stands for hundreds."""

    @settings(max_examples=12, deadline=None)
    @given(st.integers(0, 2**63))
    def holds(first: int) -> None:
        for number in range(first, first + 400):
            check(state_of(number))

    holds.__name__ = check.__name__
    holds.__doc__ = check.__doc__
    return holds


PUTS_UP_FOR_SALE = (PlaceStop, MoveStop, ReplaceStop, Sell)


@invariant
def test_cover_is_not_taken_away_before_its_successor_can_be_accepted(state: PositionState) -> None:
    step = next_step(state)
    if not isinstance(step, WithdrawStop | ReplaceStop) or state.held <= ZERO or state.is_dust:
        return
    assert state.mode is MarketMode.OPEN
    assert state.market_is_fresh


@invariant
def test_cover_is_only_withdrawn_for_a_sale_that_can_be_sent_at_once(state: PositionState) -> None:
    withdraws = isinstance(next_step(state), WithdrawStop) and state.stop is StopStage.RESTING
    if withdraws and state.held > ZERO and not state.is_dust:
        after = replace(state, stop=StopStage.NONE, stop_amount=ZERO, stop_price=None)
        assert next_step(after) == Sell(state.sellable)


@invariant
def test_cover_comes_back_when_the_sale_is_refused_after_all(state: PositionState) -> None:
    if not isinstance(next_step(state), Sell) or not (state.rests_on_exchange and state.stop_is_due):
        return
    if state.is_shrunk:
        return
    if state.wanted_stop is not None and (state.price is None or state.price > PLANNED):
        refused = replace(state, sale_is_due=False, was_refused=False)
        assert next_step(refused) == PlaceStop(state.sellable, state.wanted_stop)


@invariant
def test_only_what_certainly_is_nijas_is_put_up_for_sale(state: PositionState) -> None:
    step = next_step(state)
    if isinstance(step, PUTS_UP_FOR_SALE):
        assert ZERO < step.amount <= state.sellable


@invariant
def test_nothing_is_put_up_for_sale_on_old_knowledge_of_whose_coins_these_are(state: PositionState) -> None:
    step = next_step(state)
    enlarges = isinstance(step, MoveStop | ReplaceStop) and step.amount > state.stop_amount
    if isinstance(step, Sell):
        assert state.owner_is_fresh
    if enlarges:
        assert state.owner_is_fresh or state.is_new
    if isinstance(step, PlaceStop):
        assert state.owner_is_fresh or state.is_new


@invariant
def test_two_orders_never_sell_together(state: PositionState) -> None:
    step = next_step(state)
    if isinstance(step, PlaceStop | Sell) and not state.is_shrunk:
        assert state.stop is StopStage.NONE
    if isinstance(step, Sell) and state.is_shrunk:
        assert step.amount + state.stop_amount <= state.sellable
    if isinstance(step, PUTS_UP_FOR_SALE):
        assert state.sale is SaleStage.NONE
        assert state.booked


# Moving a stop.


@invariant
def test_a_stop_is_never_moved_down(state: PositionState) -> None:
    step = next_step(state)
    if isinstance(step, MoveStop | ReplaceStop):
        assert step.price >= max(state.stop_price or ZERO, state.wanted_stop or ZERO)
    if isinstance(step, PlaceStop):
        assert step.price == state.wanted_stop
    if isinstance(step, AdoptStop):
        assert state.planned_stop is None or step.price > state.planned_stop


@invariant
def test_a_stop_on_the_markets_tick_is_left_alone(state: PositionState) -> None:
    """The plan's price may lie between two ticks; then a stop on the lower one is as good as possible."""
    if state.stop is not StopStage.RESTING or state.stop_amount != state.sellable or state.reduction is not None:
        return
    if state.stop_price is None or state.wanted_stop is None or state.planned_stop is None:
        return
    if state.wanted_stop <= state.stop_price <= state.planned_stop:
        assert not isinstance(next_step(state), MoveStop | ReplaceStop | AdoptStop)


@invariant
def test_nothing_new_is_decided_once_everything_stops(state: PositionState) -> None:
    step = next_step(state)
    if not state.stopping:
        return
    if isinstance(step, MoveStop):
        assert step.amount > state.stop_amount
    elif isinstance(step, Sell):
        assert state.is_shrunk
    elif isinstance(step, PlaceStop):
        assert step.amount == state.sellable
    else:
        assert isinstance(step, Wait | Close | ReadOwner | ReadMarket)


@invariant
def test_a_bare_position_is_still_protected_once_everything_stops(state: PositionState) -> None:
    step = next_step(replace(state, stopping=False))
    if isinstance(step, PlaceStop) and state.reduction is None:
        assert next_step(replace(state, stopping=True)) == step


@invariant
def test_a_position_that_is_not_protected_is_reported(state: PositionState) -> None:
    """If nothing is under way and nothing rests, a person is told why."""
    step = next_step(state)
    at_rest = state.stop is StopStage.NONE and state.sale is SaleStage.NONE and state.booked and state.settled
    if not isinstance(step, Wait) or not at_rest or state.held <= ZERO or state.is_covered:
        return
    if state.stop_is_due and not state.entry_is_open and not state.is_dust:
        assert step.trouble


@invariant
def test_a_sale_that_the_market_does_not_take_is_reported(state: PositionState) -> None:
    step = next_step(state)
    if state.selling is None or state.mode is MarketMode.OPEN or state.stopping or not isinstance(step, Wait):
        return
    if state.stop is StopStage.RESTING and state.sale is SaleStage.NONE and state.booked and not state.is_dust:
        assert step.trouble or state.held <= ZERO


@invariant
def test_an_account_that_another_program_trades_keeps_its_stops(state: PositionState) -> None:
    if state.paused and state.selling is None:
        assert not isinstance(next_step(state), MoveStop | ReplaceStop | WithdrawSpare)


@invariant
def test_a_market_that_takes_no_orders_keeps_its_stop(state: PositionState) -> None:
    if state.mode is not MarketMode.OPEN and state.held > ZERO and not state.is_dust:
        assert not isinstance(next_step(state), WithdrawStop | ReplaceStop | MoveStop | Sell)


@invariant
def test_a_price_that_is_not_known_decides_nothing(state: PositionState) -> None:
    if state.price is None and state.reduction is None:
        assert not isinstance(next_step(state), BeginSale)


# Selling a part.


@invariant
def test_a_reduction_leaves_what_it_keeps(state: PositionState) -> None:
    step = next_step(state)
    if isinstance(step, Sell) and state.selling is None:
        assert state.reduction is not None
        assert step.amount == state.reduction.excess


@invariant
def test_a_stop_is_shrunk_only_for_a_sale_that_can_be_sent_at_once(state: PositionState) -> None:
    step = next_step(state)
    if not isinstance(step, MoveStop | ReplaceStop) or step.amount == state.sellable:
        return
    shrunk = replace(state, stop_amount=step.amount, stop_price=step.price)
    assert next_step(shrunk) in (Sell(state.excess), AdoptStop(step.price))


@invariant
def test_a_shrunk_stop_covers_everything_again_when_the_sale_is_refused(state: PositionState) -> None:
    if not isinstance(next_step(state), Sell) or not state.is_shrunk:
        return
    step = next_step(replace(state, sale_is_due=False))
    if isinstance(step, MoveStop | ReplaceStop):
        assert step.amount == state.sellable
    else:
        assert isinstance(step, Wait)
        assert step.trouble or state.paused or not state.stop_is_due


@invariant
def test_a_sale_of_everything_comes_before_a_sale_in_part(state: PositionState) -> None:
    if state.selling is not None:
        assert next_step(state) == next_step(replace(state, reduction=None))


@invariant
def test_a_stop_that_has_sold_ends_a_sale_in_part(state: PositionState) -> None:
    if state.reduction is not None and state.reduction.stop_sold and state.selling is None:
        assert not isinstance(next_step(state), EndReduction)


@invariant
def test_a_reduction_ends_only_once_its_fills_are_booked(state: PositionState) -> None:
    if isinstance(next_step(state), EndReduction):
        assert state.booked
        assert state.settled
        assert not state.entry_is_open


def test_a_stop_that_rests_stays_as_it_is_while_coins_are_in_doubt() -> None:
    """Whoever has the rest: coins that it locks cannot be sold by anyone else."""
    step = next_step(replace(COVERED, sellable=ONE / 2, in_doubt=True))
    assert isinstance(step, Wait)
    assert step.trouble


def test_a_stop_is_never_moved_down_between_two_ticks() -> None:
    """The plan's price lies between two ticks and the stop is above the lower one: its size grows, its price stays."""
    state = replace(COVERED, wanted_stop=Decimal(90), stop_amount=ONE / 2)
    assert next_step(state) == MoveStop(ONE, PLANNED)


class TestAStopThatHasBegunToSell:
    STUCK = replace(SOLD, stop=StopStage.SELLING, stops_at_market=False)

    def test_where_it_is_stuck_it_is_withdrawn_for_a_sale(self) -> None:
        assert next_step(self.STUCK) == WithdrawStop()

    def test_it_is_not_withdrawn_before_the_market_was_read(self) -> None:
        assert next_step(replace(self.STUCK, market_is_fresh=False)) == ReadMarket()

    @pytest.mark.parametrize("mode", [MarketMode.CLOSED, MarketMode.ABSENT])
    def test_it_is_not_withdrawn_in_a_market_that_takes_no_sale(self, mode: MarketMode) -> None:
        assert isinstance(next_step(replace(self.STUCK, mode=mode)), Wait)

    def test_where_it_sells_by_itself_it_is_left_alone(self) -> None:
        assert isinstance(next_step(replace(self.STUCK, stops_at_market=True)), Wait)

    def test_once_everything_stops_it_is_left_alone(self) -> None:
        assert isinstance(next_step(replace(self.STUCK, stopping=True)), Wait)


class TestTheEndOfAPosition:
    EMPTY = replace(BARE, held=ZERO, sellable=ZERO)

    def test_an_entry_that_still_works_is_waited_for(self) -> None:
        assert isinstance(next_step(replace(self.EMPTY, entry_is_open=True)), Wait)

    def test_nothing_is_sold_while_the_entry_still_buys(self) -> None:
        assert isinstance(next_step(replace(SOLD, entry_is_open=True)), Wait)

    def test_it_does_not_end_before_the_fills_of_its_last_order_are_booked(self) -> None:
        assert isinstance(next_step(replace(self.EMPTY, settled=False)), Wait)

    def test_what_little_an_entry_bought_so_far_is_kept(self) -> None:
        little = replace(BARE, held=Decimal("0.00001"), sellable=Decimal("0.00001"), is_dust=True, too_small=True)
        assert isinstance(next_step(little), Wait)
        assert next_step(replace(little, was_sold=True)) == Close()

    def test_a_part_that_became_dust_by_a_raised_minimum_keeps_its_stop(self) -> None:
        kept = replace(COVERED, was_sold=True, is_dust=True, too_small=True)
        assert isinstance(next_step(kept), Wait)
        larger = replace(kept, held=kept.stop_amount / 2, sellable=kept.stop_amount / 2)
        assert next_step(larger) == WithdrawStop()

    def test_a_stop_that_the_exchange_denies_may_rest_all_the_same(self) -> None:
        assert isinstance(next_step(replace(self.EMPTY, stop=StopStage.DENIED)), Wait)

    def test_its_stop_stays_once_everything_stops(self) -> None:
        state = replace(COVERED, held=ZERO, sellable=ZERO)
        assert next_step(state) == WithdrawStop()
        assert isinstance(next_step(replace(state, stopping=True)), Wait)
