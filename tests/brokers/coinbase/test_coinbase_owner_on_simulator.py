"""An account whose owner trades by hand: everything is read, and does NIJA no harm."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.client_order_id import Purpose, new_client_id, purpose_of
from brokers.coinbase.broker import CoinbaseBroker
from brokers.errors import MarketRefused
from brokers.model import Exchange, Order, OrderRequest, OrderType, Side
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.hands import Hands
from brokers.simulator.engine.orders import Amendment
from brokers.simulator.engine.refusals import Barrier, Restriction
from brokers.simulator.foreign_orders import foreign_words
from tests.simulator_fixtures import UNLIMITED, Rig, manual_rig, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from brokers.simulator.mounted import MountedFace

ACCOUNT = "coinbase:master"
BALANCES = {"USD": Decimal(20_000), "BTC": Decimal(2)}


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    with manual_rig(SimulatorConfig(usd_accounts(balances=BALANCES), limits=UNLIMITED)) as rig:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", rig.simulator.ca_file)
        yield rig


@pytest.fixture
def face(rig: Rig) -> MountedFace:
    return rig.simulator.world.faces[Exchange.COINBASE]


@pytest.fixture
def hands(rig: Rig, face: MountedFace) -> Hands:
    return Hands(face.engine, rig.account(ACCOUNT))


@pytest.fixture
def broker(rig: Rig) -> Iterator[CoinbaseBroker]:
    key = rig.simulated(ACCOUNT).api_key
    broker = CoinbaseBroker(key, base_url=rig.simulator.coinbase_url, clock=rig.clock, timeout=5.0)
    broker.connect()
    yield broker
    broker.close()


def stop(broker: CoinbaseBroker, market: str = "BTC/USD", price: str = "45000") -> OrderRequest:
    return OrderRequest(
        client_id=new_client_id(Purpose.STOP),
        market=market,
        side=Side.SELL,
        type=OrderType.STOP,
        amount=Decimal("0.5"),
        deadline=broker.exchange_time() + timedelta(seconds=60),
        stop_price=Decimal(price),
    )


def by_hand(face: MountedFace, hands: Hands, words: Mapping[str, Any]) -> str:
    return hands.place(face.by_hand(words)).id


def foreign(orders: tuple[Order, ...]) -> dict[str, OrderType]:
    return {order.exchange_id: order.type for order in orders if purpose_of(order.client_id) is None}


def test_orders_of_every_kind_are_read_beside_nijas_stop(
    face: MountedFace, hands: Hands, broker: CoinbaseBroker
) -> None:
    ours = broker.place(stop(broker))
    spec, price = face.engine.exchange.spec("BTC/USD"), face.engine.exchange.price("BTC/USD")
    theirs = [
        by_hand(face, hands, foreign_words(Exchange.COINBASE, spec, price, fifth / 5, Decimal(1))) for fifth in range(5)
    ]

    told = broker.open_orders()

    assert {order.exchange_id for order in told} == {ours, *theirs}
    assert list(foreign(told).values()).count(OrderType.OTHER) >= 3
    assert broker.unread_rows() == {}

    hands.cancel_all()
    ended = broker.closed_orders(broker.exchange_time() - timedelta(hours=1))
    assert {order.exchange_id for order in ended} == {ours, *theirs}


def test_an_order_of_the_simple_pages_is_listed_as_open(
    face: MountedFace, hands: Hands, broker: CoinbaseBroker
) -> None:
    configuration = {"limit_limit_gtc": {"base_size": "0.5", "limit_price": "60000"}}
    words = {"product_id": "BTC-USD", "side": "SELL", "order_configuration": configuration}
    simple = by_hand(face, hands, {**words, "order_placement_source": "RETAIL_SIMPLE"})

    assert set(foreign(broker.open_orders())) == {simple}


def test_a_stop_moved_by_its_owner_is_read_in_its_new_state(hands: Hands, broker: CoinbaseBroker) -> None:
    ours = broker.place(stop(broker))
    hands.amend(ours, Amendment(stop_price=Decimal(47_000), limit_price=Decimal(45_000)))

    assert broker.order(ours).stop_price == Decimal(47_000)


def test_a_fill_at_no_price_hides_no_other(hands: Hands, broker: CoinbaseBroker) -> None:
    hands.receive_fill("BTC/USD", Side.BUY, Decimal("0.01"))
    hands.trade("BTC/USD", Side.SELL, Decimal("0.1"))

    told = broker.fills(broker.exchange_time() - timedelta(hours=1))

    assert sorted((fill.side, fill.price > 0) for fill in told) == [(Side.BUY, False), (Side.SELL, True)]


@pytest.mark.parametrize("barrier", [Barrier.COUNTRY, Barrier.PERMISSION, Barrier.INELIGIBLE])
def test_a_market_that_is_closed_to_this_account_refuses_itself_alone(
    rig: Rig, broker: CoinbaseBroker, barrier: Barrier
) -> None:
    rig.account(ACCOUNT).restrictions["ETH/USD"] = Restriction(barrier)

    with pytest.raises(MarketRefused):
        broker.place(stop(broker, "ETH/USD", "1000"))
    assert broker.place(stop(broker))
