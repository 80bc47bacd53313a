"""What owners and exchanges do: each act at its time, as far as possible, and repeatable from a seed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from brokers.model import Exchange, Side
from brokers.simulator import FACES
from brokers.simulator.acts import Act, ActKind
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.hands import Hands
from brokers.simulator.engine.markets import Mode
from brokers.simulator.schedule import seeded_acts
from brokers.simulator.world import Prices, build_world
from tests.fakes import ManualClock
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import START_PRICES, UNLIMITED, ManualPrices, WallMarketClock, usd_accounts

D = Decimal
ACCOUNT = "kraken:master"


@pytest.fixture
def desk() -> Desk:
    return make_desk(SimulatorConfig(usd_accounts(balances={"USD": D(20_000), "BTC": D(2)}), limits=UNLIMITED))


def play(desk: Desk, kind: ActKind, **values: object) -> None:
    act = Act(kind, desk.clock.time() + 1, ACCOUNT)
    desk.world.acts.add(replace(act, **values))  # type: ignore[arg-type]  # the fields of an Act
    desk.advance(1)


def bitcoin(desk: Desk) -> Decimal:
    return desk.account.balance("BTC")


def rest(desk: Desk, amount: str = "2") -> None:
    Hands(desk.engine, desk.account).trade("BTC/USD", Side.SELL, D(amount), stop=D(40_000))


def test_an_act_waits_for_its_moment(desk: Desk) -> None:
    desk.world.acts.add(Act(ActKind.WITHDRAWS, desk.clock.time() + 10, ACCOUNT, share=D("0.5")))
    desk.advance(9)
    assert bitcoin(desk) == 2
    desk.advance(1)
    assert bitcoin(desk) == 1
    assert desk.world.acts.done == {"owner_withdraws": 1}


@pytest.mark.parametrize(
    ("kind", "share", "left"),
    [
        (ActKind.SELLS, "0.25", "1.5"),
        (ActKind.WITHDRAWS, "0.25", "1.5"),
        (ActKind.STAKES, "0.25", "1.5"),
        (ActKind.DEPOSITS, "0.25", "2.5"),
        (ActKind.RECEIVES, "0.25", "2.5"),
    ],
)
def test_an_act_uses_a_share_of_what_exists(desk: Desk, kind: ActKind, share: str, left: str) -> None:
    play(desk, kind, share=D(share))
    assert bitcoin(desk) == D(left)


def test_the_owner_buys_with_a_share_of_his_free_money(desk: Desk) -> None:
    play(desk, ActKind.BUYS, share=D("0.5"))
    assert bitcoin(desk) == D("2.2")


def test_held_coins_are_refused_unless_their_orders_are_cancelled(desk: Desk) -> None:
    rest(desk)
    play(desk, ActKind.SELLS)
    assert bitcoin(desk) == 2
    assert desk.world.acts.refused == {"owner_sells": 1}
    play(desk, ActKind.SELLS, frees=True)
    assert bitcoin(desk) == 0


def test_staked_coins_come_back(desk: Desk) -> None:
    play(desk, ActKind.STAKES, share=D("0.5"))
    play(desk, ActKind.UNSTAKES)
    assert bitcoin(desk) == 2


def test_he_moves_and_cancels_whichever_order_is_picked(desk: Desk) -> None:
    rest(desk, "0.5")
    rest(desk, "0.6")
    play(desk, ActKind.MOVES_STOP, pick=0.9, share=D("0.9"))
    assert [order.stop_price for order in desk.account.open.values()] == [D(40_000), D(36_000)]
    play(desk, ActKind.RESIZES_STOP, pick=0.9, share=D("1.5"))
    assert [order.amount for order in desk.account.open.values()] == [D("0.5"), D("0.9")]
    play(desk, ActKind.CANCELS, pick=0.1)
    assert [order.amount for order in desk.account.open.values()] == [D("0.9")]
    play(desk, ActKind.CANCELS_ALL)
    assert not desk.account.open


def test_he_rests_orders_of_kinds_that_nija_never_sends(desk: Desk) -> None:
    play(desk, ActKind.RESTS, pick=0.0, share=D(1))
    [order] = desk.account.open.values()
    assert (order.kind.value, order.ticket.by_hand) == ("trailing-stop", True)


def test_a_market_closes_for_a_while(desk: Desk) -> None:
    play(desk, ActKind.MODE, pick=0.0, seconds=30.0)
    assert desk.engine.exchange.mode_of("BTC/USD") is not Mode.ONLINE
    desk.advance(30)
    assert desk.engine.exchange.mode_of("BTC/USD") is Mode.ONLINE


def test_steps_are_always_those_of_the_beginning_or_ten_times_as_coarse(desk: Desk) -> None:
    play(desk, ActKind.STEPS, pick=0.0)
    play(desk, ActKind.STEPS, pick=0.0)
    assert desk.engine.exchange.spec("BTC/USD").price_step == 1
    play(desk, ActKind.STEPS, pick=0.9)
    assert desk.engine.exchange.spec("BTC/USD").price_step == D("0.1")


def test_a_price_jumps(desk: Desk) -> None:
    play(desk, ActKind.GAP, share=D("0.9"))
    assert desk.engine.exchange.price("BTC/USD") == D(45_000)


def test_a_clock_is_wrong_for_a_while(desk: Desk) -> None:
    clock = desk.world.faces[Exchange.KRAKEN].clock
    play(desk, ActKind.CLOCK, share=D(-3), pick=0.5, seconds=30.0)
    assert clock.time() == desk.clock.time() - 3
    desk.advance(30)
    assert clock.time() == desk.clock.time()


def test_a_market_is_restricted_for_a_while(desk: Desk) -> None:
    play(desk, ActKind.RESTRICTS, pick=0.0, seconds=30.0)
    assert desk.refused(type="buy", ordertype="market", volume="0.1").startswith("EAccount:Invalid permissions:XBT")
    desk.advance(30)
    desk.add(type="buy", ordertype="market", volume="0.1")


def test_calm_ends_everything_that_was_to_come_or_to_end(desk: Desk) -> None:
    play(desk, ActKind.MODE, pick=0.0, seconds=30.0)
    play(desk, ActKind.RESTRICTS, market="ETH/USD", seconds=30.0)
    play(desk, ActKind.CLOCK, share=D(3), seconds=30.0)
    desk.world.acts.calm(desk.world.faces)
    assert desk.world.acts.pending == []
    assert desk.engine.exchange.mode_of("BTC/USD") is Mode.ONLINE
    assert desk.account.restrictions == {}
    assert desk.world.faces[Exchange.KRAKEN].clock.time() == desk.clock.time()


def test_the_same_seed_makes_the_same_acts(desk: Desk) -> None:
    def acts(seed: int) -> tuple[Act, ...]:
        return seeded_acts(seed, start=1_000.0, duration=100.0, mean_gap=0.2, accounts=(ACCOUNT, "coinbase:master"))

    assert acts(1) == acts(1) != acts(2)
    assert all(1_000 <= act.at < 1_100 for act in acts(1))
    assert {act.account for act in acts(1)} == {ACCOUNT, "coinbase:master"}
    began = {ActKind.ONLINE, ActKind.CLOCK_RIGHT, ActKind.ALLOWS}
    assert {act.kind for act in acts(1)} == set(ActKind) - began


def test_whole_schedules_of_acts_can_be_played_at_both_exchanges() -> None:
    clock = ManualClock()
    sources = {str(exchange): ManualPrices(START_PRICES) for exchange in FACES}
    accounts = usd_accounts(balances={"USD": D(20_000), "BTC": D(2), "ETH": D(20)})
    world = build_world(SimulatorConfig(accounts, limits=UNLIMITED), clock, Prices(WallMarketClock(), sources))
    for account in (ACCOUNT, "coinbase:master"):
        world.acts.add(*seeded_acts(3, start=clock.time(), duration=500.0, mean_gap=0.5, accounts=(account,)))
    for _ in range(600):
        clock.advance(1)
        world.tick()
    assert world.acts.pending == []
    assert sum(world.acts.done.values()) > 1_000
    assert set(world.acts.done) == set(ActKind)
