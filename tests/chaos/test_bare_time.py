"""How bare time is measured, on books of a few lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from brokers.client_order_id import Purpose, new_client_id
from tests.chaos.bare_time import bare_now, bare_time, percentile

PRICE, NOW = "50000", 100.0
ENTRY = new_client_id(Purpose.ENTRY)


def order(name: str, created: float, client_id: str | None, **changed: object) -> dict[str, Any]:
    plain = {"id": name, "symbol": "BTC/USD", "side": "sell", "amount": "1", "filled": "0", "created": created}
    return {**plain, "closed": None, "client_id": client_id, "resized": [], "on_margin": False, **changed}


def stop(name: str, created: float, **changed: object) -> dict[str, Any]:
    return order(name, created, new_client_id(Purpose.STOP), **changed)


def fill(order_id: str, time: float, amount: str) -> dict[str, Any]:
    return {"order_id": order_id, "symbol": "BTC/USD", "time": time, "amount": amount, "price": PRICE}


def state(*orders: dict[str, Any], fills: tuple[dict[str, Any], ...] = (), held: str = "1") -> dict[str, Any]:
    """NIJA bought one BTC at 10 s; of what there is now, `held`, the owner has nothing."""
    entry = order("E", 10.0, ENTRY, side="buy", closed=10.0)
    books = {
        "orders": [entry, *orders],
        "fills": [fill("E", 10.0, "1"), *fills],
        "ledger": [{"time": 10.0, "currency": "BTC", "balance": held}],
    }
    nijas = [[10.0, "1"], *[[one["time"], "0"] for one in fills]]
    return {"time": NOW, "accounts": {"a": books}, "ownership": {"a": {"nijas": {"BTC": nijas}}}}


def spans(told: dict[str, Any]) -> list[tuple[float, float]]:
    return [(span.begin, span.end) for span in bare_time(told, NOW).spans]


def test_a_position_is_bare_from_its_purchase_until_its_stop_rests() -> None:
    assert spans(state(stop("S", 12.0))) == [(10.0, 12.0)]


def test_a_position_without_a_stop_is_bare_until_now() -> None:
    assert spans(state()) == [(10.0, NOW)]
    assert bare_now(state()) == ["a BTC/USD"]


def test_it_is_bare_again_between_one_stop_and_the_next() -> None:
    assert spans(state(stop("S", 10.0, closed=20.0), stop("T", 23.0))) == [(20.0, 23.0)]


def test_a_stop_of_less_covers_only_that() -> None:
    assert spans(state(stop("S", 10.0, amount="0.5"), stop("T", 15.0, amount="0.5"))) == [(10.0, 15.0)]


def test_a_stop_made_smaller_covered_all_until_then() -> None:
    assert spans(state(stop("S", 10.0, amount="0.5", resized=[[30.0, "1"]]))) == [(30.0, NOW)]


def test_what_the_stop_sold_needs_none() -> None:
    sold = stop("S", 10.0, filled="1", closed=40.0)
    assert spans(state(sold, fills=(fill("S", 40.0, "1"),))) == []


def test_what_the_owners_own_order_binds_nobody_can_protect() -> None:
    assert spans(state(order("H", 10.0, None))) == []


def test_what_is_too_little_to_be_ordered_is_not_bare() -> None:
    assert spans(state(stop("S", 10.0, amount="0.9998"))) == []


@pytest.mark.parametrize(("calm_since", "after"), [(5.0, 2.0), (11.0, 1.0), (50.0, 0.0)])
def test_of_each_position_the_seconds_after_the_last_fault_are_told(calm_since: float, after: float) -> None:
    assert bare_time(state(stop("S", 12.0)), calm_since).after == (after,)


def test_a_position_that_was_gone_by_then_is_not_told() -> None:
    sold = stop("S", 10.0, filled="1", closed=40.0)
    assert bare_time(state(sold, fills=(fill("S", 40.0, "1"),)), 60.0).after == ()


def test_what_was_given_up_is_bare_no_longer() -> None:
    told = bare_time(state(), 5.0, {"a BTC/USD": 40.0})
    assert [(span.begin, span.end) for span in told.spans] == [(10.0, 40.0)]
    assert told.after == (30.0,)


def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([], 0.99)) == (50.0, 99.0, 0.0)


def test_books_without_an_order_of_nijas_have_nothing_bare() -> None:
    books: dict[str, list[object]] = {"orders": [], "fills": [], "ledger": []}
    told = {"time": NOW, "accounts": {"a": books}, "ownership": {"a": {"nijas": {"BTC": [[1.0, str(Decimal(1))]]}}}}
    assert bare_now(told) == []
