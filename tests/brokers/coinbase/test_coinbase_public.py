"""The keyless requests that the accounts of a process share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokers.coinbase.broker import CoinbaseBroker
from brokers.coinbase.market_data import CoinbaseMarketData
from brokers.coinbase.public import CoinbasePublic
from brokers.model import Timeframe
from tests.brokers.coinbase.coinbase_samples import product
from tests.brokers.coinbase.scripted_exchange import Reply, ScriptedExchange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.model import ApiKey
    from tests.fakes import ManualClock

RIGHTS = {"can_view": True, "can_trade": True, "can_transfer": False, "portfolio_uuid": "ca72"}


@pytest.fixture
def public(scripted: ScriptedExchange, clock: ManualClock) -> Iterator[CoinbasePublic]:
    scripted.on("/key_permissions", Reply(RIGHTS))
    scripted.on("/market/products", Reply({"products": [product()]}))
    public = CoinbasePublic(base_url=scripted.url, clock=clock, timeout=5.0)
    yield public
    public.close()


def test_accounts_that_connect_together_ask_once_for_the_time_and_the_markets(
    public: CoinbasePublic, scripted: ScriptedExchange, api_key: ApiKey, clock: ManualClock
) -> None:
    for _ in range(3):
        broker = CoinbaseBroker(api_key, base_url=scripted.url, clock=clock, timeout=5.0, public=public)
        broker.connect()
        assert set(broker.markets()) == {"BTC/USD"}
        broker.close()
        clock.advance(0.5)

    assert len(scripted.asked_for("/time")) == 1
    assert len(scripted.asked_for("/market/products")) == 1
    assert len(scripted.asked_for("/key_permissions")) == 3


def test_prepared_data_is_not_requested_again_on_connect(
    public: CoinbasePublic, scripted: ScriptedExchange, api_key: ApiKey, clock: ManualClock
) -> None:
    public.prepare()
    clock.advance(5.0)
    broker = CoinbaseBroker(api_key, base_url=scripted.url, clock=clock, timeout=5.0, public=public)
    broker.connect()
    broker.close()

    assert len(scripted.asked_for("/time")) == 1
    assert len(scripted.asked_for("/market/products")) == 1


def test_prices_count_towards_the_shared_rate_limit(
    public: CoinbasePublic, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    scripted.on("/market/products/BTC-USD/ticker", Reply({"trades": [], "best_bid": "1", "best_ask": "2"}))
    data = CoinbaseMarketData(base_url=scripted.url, clock=clock, timeout=5.0, public=public)
    before = public.limit.left(clock.monotonic())

    data.tickers(["BTC/USD"])
    data.close()

    assert public.limit.left(clock.monotonic()) < before


def test_markets_are_read_without_a_key(public: CoinbasePublic, scripted: ScriptedExchange) -> None:
    assert set(public.markets(0.0)) == {"BTC/USD"}
    assert scripted.asked_for("/market/products")[0].token == ""


def test_prices_and_accounts_share_one_measurement_of_the_clock(
    public: CoinbasePublic, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    public.prepare()
    scripted.on("/market/products/BTC-USD/candles", Reply({"candles": []}))
    data = CoinbaseMarketData(base_url=scripted.url, clock=clock, timeout=5.0, public=public)

    data.candles("BTC/USD", Timeframe.D1)
    data.close()

    assert len(scripted.asked_for("/time")) == 1
