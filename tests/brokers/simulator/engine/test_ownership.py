"""Who owns which coins: those bought by NIJA are NIJA's until it sells them or the owner takes them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.client_order_id import Purpose, new_client_id
from brokers.model import ZERO, Side
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.book import DepthProfile
from brokers.simulator.engine.hands import Hands
from brokers.simulator.engine.orders import Amendment, EngineOrder, Kind, Ticket
from brokers.simulator.engine.ownership import Hand, Movement, Ownership, movements_of, overexposed, ownership
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

D = Decimal


def moved(change: str, hand: Hand = Hand.OWNER, order: str = "", **values: object) -> Movement:
    return Movement(0.0, "BTC", D(change), hand, order_id=order, **values)  # type: ignore[arg-type]  # a movement's own


def bitcoin(*movements: Movement) -> tuple[Decimal, Decimal]:
    """The owner's and NIJA's parts."""
    share = ownership(movements).shares["BTC"]
    return share.owner, share.nija


def oversold(*movements: Movement) -> list[Decimal]:
    return [sale.amount for sale in ownership(movements).oversales]


OWNED = moved("0.0021")
BOUGHT = moved("0.0155", Hand.NIJA, "entry")


def test_coins_bought_by_nija_are_nijas_and_the_rest_the_owners() -> None:
    assert bitcoin(OWNED, BOUGHT) == (D("0.0021"), D("0.0155"))


def test_coins_nija_sold_of_its_own_are_no_oversale() -> None:
    sold = moved("-0.0155", Hand.NIJA, "exit")
    assert bitcoin(OWNED, BOUGHT, sold) == (D("0.0021"), ZERO)
    assert oversold(OWNED, BOUGHT, sold) == []


def test_a_sale_by_hand_that_the_owners_coins_suffice_for_leaves_nijas() -> None:
    assert bitcoin(OWNED, BOUGHT, moved("-0.0021")) == (ZERO, D("0.0155"))


@pytest.mark.parametrize(
    ("taken", "owner", "nija"),
    [("-0.0155", "0.0021", "0"), ("-0.0022", "0.0021", "0.0133"), ("-0.0160", "0.0016", "0")],
)
def test_a_sale_by_hand_beyond_the_owners_coins_takes_nijas_wholly(taken: str, owner: str, nija: str) -> None:
    assert bitcoin(OWNED, BOUGHT, moved(taken)) == (D(owner), D(nija))


def test_coins_back_from_staking_may_be_sold_by_nija_or_kept_by_the_owner() -> None:
    there, back = moved("-0.0160", is_staking=True), moved("0.0160", is_staking=True)
    assert bitcoin(OWNED, BOUGHT, there, back) == (D("0.0176"), ZERO)
    assert oversold(OWNED, BOUGHT, there, back, moved("-0.0155", Hand.NIJA, "stop")) == []
    assert oversold(OWNED, BOUGHT, there, back, moved("-0.0156", Hand.NIJA, "stop")) == [D("0.0001")]
    assert oversold(OWNED, BOUGHT, there, moved("-0.0001", Hand.NIJA, "stop")) == [D("0.0001")]


def test_what_the_owner_moves_in_and_out_between_two_looks_may_be_read_as_one_move() -> None:
    brought, took = moved("0.5"), moved("-0.51")
    sold = moved("-0.0055", Hand.NIJA, "exit")
    assert bitcoin(OWNED, BOUGHT, brought, took) == (D("0.0076"), ZERO)
    assert oversold(OWNED, BOUGHT, brought, took, sold) == []
    more = moved("-0.0001", Hand.NIJA, "more")
    assert oversold(OWNED, BOUGHT, brought, took, sold, more) == [D("0.0001")]


def test_what_several_moves_leave_of_nijas_is_certain_only_as_far_as_one_move_would() -> None:
    moves = [moved("-0.001"), moved("-0.0015")]
    assert bitcoin(OWNED, BOUGHT, *moves) == (D("0.0011"), D("0.014"))
    assert ownership([OWNED, BOUGHT, *moves]).nijas["BTC"][-1][1] == D("0.013")


def test_selling_the_owners_coins_after_he_took_nijas_is_an_oversale() -> None:
    assert oversold(OWNED, BOUGHT, moved("-0.0155"), moved("-0.0021", Hand.NIJA, "stop")) == [D("0.0021")]


def test_one_order_by_hand_is_one_act_however_many_fills_it_comes_in() -> None:
    pieces = [moved("-0.0010", order="hand"), moved("-0.0145", order="hand")]
    assert bitcoin(OWNED, BOUGHT, *pieces) == (D("0.0021"), ZERO)


def test_deposits_and_bought_by_hand_are_the_owners() -> None:
    assert bitcoin(BOUGHT, moved("1"), moved("2", order="hand")) == (D(3), D("0.0155"))


def test_payments_of_nija_are_not_sales() -> None:
    paid = moved("-0.5", Hand.NIJA, "entry", is_payment=True)
    assert bitcoin(moved("1"), paid) == (D("0.5"), ZERO)
    assert oversold(moved("1"), paid) == []


changes = st.decimals(D("-1"), D(1), places=3).filter(bool)


@given(st.lists(st.tuples(changes, st.sampled_from(Hand), st.sampled_from(["", "a", "b"]))))
def test_shares_always_add_up_to_the_balance(acts: list[tuple[Decimal, Hand, str]]) -> None:
    balance, movements = ZERO, []
    for change, hand, order in acts:
        if balance + change >= ZERO:
            balance += change
            movements.append(Movement(0.0, "BTC", change, hand, order_id=order and f"{order}{hand}"))
    shares = ownership(movements).shares
    if movements:
        assert shares["BTC"].owner + shares["BTC"].nija == balance
        assert min(shares["BTC"].owner, shares["BTC"].nija) >= ZERO


class Account:
    """An account with 1 BTC of the owner's and a book of small levels, so that orders fill in several parts."""

    def __init__(self) -> None:
        depth = DepthProfile(levels=40, level_value=D(2_000), growth=ZERO)
        balances = {"USD": D(50_000), "BTC": D(1)}
        self.desk: Desk = make_desk(SimulatorConfig(usd_accounts(balances=balances), limits=UNLIMITED, depth=depth))
        self.hands = Hands(self.desk.engine, self.desk.account)

    def nija(self, purpose: Purpose, side: Side, amount: str, stop: str | None = None) -> EngineOrder:
        kind = Kind.MARKET if stop is None else Kind.STOP_LOSS
        client_id, trigger = new_client_id(purpose), None if stop is None else D(stop)
        ticket = Ticket("BTC/USD", side, kind, D(amount), stop_price=trigger, client_id=client_id)
        return self.desk.engine.place(self.desk.account, ticket)

    def owned(self) -> Ownership:
        return ownership(movements_of(self.desk.account))


