"""How a trader resizes the positions of a strategy with weights."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.model import OrderType, Side
from nija.risk.no_trade import Rule
from nija.trader.commands import Command, Instruction, carry_out
from tests.nija.orders.exchange_model import BTC, Fault
from tests.nija.trader.trader_rig import DAY, TraderRig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[TraderRig]:
    """100000 USD in two markets: a share of 50000 each, 500 BTC or 1000 ETH."""
    rig = weighted(tmp_path)
    yield rig
    rig.close()


def weighted(folder: Path, **overrides: dict[str, object]) -> TraderRig:
    rig = TraderRig(folder, overrides)
    rig.script.stop = {"BTC/USD": 80.0, "ETH/USD": 40.0}
    rig.script.weight = {"BTC/USD": 0.6, "ETH/USD": 0.0}
    return rig


def wanting(rig: TraderRig, weight: float, market: str = "BTC/USD") -> None:
    """From the next candle on, which closes now."""
    rig.script.weight[market] = weight
    rig.next_candle()
    rig.cycle(3)


def held(rig: TraderRig, market: str = "BTC/USD") -> Decimal:
    return rig.model.bought_by_nija(market)


def resting(rig: TraderRig, market: str = "BTC/USD") -> list[Decimal]:
    """The amounts of the stops that rest."""
    return [
        order.amount
        for order in rig.model.ours()
        if order.market == market and order.stop_price is not None and not order.status.is_final
    ]


def orders(rig: TraderRig, market: str = "BTC/USD") -> list[str]:
    return [one for one in rig.sent(market) if one.endswith("market")]


def test_a_weight_buys_that_part_of_the_share_and_rests_a_stop_of_it(rig: TraderRig) -> None:
    rig.cycle(3)
    assert held(rig) == 300
    assert resting(rig) == [300]


def test_a_higher_weight_buys_more_and_the_stop_covers_all_of_it(rig: TraderRig) -> None:
    rig.cycle(3)
    wanting(rig, 0.8)
    # The fees have made the account a little smaller.
    assert Decimal(399) < held(rig) < 400
    assert resting(rig) == [held(rig)]
    assert orders(rig) == ["buy market", "buy market"]


def test_a_lower_weight_sells_a_part_and_the_stop_covers_the_rest(rig: TraderRig) -> None:
    rig.cycle(3)
    wanting(rig, 0.2)
    assert Decimal(99) < held(rig) < 101
    assert resting(rig) == [held(rig)]
    assert orders(rig) == ["buy market", "sell market"]


def test_a_weight_within_the_band_changes_nothing_and_says_why(rig: TraderRig) -> None:
    rig.cycle(3)
    wanting(rig, 0.65)
    assert held(rig) == 300
    reason = rig.why_not_traded("BTC/USD")
    assert reason.rule is Rule.WITHIN_BAND
    assert "65.00 % of its share" in reason.text
    assert "less apart than the band of 10.00 %" in reason.text


def test_a_weight_of_nothing_sells_all_of_it(rig: TraderRig) -> None:
    rig.cycle(3)
    wanting(rig, 0.0)
    assert held(rig) == 0
    assert resting(rig) == []


def test_a_candle_resizes_once_however_the_price_moves_afterwards(rig: TraderRig) -> None:
    rig.cycle(3)
    wanting(rig, 0.8)
    for price in (130, 90, 100):
        rig.move("BTC/USD", price)
        rig.cycle(2)
    assert orders(rig) == ["buy market", "buy market"]


def test_a_restart_resizes_nothing_again_at_the_same_candle(rig: TraderRig) -> None:
    rig.cycle(3)
    wanting(rig, 0.3)
    left = held(rig)
    rig.script.weight["BTC/USD"] = 0.9
    rig.journal.close()
    rig.start()
    rig.cycle(3)
    assert held(rig) == left
    assert rig.why_not_traded("BTC/USD").rule is Rule.ACTED_ON


def test_what_is_sold_pays_for_what_is_bought_at_the_same_candle(rig: TraderRig) -> None:
    rig.trader.change(rig.planned({"own": {"risk_multiplier": Decimal(2)}}))
    rig.script.weight = {"BTC/USD": 0.3, "ETH/USD": 0.6}
    rig.cycle(4)
    rig.script.weight = {"BTC/USD": 0.7, "ETH/USD": 0.2}
    rig.next_candle()
    rig.cycle(4)
    last = [request for request in rig.model.book.requests if request.type is OrderType.MARKET][-2:]
    assert [(one.market, one.side) for one in last] == [("ETH/USD", Side.SELL), ("BTC/USD", Side.BUY)]
    # 300 were held, and without the sale the money was enough for a hundred more.
    assert Decimal(690) < held(rig) <= 700


def test_a_halt_keeps_it_from_buying_but_not_from_selling(rig: TraderRig) -> None:
    rig.cycle(3)
    carry_out(rig.journal, Instruction(Command.STOP_TRADING), rig.now())
    wanting(rig, 0.9)
    assert held(rig) == 300
    assert rig.why_not_traded("BTC/USD").rule is Rule.PAUSED
    wanting(rig, 0.3)
    assert Decimal(149) < held(rig) < 151


def test_an_old_candle_buys_nothing_but_still_sells(rig: TraderRig) -> None:
    rig.cycle(3)
    rig.trader.change(rig.planned({"trading": {"max_candle_age": 2.0}}))
    # The last candle that the exchange has closed four days ago.
    rig.data.closed = 16
    for weight, days in ((0.9, 5), (0.3, 1)):
        rig.script.weight["BTC/USD"] = weight
        rig.clock.advance(days * DAY)
        rig.cycle(3)
        if weight > 0.6:
            assert rig.why_not_traded("BTC/USD").rule is Rule.STALE_CANDLE
            assert held(rig) == 300
    assert held(rig) < 160


def test_while_the_accounts_value_is_unknown_only_selling_all_goes_on(rig: TraderRig) -> None:
    rig.script.weight = {"BTC/USD": 0.6, "ETH/USD": 0.6}
    rig.cycle(4)
    tickers = rig.data.tickers
    rig.data.tickers = lambda markets: {  # type: ignore[method-assign]  # the exchange's, not ours
        market: ticker for market, ticker in tickers(markets).items() if market != "ETH/USD"
    }
    rig.clock.advance(300)
    wanting(rig, 0.2)
    assert held(rig) == 300
    assert rig.why_not_traded("BTC/USD").rule is Rule.UNKNOWN
    wanting(rig, 0.0)
    assert held(rig) == 0


def test_an_account_that_is_switched_off_goes_on_selling_parts(rig: TraderRig) -> None:
    rig.cycle(3)
    rig.trader.change(rig.planned({"own": {"enabled": False}}))
    wanting(rig, 0.9)
    assert held(rig) == 300
    wanting(rig, 0.3)
    assert held(rig) < 160


def test_after_its_stop_was_hit_it_buys_again_at_the_next_close_only(rig: TraderRig) -> None:
    rig.cycle(3)
    rig.move("BTC/USD", 79)
    rig.cycle(3)
    rig.move("BTC/USD", 100)
    rig.cycle(3)
    assert held(rig) == 0
    wanting(rig, 0.6)
    assert held(rig) > 270


def test_a_restart_after_the_stop_was_hit_buys_nothing_back_at_the_same_candle(rig: TraderRig) -> None:
    rig.cycle(3)
    rig.script.weight["BTC/USD"] = 0.65
    rig.clock.advance(DAY)
    rig.cycle(3)
    rig.move("BTC/USD", 79)
    rig.cycle(3)
    rig.move("BTC/USD", 100)
    rig.journal.close()
    rig.start()
    rig.cycle(3)
    assert held(rig) == 0
    assert rig.why_not_traded("BTC/USD").rule is Rule.ACTED_ON
    wanting(rig, 0.6)
    assert held(rig) > 270


def test_a_restart_among_old_candles_that_are_replayed_does_not_keep_it_from_buying(rig: TraderRig) -> None:
    rig.cycle(3)
    wanting(rig, 0.0)
    assert held(rig) == 0
    # After the restart the last closed candle is eight days old.
    rig.data.closed = 12
    rig.journal.close()
    rig.start()
    wanting(rig, 0.6)
    assert held(rig) > 290


def test_nothing_is_bought_at_a_price_below_the_stop(rig: TraderRig) -> None:
    rig.script.stop["BTC/USD"] = 101.0
    rig.cycle(3)
    assert held(rig) == 0
    assert rig.why_not_traded("BTC/USD").rule is Rule.NO_STOP


def test_the_default_limits_for_sizes_by_risk_leave_all_markets_their_share(tmp_path: Path) -> None:
    rig = weighted(tmp_path)
    rig.script.weight = {"BTC/USD": 0.9, "ETH/USD": 0.9}
    rig.cycle(5)
    assert held(rig) * 100 + held(rig, "ETH/USD") * 50 > 89_000
    rig.close()


def test_limits_that_nija_toml_sets_bound_the_parts(tmp_path: Path) -> None:
    rig = weighted(tmp_path, risk={"max_position": Decimal("0.10"), "max_positions": 1})
    rig.script.weight = {"BTC/USD": 0.9, "ETH/USD": 0.9}
    rig.cycle(5)
    assert held(rig) == 100
    assert rig.why_not_traded("ETH/USD").rule is Rule.MAX_POSITIONS
    assert rig.why_not_traded("BTC/USD").rule is Rule.ACTED_ON
    rig.close()


def test_a_full_account_may_still_increase_what_it_holds(tmp_path: Path) -> None:
    rig = weighted(tmp_path, risk={"max_positions": 1})
    rig.cycle(3)
    wanting(rig, 0.8)
    assert held(rig) > 390
    rig.close()


def test_an_account_too_small_for_the_band_says_so_once(tmp_path: Path) -> None:
    rig = weighted(tmp_path)
    rig.model.listed["BTC/USD"] = replace(BTC, min_amount=Decimal(100))
    rig.model.refresh_markets()
    rig.cycle(3)
    rig.script.weight["BTC/USD"] = 0.75
    rig.next_candle()
    rig.cycle(5)
    assert held(rig) == 300
    assert "widens the band from 10.00 % to 20" in rig.why_not_traded("BTC/USD").text
    assert len([line for line in rig.log.lines if "widens the band" in line]) == 1
    rig.close()


def test_a_sale_of_the_rest_names_its_reason_before_the_candle(tmp_path: Path) -> None:
    rig = weighted(tmp_path)
    rig.model.listed["BTC/USD"] = replace(BTC, min_amount=Decimal(100))
    rig.model.refresh_markets()
    rig.cycle(3)
    wanting(rig, 0.1)
    (plan,) = rig.journal.plans.all()
    assert "wants 10.00 % (the rest would be too small to sell) on the candle closed" in (plan.exit_reason or "")
    rig.close()


def test_a_sale_whose_order_is_lost_is_made_later(rig: TraderRig) -> None:
    rig.cycle(3)
    rig.model.faults["place"].append(Fault.LOST_BEFORE)
    wanting(rig, 0.3)
    rig.cycle(200)
    assert held(rig) < 160
    assert resting(rig) == [held(rig)]
