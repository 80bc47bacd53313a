"""The markets shared by all accounts, and their modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.brokers.kraken.canned import ASSETS, PAIRS, order_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokers.kraken.broker import KrakenBroker
    from tests.brokers.kraken.canned import CannedKraken
    from tests.fakes import ManualClock


class TestModes:
    def modes(self, broker: KrakenBroker) -> tuple[bool, bool]:
        market = broker.markets()["BTC/USD"]
        return market.tradable, market.takes_market_orders

    @pytest.mark.parametrize(
        ("mode", "expected"),
        [("online", (True, True)), ("limit_only", (True, False)), ("cancel_only", (False, False))],
    )
    def test_a_mode_of_all_of_kraken_is_seen_at_the_next_refresh(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock, mode: str, expected: tuple[bool, bool]
    ) -> None:
        assert self.modes(broker) == (True, True)
        canned.answers["SystemStatus"].clear()
        canned.say("SystemStatus", {"status": mode})
        clock.advance(61)
        broker.refresh_markets()
        assert self.modes(broker) == expected

    def test_while_the_mode_cannot_be_read_no_market_counts_as_open(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        broker.markets()
        read = clock.monotonic()
        canned.answers["SystemStatus"].clear()
        canned.say("SystemStatus", {})
        clock.advance(61)
        broker.refresh_markets()
        assert self.modes(broker) == (False, False)
        assert broker.markets_age() >= clock.monotonic() - read

    def test_the_age_of_the_markets_is_that_of_the_older_of_both_answers(
        self, broker: KrakenBroker, clock: ManualClock
    ) -> None:
        assert broker.markets_age() == float("inf")
        broker.markets()
        clock.advance(30)
        assert 30 <= broker.markets_age() <= 33

    def test_many_accounts_read_the_modes_with_two_calls(
        self, make_broker: Callable[..., KrakenBroker], canned: CannedKraken, clock: ManualClock
    ) -> None:
        brokers = [make_broker() for _ in range(20)]
        brokers[0].markets()
        clock.advance(61)
        for broker in brokers:
            broker.refresh_markets()
        assert len(canned.calls("AssetPairs")) == len(canned.calls("SystemStatus")) == 2

    def test_a_market_that_left_the_list_is_gone_but_its_orders_keep_its_name(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        broker.markets()
        canned.answers["AssetPairs"].clear()
        canned.say("AssetPairs", {"XTZUSD": PAIRS["XTZUSD"]})
        clock.advance(61)
        broker.refresh_markets()
        assert set(broker.markets()) == {"XTZ/USD"}
        canned.say("OpenOrders", {"open": {"OQCLML-BW3P3-BUCMWZ": order_row()}})
        assert [order.market for order in broker.open_orders()] == ["BTC/USD"]

    def test_missing_names_are_requested_once_and_remembered(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("BalanceEx", {"KFEE": {"balance": "12", "hold_trade": "0"}, "XXBT": {"balance": "1"}})
        canned.answers["Assets"].clear()
        canned.say("Assets", ASSETS | {"KFEE": {"altname": "FEE"}})
        assert set(broker.balances()) == {"FEE", "BTC"}
        assert broker.unread_rows() == {}
        canned.answers["AssetPairs"].clear()
        canned.say("AssetPairs", {"XTZUSD": PAIRS["XTZUSD"]})
        clock.advance(3_601)
        broker.refresh_markets()
        assert set(broker.balances()) == {"FEE", "BTC"}

    def test_an_unnamed_currency_is_reported_as_unread_and_not_requested_again_and_again(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        canned.say("BalanceEx", {"XNEW": {"balance": "12", "hold_trade": "0"}, "XXBT": {"balance": "1"}})
        for _ in range(5):
            assert set(broker.balances()) == {"BTC"}
        assert list(broker.unread_rows()) == ["balance:XNEW"]
        assert len(canned.calls("Assets")) <= 2

    def test_staked_money_is_not_an_unread_row(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.say("BalanceEx", {"DOT.S": {"balance": "12"}, "ETH2.S": {"balance": "1"}, "XXBT": {"balance": "1"}})
        assert set(broker.balances()) == {"BTC"}
        assert broker.unread_rows() == {}
