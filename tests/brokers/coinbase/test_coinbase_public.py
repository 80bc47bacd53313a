"""What the accounts of a process share of Coinbase's keyless requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokers.coinbase.broker import CoinbaseBroker
from brokers.coinbase.market_data import CoinbaseMarketData
from brokers.coinbase.public import CoinbasePublic
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


def test_what_was_prepared_is_not_asked_for_again_at_connect(
    public: CoinbasePublic, scripted: ScriptedExchange, api_key: ApiKey, clock: ManualClock
) -> None:
    public.prepare()
    clock.advance(5.0)
    broker = CoinbaseBroker(api_key, base_url=scripted.url, clock=clock, timeout=5.0, public=public)
    broker.connect()
    broker.close()

    assert len(scripted.asked_for("/time")) == 1
    assert len(scripted.asked_for("/market/products")) == 1


def test_the_prices_take_their_room_from_the_limit_that_all_share(
    public: CoinbasePublic, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    scripted.on("/market/products/BTC-USD/ticker", Reply({"trades": [], "best_bid": "1", "best_ask": "2"}))
    data = CoinbaseMarketData(base_url=scripted.url, clock=clock, timeout=5.0, room=public.room)
    before = public.room.left(clock.monotonic())

    data.tickers(["BTC/USD"])
    data.close()

    assert public.room.left(clock.monotonic()) < before
