from __future__ import annotations

import pytest

from brokers.kraken.limits import ADD_COST, TIERS, EngineCounters, amend_cost, cancel_cost, rest_cost


@pytest.mark.parametrize(
    ("age", "amend", "cancel"),
    [(0, 4, 8), (4.9, 4, 8), (5, 3, 6), (10, 2, 5), (15, 1, 4), (44, 1, 4), (45, 1, 2), (90, 1, 1), (300, 1, 0)],
)
def test_the_engine_charges_young_orders_more(age: float, amend: float, cancel: float) -> None:
    assert (amend_cost(age), cancel_cost(age)) == (amend, cancel)


def test_the_documented_check_of_the_age_table_holds() -> None:
    """guides/spot-ratelimits: add, amend at 7 s, cancel 36 s later: 8 in all."""
    assert ADD_COST + amend_cost(7) + cancel_cost(36) == 8


@pytest.mark.parametrize(
    ("method", "cost"),
    [
        ("BalanceEx", 1),
        ("GetApiKeyInfo", 1),
        ("OpenOrders", 2),
        ("ClosedOrders", 2),
        ("TradesHistory", 4),
        ("Ledgers", 4),
        ("AddOrder", 0),
        ("AmendOrder", 0),
        ("CancelOrder", 0),
    ],
)
def test_the_rest_counter_takes_the_higher_of_the_documented_costs(method: str, cost: float) -> None:
    assert rest_cost(method) == cost


def test_an_orders_age_counts_from_its_last_amendment() -> None:
    engine = EngineCounters(TIERS["pro"])
    engine.touched("O1", "BTC/USD", 0.0)
    engine.touched("O1", "BTC/USD", 100.0)
    assert engine.age("O1", 107.0) == 7.0


def test_reading_an_order_does_not_make_it_older_than_its_last_amendment() -> None:
    engine = EngineCounters(TIERS["pro"])
    engine.touched("O1", "BTC/USD", 100.0)
    engine.touched("O1", "BTC/USD", 0.0)
    assert engine.age("O1", 107.0) == 7.0


def test_old_orders_are_dropped_so_that_memory_stays_bounded() -> None:
    engine = EngineCounters(TIERS["pro"])
    for number in range(1_000):
        engine.touched(f"O{number}", "BTC/USD", number * 10.0)
    assert len(engine._recent) <= 31


def test_each_pair_has_a_counter_of_its_own() -> None:
    engine = EngineCounters(TIERS["starter"])
    engine.counter("BTC/USD").fill(0.0)
    assert engine.counter("ETH/USD").take(1, 0.0) == 0.0
