"""The exchange in memory: its owner's trades by hand, and what its markets refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import MarketRefused, OrderRejected, Unavailable
from brokers.exchanges import exchanges
from brokers.model import Exchange, OrderRequest, OrderStatus, OrderType, Side
from brokers.simulator.engine.markets import Mode
from tests.fakes import ManualClock
from tests.nija.orders.exchange_model import BTC, ExchangeModel
from tests.nija.orders.order_checker import owners_coins_sold

MARKET = "BTC/USD"


def request(model: ExchangeModel, kind: OrderType, side: Side, amount: str, stop: str | None = None) -> OrderRequest:
    return OrderRequest(
        client_id=new_client_id(Purpose.STOP if stop else Purpose.ENTRY),
        market=MARKET,
        side=side,
        type=kind,
        amount=Decimal(amount),
        deadline=model.exchange_time() + timedelta(seconds=30),
        stop_price=None if stop is None else Decimal(stop),
    )


def with_a_stop(exchange: Exchange = Exchange.KRAKEN) -> tuple[ExchangeModel, str]:
    model = ExchangeModel(ManualClock(), exchange)
    model.place(request(model, OrderType.MARKET, Side.BUY, "2"))
    return model, model.place(request(model, OrderType.STOP, Side.SELL, "2", "90"))


def test_the_owner_sells_what_nothing_binds() -> None:
    model, _ = with_a_stop()
    with pytest.raises(OrderRejected):
        model.owner_sells(MARKET, Decimal(1))
    model.owner_cancels_all()
    model.owner_sells(MARKET, Decimal(1))
    assert model.book.total["BTC"] == 1


def test_the_owner_withdraws_and_deposits() -> None:
    model, _ = with_a_stop()
    with pytest.raises(OrderRejected):
        model.owner_withdraws("BTC", Decimal(1))
    model.owner_deposits("BTC", Decimal(1))
    model.owner_withdraws("BTC", Decimal(1))
    assert model.book.total["BTC"] == 2


def test_the_owner_moves_a_stop_of_nija() -> None:
    model, stop = with_a_stop()
    model.owner_moves_stop(stop, Decimal(95))
    assert model.order(stop).stop_price == 95
    with pytest.raises(OrderRejected):
        model.owner_moves_stop(stop, Decimal("95.05"))


@pytest.mark.parametrize("mode", [Mode.CANCEL_ONLY, Mode.POST_ONLY, Mode.REDUCE_ONLY, Mode.HALTED, Mode.AWAY])
def test_a_closed_market_takes_no_buy_and_says_so_when_it_is_read_again(mode: Mode) -> None:
    model = ExchangeModel(ManualClock())
    model.modes[MARKET] = mode
    assert model.markets()[MARKET].tradable
    with pytest.raises((Unavailable, OrderRejected)):
        model.place(request(model, OrderType.MARKET, Side.BUY, "1"))
    model.refresh_markets(0.0)
    assert MARKET not in model.markets() or not model.markets()[MARKET].tradable


@pytest.mark.parametrize("exchange", exchanges())
def test_a_stop_rests_through_a_closed_market_and_sells_when_it_opens(exchange: Exchange) -> None:
    model, stop = with_a_stop(exchange)
    model.modes[MARKET] = Mode.CANCEL_ONLY
    model.set_price(MARKET, Decimal(89))
    assert model.order(stop).status is OrderStatus.OPEN
    model.modes[MARKET] = Mode.ONLINE
    assert model.order(stop).status is OrderStatus.FILLED


def test_a_stop_can_be_cancelled_in_a_closed_market() -> None:
    model, stop = with_a_stop()
    model.modes[MARKET] = Mode.CANCEL_ONLY
    model.cancel(stop)
    assert model.order(stop).status is OrderStatus.CANCELLED


def test_a_restricted_market_is_refused_alone() -> None:
    model = ExchangeModel(ManualClock())
    model.restricted.add("ETH/USD")
    model.place(request(model, OrderType.MARKET, Side.BUY, "1"))
    with pytest.raises(MarketRefused, match="ETH trading restricted"):
        model.place(replace(request(model, OrderType.MARKET, Side.BUY, "1"), market="ETH/USD"))


def test_a_coarser_tick_counts_at_once_and_is_told_when_it_is_read_again() -> None:
    model = ExchangeModel(ManualClock())
    model.listed[MARKET] = replace(BTC, price_step=Decimal(1))
    model.place(request(model, OrderType.MARKET, Side.BUY, "1"))
    with pytest.raises(OrderRejected):
        model.place(request(model, OrderType.STOP, Side.SELL, "1", "90.5"))
    model.refresh_markets(0.0)
    assert model.markets()[MARKET].price_step == 1


def test_a_preview_passes_where_the_coins_are_only_bound() -> None:
    model, _ = with_a_stop(Exchange.COINBASE)
    model.preview(request(model, OrderType.STOP, Side.SELL, "2", "95"))
    with pytest.raises(OrderRejected):
        model.preview(request(model, OrderType.STOP, Side.SELL, "3", "95"))
    model.modes[MARKET] = Mode.CANCEL_ONLY
    with pytest.raises(OrderRejected):
        model.preview(request(model, OrderType.STOP, Side.SELL, "2", "95"))


def test_a_foreign_order_of_any_kind_rests_and_binds() -> None:
    model, stop = with_a_stop()
    trailing = replace(model.order(stop), exchange_id="OWNER", client_id=None, type=OrderType.OTHER, market="XYZ/EUR")
    model.foreign(trailing)
    assert model.held("XYZ") == 2
    assert [order.exchange_id for order in model.open_orders()] == [stop, "OWNER"]
    model.owner_cancels("OWNER")
    assert model.held("XYZ") == 0


def test_it_tells_whose_coins_are_whose() -> None:
    model, stop = with_a_stop()
    model.owner_order(MARKET, Side.BUY, Decimal(1))
    model.owner_cancels(stop)
    model.owner_sells(MARKET, Decimal(2))
    share = model.ownership().shares["BTC"]
    assert (share.owner, share.nija, share.taken) == (Decimal(1), Decimal(0), Decimal(2))
    model.place(request(model, OrderType.STOP, Side.SELL, "1", "90"))
    model.set_price(MARKET, Decimal(89))
    assert owners_coins_sold(model) == ["1.00000000 BTC of the owner's were sold by order O00011"]
