"""What became of an order whose outcome is unknown, against an exchange with scripted answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from brokers.clock import utc_now
from brokers.errors import BadAnswer, DeadlineTooNear, OutcomeUnknown, Unauthorized, Unavailable
from brokers.model import Absent, Found, OrderRequest, Resolution, Undetermined
from tests.brokers.coinbase.coinbase_samples import (
    NOW,
    accepted,
    market_buy,
    order,
    product,
    refused,
)
from tests.brokers.coinbase.scripted_exchange import Asked, Reply, ScriptedExchange

if TYPE_CHECKING:
    from brokers.coinbase.broker import CoinbaseBroker
    from tests.fakes import ManualClock

LISTING = "/orders/historical/batch"
RIGHTS = {"can_view": True, "can_trade": True, "can_transfer": False, "portfolio_uuid": "ca72"}


@pytest.fixture
def connected(broker: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock) -> CoinbaseBroker:
    scripted.on("/time", lambda _: Reply({"epochMillis": str(int(clock.wall * 1000))}))
    scripted.on("/key_permissions", Reply(RIGHTS))
    scripted.on("/market/products", Reply({"products": [product()]}))
    scripted.on(LISTING, Reply({"orders": [], "has_next": False, "cursor": ""}))
    broker.connect()
    return broker


def listing(*orders: dict[str, Any]) -> Reply:
    return Reply({"orders": list(orders), "has_next": False, "cursor": ""})


def resolved_after(broker: CoinbaseBroker, clock: ManualClock, request: OrderRequest, seconds: float) -> Resolution:
    clock.advance(request.deadline.timestamp() + seconds - clock.wall)
    return broker.resolve(request)


def test_before_the_deadline_the_same_order_is_resent_and_the_answer_adopted(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    request = market_buy()
    scripted.on("/orders", Reply("<html>", 502), Reply(accepted("77")))
    scripted.on("/orders/historical/77", Reply({"order": order(order_id="77", client_order_id=request.client_id)}))

    with pytest.raises(OutcomeUnknown):
        connected.place(request)
    resolution = connected.resolve(request)

    assert isinstance(resolution, Found)
    assert resolution.order.exchange_id == "77"
    first, second = scripted.asked_for("/orders")
    assert first.body == second.body
    assert first.token != second.token


def test_a_refused_resend_means_that_nothing_was_placed(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on("/orders", Reply(refused("INSUFFICIENT_FUND")))

    assert isinstance(connected.resolve(market_buy()), Absent)


def test_a_refused_resend_does_not_hide_a_first_attempt_that_is_listed(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    request = market_buy()
    scripted.on("/orders", Reply(refused("INSUFFICIENT_FUND")))
    scripted.on(LISTING, listing(order(client_order_id="foreign"), order(client_order_id=request.client_id)))

    assert isinstance(connected.resolve(request), Found)


@pytest.mark.parametrize(
    "reason",
    ["DUPLICATE_CLIENT_ORDER_ID", "ORDER_ENTRY_DISABLED", "INVALID_NO_LIQUIDITY", "COMMANDER_REJECTED_NEW_ORDER"],
)
def test_a_refusal_that_says_nothing_of_the_first_attempt_determines_nothing(
    connected: CoinbaseBroker, scripted: ScriptedExchange, reason: str
) -> None:
    scripted.on("/orders", Reply(refused(reason)))

    assert isinstance(connected.resolve(market_buy()), Undetermined)


def test_a_resend_without_a_clear_answer_determines_nothing(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    scripted.on("/orders", Reply(silent=True))

    assert isinstance(connected.resolve(market_buy()), Undetermined)


def test_an_accepted_resend_that_is_not_shown_yet_determines_nothing(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    scripted.on("/orders", Reply(accepted("77")))

    assert isinstance(connected.resolve(market_buy()), Undetermined)


@pytest.mark.parametrize("seconds", [0.0, 1.0, 119.0, 181.0, 86_400.0])
def test_after_the_deadline_nothing_is_ever_sent_again(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock, seconds: float
) -> None:
    scripted.on("/orders", Reply(accepted()))

    resolved_after(connected, clock, market_buy(), seconds)

    assert scripted.asked_for("/orders") == []


@pytest.mark.parametrize(("seconds", "kind"), [(0.0, Undetermined), (179.0, Undetermined), (181.0, Absent)])
def test_an_order_is_absent_only_after_its_token_expired_and_the_listing_margin(
    connected: CoinbaseBroker, clock: ManualClock, seconds: float, kind: type
) -> None:
    assert type(resolved_after(connected, clock, market_buy(), seconds)) is kind


def test_a_clock_set_back_does_not_bring_the_deadline_back(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    request = market_buy()
    scripted.on("/orders", Reply(accepted()))
    clock.advance(request.deadline.timestamp() + 300 - clock.wall)
    true_time = clock.wall
    scripted.on("/time", Reply({"epochMillis": str(int(true_time * 1000))}))
    clock.wall -= 400

    assert isinstance(connected.resolve(request), Absent)
    assert scripted.asked_for("/orders") == []


@pytest.mark.parametrize("status", ["OPEN", "PENDING", "QUEUED", "FILLED", "CANCELLED"])
def test_after_the_deadline_the_order_is_found_whatever_its_status(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock, status: str
) -> None:
    request = market_buy()
    ours = order(client_order_id=request.client_id, status=status)

    def strict(asked: Asked) -> Reply:
        """OPEN is requested alone; a list without statuses contains the ended orders."""
        wanted = asked.query.get("order_status", ["FILLED", "CANCELLED"])
        return listing(*([ours] if status in wanted else []))

    scripted.on(LISTING, strict)

    assert isinstance(resolved_after(connected, clock, request, 5.0), Found)


def test_the_search_reads_every_page(connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock) -> None:
    request = market_buy()
    first = {"orders": [order(client_order_id="other")], "has_next": True, "cursor": "2"}
    second = listing(order(client_order_id=request.client_id))
    scripted.on(LISTING, lambda asked: second if "cursor" in asked.query else Reply(first))

    assert isinstance(resolved_after(connected, clock, request, 200.0), Found)


@pytest.mark.parametrize(
    ("reply", "kind"), [(Reply("<html>", 502), Unavailable), (Reply("Unauthorized", 401), Unauthorized)]
)
def test_an_unanswered_search_never_means_absent(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock, reply: Reply, kind: type[Exception]
) -> None:
    scripted.on(LISTING, reply)

    with pytest.raises(kind):
        resolved_after(connected, clock, market_buy(), 500.0)


def test_a_delisted_market_is_still_searched(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    clock.advance(61)
    request = replace(market_buy(), deadline=utc_now(clock) + timedelta(seconds=30))
    scripted.on("/market/products", Reply({"products": []}))
    connected.refresh_markets()
    scripted.on(LISTING, listing(order(client_order_id=request.client_id)))

    assert isinstance(connected.resolve(request), Found)
    assert scripted.asked_for("/orders") == []


@pytest.mark.parametrize("left", [timedelta(0), timedelta(seconds=-1), timedelta(days=2)])
def test_an_order_is_not_sent_with_a_past_deadline_or_one_beyond_the_search(
    connected: CoinbaseBroker, scripted: ScriptedExchange, left: timedelta
) -> None:
    with pytest.raises(DeadlineTooNear, match="deadline"):
        connected.place(market_buy(deadline=NOW + left))

    assert scripted.asked_for("/orders") == []


def test_while_the_time_is_unknown_nothing_is_resent_or_called_absent(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    scripted.on("/orders", Reply(accepted()))
    scripted.on("/time", Reply("<html>", 503))
    clock.wall -= 3_600

    assert isinstance(connected.resolve(market_buy()), Undetermined)
    clock.advance(86_400)
    assert isinstance(connected.resolve(market_buy()), Undetermined)
    assert scripted.asked_for("/orders") == []


def test_looking_up_several_unknown_orders_asks_for_the_time_once(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    asked = len(scripted.asked_for("/time"))
    clock.advance(200)

    for _ in range(5):
        connected.resolve(market_buy())

    assert len(scripted.asked_for("/time")) == asked


@pytest.mark.parametrize("reason", ["GEOFENCING_RESTRICTION", "UNTRADABLE_PRODUCT"])
def test_a_resend_refused_for_its_market_means_that_nothing_was_placed(
    connected: CoinbaseBroker, scripted: ScriptedExchange, reason: str
) -> None:
    scripted.on("/orders", Reply(refused(reason)))

    assert isinstance(connected.resolve(market_buy()), Absent)


@pytest.mark.parametrize(
    "amiss",
    [{"filled_size": 0.1}, {"order_configuration": None}, {"side": "SIDEWAYS"}, {"created_time": ""}, {"order_id": ""}],
)
def test_an_order_of_ours_that_is_listed_and_cannot_be_read_is_never_absent(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock, amiss: dict[str, object]
) -> None:
    request = market_buy()
    scripted.on(LISTING, listing(order(client_order_id=request.client_id, **amiss)))

    with pytest.raises(BadAnswer):
        resolved_after(connected, clock, request, 500.0)


def test_an_unreadable_row_without_a_client_id_may_be_the_wanted_order(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    scripted.on(LISTING, listing({}))

    with pytest.raises(BadAnswer):
        resolved_after(connected, clock, market_buy(), 500.0)


def test_an_unreadable_order_of_somebody_elses_hides_nothing_from_the_search(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    request = market_buy()
    foreign = order(client_order_id="theirs", filled_size=None)
    scripted.on(LISTING, listing(foreign, order(client_order_id=request.client_id)))

    assert isinstance(resolved_after(connected, clock, request, 500.0), Found)