@pytest.fixture
def account() -> Account:
    return Account()


def test_a_ledger_knows_nijas_orders_by_their_ids(account: Account) -> None:
    account.nija(Purpose.ENTRY, Side.BUY, "0.3")
    share = account.owned().shares["BTC"]
    assert (share.owner, share.nija, share.bought) == (D(1), D("0.3"), D("0.3"))
    assert account.owned().shares["USD"].nija == ZERO


def test_the_owner_cancels_all_and_sells_nijas_position_by_hand(account: Account) -> None:
    account.nija(Purpose.ENTRY, Side.BUY, "0.3")
    account.nija(Purpose.STOP, Side.SELL, "0.3", "45000")
    account.hands.cancel_all()
    account.hands.trade("BTC/USD", Side.SELL, D("1.2"))
    share = account.owned().shares["BTC"]
    assert (share.owner, share.nija, share.taken) == (D("0.1"), ZERO, D("0.3"))
    account.nija(Purpose.STOP, Side.SELL, "0.1", "45000")
    assert overexposed(account.desk.account, account.owned()) == {"BTC": D("0.1")}
    account.desk.price("BTC/USD", "44000")
    sales = account.owned().oversales
    assert sum(sale.amount for sale in sales) == D("0.1")
    assert {(sale.currency, sale.taken_at) for sale in sales} == {("BTC", account.desk.clock.time())}


def test_staked_coins_are_the_owners_hand_too(account: Account) -> None:
    account.nija(Purpose.ENTRY, Side.BUY, "0.3")
    account.hands.stake("BTC", D("1.1"))
    assert account.owned().shares["BTC"].taken == D("0.3")


def test_amounts_the_owner_adds_to_a_stop_are_meant_to_be_sold(account: Account) -> None:
    account.nija(Purpose.ENTRY, Side.BUY, "0.3")
    stop = account.nija(Purpose.STOP, Side.SELL, "0.3", "45000")
    account.hands.amend(stop.id, Amendment(amount=D("0.5")))
    assert stop.amount == D("0.5")
    assert overexposed(account.desk.account, account.owned()) == {}
    account.desk.price("BTC/USD", "44000")
    assert account.owned().shares["BTC"].owner == D("0.8")
    assert account.owned().oversales == ()


def test_once_nija_sets_the_size_again_it_is_responsible_for_it(account: Account) -> None:
    account.nija(Purpose.ENTRY, Side.BUY, "0.3")
    stop = account.nija(Purpose.STOP, Side.SELL, "0.3", "45000")
    account.hands.amend(stop.id, Amendment(amount=D("0.5")))
    account.desk.engine.amend(account.desk.account, stop, Amendment(amount=D("0.5"), stop_price=D(46_000)))
    assert overexposed(account.desk.account, account.owned()) == {"BTC": D("0.2")}
