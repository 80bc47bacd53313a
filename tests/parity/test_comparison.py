"""The comparison itself can fail: each difference is noticed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from brokers.model import Exchange, Side
from nija.backtest.records import BacktestFill, BacktestTrade, FillReason, StopMove
from tests.parity.comparison import CUT, Tolerance, differences
from tests.parity.tape import TapedFill, TapedTrade

STEP = Decimal("0.00000001")
BOUGHT = BacktestFill(100, Side.BUY, Decimal("0.5"), Decimal(2_000), Decimal(4), FillReason.ENTRY)
SOLD = BacktestFill(300, Side.SELL, Decimal("0.5"), Decimal(2_200), Decimal("4.4"), FillReason.STOP)
TESTED = BacktestTrade("kraken:master", "BTC/USD", (BOUGHT, SOLD), (StopMove(0, Decimal(1_900)),))


def taped(trade: BacktestTrade) -> TapedTrade:
    fills = [
        TapedFill(one.time, one.side, one.amount, one.price, one.fee, is_stop=one.reason is FillReason.STOP)
        for one in trade.fills
    ]
    return TapedTrade(trade.market, fills, [(move.time, move.price) for move in trade.stops])


def compared(one: BacktestTrade, *others: TapedTrade, exchange: Exchange = Exchange.COINBASE) -> list[str]:
    tolerance = Tolerance(CUT[exchange], Decimal(10_000), STEP)
    return differences(list(others), [one], {"BTC/USD": tolerance, "ETH/USD": tolerance})


def test_the_same_trades_are_equal() -> None:
    assert compared(TESTED, taped(TESTED)) == []


def test_a_position_that_is_still_held_equals_one_that_ends_with_the_candles() -> None:
    held = replace(TESTED, fills=(BOUGHT, replace(SOLD, reason=FillReason.END)))
    assert compared(held, taped(replace(TESTED, fills=(BOUGHT,)))) == []


@pytest.mark.parametrize(
    "changed",
    [
        replace(TESTED, market="ETH/USD"),
        replace(TESTED, fills=(replace(BOUGHT, time=101), SOLD)),
        replace(TESTED, fills=(replace(BOUGHT, price=Decimal("2000.00001")), SOLD)),
        replace(TESTED, fills=(replace(BOUGHT, amount=BOUGHT.amount + STEP), SOLD)),
        replace(TESTED, fills=(BOUGHT, replace(SOLD, side=Side.BUY))),
        replace(TESTED, fills=(BOUGHT, replace(SOLD, fee=Decimal("4.41")))),
        replace(TESTED, fills=(BOUGHT,)),
        replace(TESTED, fills=(replace(BOUGHT, reason=FillReason.STOP), SOLD)),
        replace(TESTED, stops=(StopMove(0, Decimal("1900.01")),)),
        replace(TESTED, stops=(*TESTED.stops, StopMove(100, Decimal(1_950)))),
    ],
    ids=["market", "time", "price", "amount", "side", "fee", "fills", "stop", "level", "moves"],
)
def test_every_difference_is_noticed(changed: BacktestTrade) -> None:
    assert len(compared(TESTED, taped(changed))) == 1


def test_a_trade_that_only_one_of_them_made_is_noticed() -> None:
    assert compared(TESTED) == ["0 trades of the daemon, 1 of the backtest"]


def test_the_first_trade_is_exact_at_kraken_too() -> None:
    more = replace(TESTED, fills=(replace(BOUGHT, amount=BOUGHT.amount + STEP), SOLD))
    assert compared(TESTED, taped(more), exchange=Exchange.KRAKEN) != []
