"""Kraken's three counters: per key, per account and pair, per IP address."""

from __future__ import annotations

import pytest

from brokers.simulator.config import Limits, SimulatorConfig, Tier
from brokers.simulator.kraken.limits import Decaying, amend_cost, cancel_cost, edit_cost
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import usd_accounts

LIMITED = "EAPI:Rate limit exceeded"
ENGINE_LIMITED = "EOrder:Rate limit exceeded"


def limited_desk(tier: Tier = Tier.INTERMEDIATE, **limits: object) -> Desk:
    every = frozenset({"query-funds", "query-ledger", "query-open-trades", "modify-trades", "close-trades"})
    chosen = Limits(tier=tier, **limits)  # type: ignore[arg-type]  # the fields of Limits
    return make_desk(SimulatorConfig(usd_accounts("1000000", permissions=every), limits=chosen))


def rest(desk: Desk, price: str = "40000", pair: str = "XBTUSD") -> str:
    return desk.add(type="buy", ordertype="limit", price=price, volume="0.01", pair=pair)


def calls_until(desk: Desk, error: str, method: str, **data: str) -> int:
    for number in range(1000):
        if error in desk.private(method, **data)["error"]:
            return number
    raise AssertionError("never limited")


@pytest.mark.parametrize(
    ("tier", "calls", "seconds_each"), [(Tier.STARTER, 15, 3.05), (Tier.INTERMEDIATE, 20, 2.0), (Tier.PRO, 20, 1.0)]
)
def test_the_rest_counter_of_a_key_follows_its_tier(tier: Tier, calls: int, seconds_each: float) -> None:
    desk = limited_desk(tier)
    assert calls_until(desk, LIMITED, "Balance") == calls
    desk.advance(2 * seconds_each)
    assert calls_until(desk, LIMITED, "Balance") == 1


def test_a_call_while_limited_lengthens_the_block() -> None:
    desk = limited_desk()
    calls_until(desk, LIMITED, "Balance")
    desk.advance(1)
    assert desk.error("Balance") == LIMITED
    desk.advance(1)
    assert desk.error("Balance") == LIMITED


def test_ledger_and_trade_history_cost_four_unless_configured() -> None:
    assert calls_until(limited_desk(), LIMITED, "Ledgers") == 5
    assert calls_until(limited_desk(history_cost=2.0), LIMITED, "Ledgers") == 10


def test_every_key_has_a_counter_of_its_own() -> None:
    desk = limited_desk()
    calls_until(desk, LIMITED, "Balance")
    desk.owner = "daivon_frazier"
    assert desk.result("Balance")


def test_orders_do_not_count_as_calls() -> None:
    desk = limited_desk()
    for _ in range(30):
        rest(desk)
    assert desk.result("Balance")


def test_the_counter_of_a_pair_takes_125_orders_at_once_and_decays() -> None:
    decaying = Decaying(125, 2.34)
    assert all(decaying.charge(1, 0) for _ in range(50))
    assert decaying.settle(10) == pytest.approx(26.6)


def test_the_documented_example_of_the_engine_counter_adds_up() -> None:
    assert 1 + amend_cost(7) + cancel_cost(36) == 8
    assert (amend_cost(1), edit_cost(1), cancel_cost(1)) == (4, 7, 8)
    assert (amend_cost(60), edit_cost(60), cancel_cost(60)) == (1, 2, 2)
    assert (cancel_cost(100), cancel_cost(301)) == (1, 0)


def test_fast_cancels_exhaust_the_counter_of_their_pair_alone() -> None:
    desk = limited_desk(Tier.STARTER)
    for _ in range(6):
        desk.result("CancelOrder", txid=rest(desk))
    last = rest(desk)
    assert desk.error("CancelOrder", txid=last) == ENGINE_LIMITED
    assert desk.order(last)["status"] == "open"
    assert desk.refused(type="buy", ordertype="limit", price="40000", volume="0.01") == ENGINE_LIMITED
    assert rest(desk, price="2000", pair="ETHUSD")


def test_age_counts_from_the_last_amendment() -> None:
    desk = limited_desk(Tier.STARTER)
    txid = rest(desk)
    desk.advance(400)
    desk.result("AmendOrder", txid=txid, limit_price="41000")
    desk.result("CancelOrder", txid=txid)
    # amend of an old order 1, cancel of a freshly amended one 8: 51 of 60 are left.
    assert sum("error" not in str(rest(desk)) for _ in range(51)) == 51
    assert desk.refused(type="buy", ordertype="limit", price="40000", volume="0.01") == ENGINE_LIMITED


def test_a_refused_order_is_charged_too() -> None:
    desk = limited_desk(Tier.STARTER)
    for _ in range(60):
        assert desk.refused(type="buy", ordertype="limit", price="40000", volume="0.00001").endswith("not met")
    assert desk.refused(type="buy", ordertype="market", volume="0.01") == ENGINE_LIMITED


def test_open_orders_of_a_pair_are_capped() -> None:
    desk = limited_desk(Tier.STARTER)
    for _ in range(60):
        rest(desk)
        desk.advance(1)
    assert desk.refused(type="buy", ordertype="limit", price="40000", volume="0.01") == "EOrder:Orders limit exceeded"


def test_public_calls_of_an_address_are_limited_to_one_a_second_after_a_small_burst() -> None:
    desk = limited_desk(public_burst=3)
    answers = [desk.public("Time")["error"] for _ in range(4)]
    assert answers == [[], [], [], ["EGeneral:Too many requests"]]
    desk.advance(2.1)
    assert desk.public("Time")["error"] == []
