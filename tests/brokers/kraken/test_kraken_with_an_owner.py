"""The broker against the simulator while the owner, the market and the clock interfere."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from accounts.connect import ConnectRefused, connect_account
from accounts.identity import AccountId
from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import DeadlineTooNear, MarketRefused, OutcomeUnknown, PermissionDenied
from brokers.model import OrderRequest, OrderStatus, OrderType, Side
from brokers.simulator.admin_exchange import change_market, restrict, set_clock, set_mode
from brokers.simulator.admin_owner import change_key, move_balance, place_by_hand, receive_fill, stake

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokers.kraken.broker import KrakenBroker
    from tests.simulator_fixtures import Rig

BTC, ETH = "BTC/USD", "ETH/USD"
MASTER = {"account": "kraken:master"}


def do(rig: Rig, act: Callable[..., Any], **body: object) -> Any:  # noqa: ANN401 - the admin's own JSON
    return rig.simulator.call(lambda: act(rig.simulator.world, body))


def buy(broker: KrakenBroker, market: str = BTC, within: float = 30.0) -> OrderRequest:
    amount = Decimal("0.001") if market == BTC else Decimal("0.01")
    deadline = broker.exchange_time() + timedelta(seconds=within)
    return OrderRequest(new_client_id(Purpose.ENTRY), market, Side.BUY, OrderType.MARKET, amount, deadline)


def stop(broker: KrakenBroker, price: str) -> OrderRequest:
    deadline = broker.exchange_time() + timedelta(seconds=30)
    return OrderRequest(
        new_client_id(Purpose.STOP),
        BTC,
        Side.SELL,
        OrderType.STOP,
        Decimal("0.001"),
        deadline,
        stop_price=Decimal(price),
    )


class TestTheOwner:
    @pytest.mark.parametrize(
        "terms",
        [
            {"ordertype": "trailing-stop", "price": "+50%"},
            {"ordertype": "trailing-stop-limit", "price": "+5%", "price2": "-100"},
            {"ordertype": "stop-loss", "price": "-10%"},
            {"ordertype": "stop-loss-limit", "price": "30000", "price2": "29000"},
            {"ordertype": "take-profit", "price": "90000"},
            {"ordertype": "take-profit-limit", "price": "90000", "price2": "89000"},
            {"ordertype": "iceberg", "price": "90000", "displayvol": "0.05"},
            {"ordertype": "limit", "price": "90000", "userref": "7"},
            {"ordertype": "limit", "price": "90000", "leverage": "3:1"},
        ],
        ids=lambda terms: terms["ordertype"],
    )
    def test_whatever_order_he_places_nijas_own_is_read_beside_it(
        self, trader: KrakenBroker, rig: Rig, terms: dict[str, str]
    ) -> None:
        ours = trader.place(stop(trader, "20000"))
        his = do(rig, place_by_hand, **MASTER, order={"pair": "XBTUSD", "type": "sell", "volume": "0.1"} | terms)["id"]
        listed = {order.exchange_id: order for order in trader.open_orders()}
        assert set(listed) == {ours, his}
        assert (listed[his].side, listed[his].amount) == (Side.SELL, Decimal("0.1"))
        assert listed[his].margin is ("leverage" in terms)
        assert trader.unread_rows() == {}

    def test_free_coins_are_a_fill_and_borrowed_ones_are_not(self, trader: KrakenBroker, rig: Rig) -> None:
        began = trader.exchange_time() - timedelta(seconds=5)
        do(rig, receive_fill, **MASTER, market=BTC, amount="0.5")
        do(rig, receive_fill, **MASTER, market=BTC, amount="2", price="50000", leverage="3")
        rig.clock.sleep(5)
        assert [(fill.amount, fill.price) for fill in trader.fills(began)] == [(Decimal("0.5"), Decimal(0))]
        ended = trader.closed_orders(began)
        assert sorted((order.filled, order.margin) for order in ended) == [(Decimal("0.5"), False), (Decimal(2), True)]

    def test_coins_he_stakes_are_gone_and_those_nobody_lists_are_not_nothing(
        self, trader: KrakenBroker, rig: Rig
    ) -> None:
        do(rig, stake, **MASTER, currency="BTC", amount="0.4")
        do(rig, move_balance, **MASTER, currency="BRANDNEW", amount="3")
        balances = trader.balances()
        assert balances["BTC"].total == Decimal("0.6")
        assert "BRANDNEW" not in balances
        assert list(trader.unread_rows()) == ["balance:BRANDNEW"]


class TestRefusedMarkets:
    @pytest.mark.parametrize("barrier", ["country", "permission", "ineligible"])
    def test_one_market_that_is_closed_to_the_account_closes_no_other(
        self, trader: KrakenBroker, rig: Rig, barrier: str
    ) -> None:
        do(rig, restrict, **MASTER, market=ETH, barrier=barrier)
        with pytest.raises(MarketRefused) as refused:
            trader.place(buy(trader, ETH))
        assert "nija.toml" in refused.value.remedy
        assert trader.order(trader.place(buy(trader))).status is OrderStatus.FILLED

    def test_a_required_agreement_is_sent(self, trader: KrakenBroker, rig: Rig) -> None:
        do(rig, restrict, **MASTER, market=BTC, barrier="agreement")
        assert trader.order(trader.place(buy(trader))).status is OrderStatus.FILLED
        assert trader.order(trader.place(stop(trader, "20000"))).status is OrderStatus.OPEN

    def test_a_key_that_has_lost_its_right_to_trade_concerns_the_account(self, trader: KrakenBroker, rig: Rig) -> None:
        kept = ["query-funds", "query-open-trades", "query-closed-trades", "close-trades"]
        do(rig, change_key, **MASTER, permissions=kept)
        with pytest.raises(PermissionDenied):
            trader.place(buy(trader))
        rig.simulator.call(rig.simulator.world.records.violations.clear)


class TestModesAndSteps:
    @pytest.mark.parametrize("mode", ["cancel_only", "post_only", "limit_only", "reduce_only"])
    def test_the_mode_of_one_market_is_seen_at_the_next_refresh(
        self, trader: KrakenBroker, rig: Rig, mode: str
    ) -> None:
        do(rig, set_mode, exchange="kraken", mode=mode, market=BTC)
        rig.clock.sleep(61)
        trader.refresh_markets()
        assert not trader.markets()[BTC].takes_market_orders
        assert trader.markets()[ETH].takes_market_orders

    @pytest.mark.parametrize("mode", ["maintenance", "cancel_only", "post_only"])
    def test_the_mode_of_all_of_kraken_is_that_of_every_market(self, trader: KrakenBroker, rig: Rig, mode: str) -> None:
        do(rig, set_mode, exchange="kraken", mode=mode)
        rig.clock.sleep(61)
        trader.refresh_markets()
        assert not any(market.tradable for market in trader.markets().values())

    def test_a_stop_in_a_market_that_went_away_is_read_by_its_name(self, trader: KrakenBroker, rig: Rig) -> None:
        resting = trader.place(stop(trader, "20000"))
        do(rig, set_mode, exchange="kraken", mode="away", market=BTC)
        rig.clock.sleep(61)
        trader.refresh_markets()
        assert BTC not in trader.markets()
        assert [(order.exchange_id, order.market) for order in trader.open_orders()] == [(resting, BTC)]

    def test_a_stop_is_put_on_the_tick_of_now(self, trader: KrakenBroker, rig: Rig) -> None:
        do(rig, change_market, exchange="kraken", market=BTC, price_step="10")
        rig.clock.sleep(61)
        trader.refresh_markets()
        resting = trader.place(stop(trader, "20007.3"))
        assert trader.order(resting).stop_price == Decimal(20_000)
        trader.amend_stop(resting, BTC, Decimal("0.001"), Decimal("21019.9"))
        assert trader.order(resting).stop_price == Decimal(21_010)


class TestTheClock:
    @pytest.mark.parametrize(("leap", "within"), [(40.0, 30.0), (-40.0, 59.0)], ids=["elapsed", "too far ahead"])
    def test_a_refusal_for_time_is_the_last_one(
        self, trader: KrakenBroker, rig: Rig, leap: float, within: float
    ) -> None:
        do(rig, set_clock, exchange="kraken", offset=leap)
        with pytest.raises((OutcomeUnknown, DeadlineTooNear)):
            trader.place(buy(trader, within=within))
        trader.sync_clock()
        assert trader.order(trader.place(buy(trader, within=within))).status is OrderStatus.FILLED
        rig.simulator.call(rig.simulator.world.records.violations.clear)

    @pytest.mark.parametrize("drift_ppm", [463, -463])
    def test_forty_seconds_of_drift_a_day_cost_no_order(self, trader: KrakenBroker, rig: Rig, drift_ppm: int) -> None:
        do(rig, set_clock, exchange="kraken", drift_ppm=drift_ppm)
        for _ in range(14):
            rig.clock.sleep(86_400)
            trader.sync_clock()
            for _ in range(3):
                rig.clock.sleep(100)
                trader.sync_clock()
                assert trader.order(trader.place(buy(trader, within=59.0))).status is OrderStatus.FILLED


class TestTheKey:
    @pytest.mark.parametrize(("field", "setting"), [("query_from", "Query start"), ("query_to", "Query end")])
    def test_one_whose_history_is_bounded_is_refused(
        self, trader: KrakenBroker, rig: Rig, field: str, setting: str
    ) -> None:
        do(rig, change_key, **MASTER, **{field: rig.clock.time()})
        with pytest.raises(ConnectRefused, match=setting):
            connect_account(AccountId.parse("kraken:master"), trader, rig.clock)

    def test_use_by_another_program_with_higher_nonces_is_reported(self, trader: KrakenBroker, rig: Rig) -> None:
        ahead = int((rig.clock.time() + 8) * 1_000_000)
        do(rig, change_key, **MASTER, last_nonce=ahead)
        assert "USD" in trader.balances()
        assert "another program" in str(trader.another_program())
        rig.simulator.call(rig.simulator.world.records.violations.clear)
