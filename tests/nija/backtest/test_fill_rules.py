"""The fill rules of docs/backtest.md on a few hand-made candles: the basis of the regression facts."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from brokers.model import Fees
from nija.backtest.assumptions import Assumptions
from nija.backtest.full_size import FullSize
from nija.backtest.records import BacktestResult, FillReason, StopMove
from tests.nija.backtest.runs import Scripted, run_alone
from tests.nija.strategy.generated import candles_of

DAY = 86_400
FEES = Fees(Decimal(0), Decimal("0.01"))
ASSUMPTIONS = Assumptions(slippage=Decimal("0.1"), sizing=FullSize())
QUIET = (100.0, 100.0, 100.0, 100.0)
DIP = (100.0, 100.0, 89.0, 100.0)


def run(
    rows: list[tuple[float, float, float, float]],
    strategy: Scripted,
    start: int | None = None,
    end: int | None = None,
    assumptions: Assumptions = ASSUMPTIONS,
) -> BacktestResult:
    return run_alone(strategy, candles_of(rows), FEES, assumptions, (start, end))


def net(sold_at: str, bought_at: str = "110") -> Decimal:
    """(received - notional·(1+f)) ÷ notional."""
    return Decimal(sold_at) / Decimal(bought_at) * Decimal("0.99") - Decimal("1.01")


def nets(result: BacktestResult) -> list[Decimal]:
    return [round(trade.net_return, 20) for trade in result.trades]


def expected(*sold_at: str) -> list[Decimal]:
    return [round(net(price), 20) for price in sold_at]


def test_a_signal_fills_at_the_next_open_with_slippage_and_leaves_the_same_way() -> None:
    result = run([QUIET] * 4, Scripted(frozenset({0}), exits=frozenset({2})))
    assert nets(result) == expected("90")
    assert result.total_return == pytest.approx(net("90") / Decimal("1.01"))
    bought, sold = result.trades[0].fills
    assert (bought.time, bought.price, bought.reason) == (DAY, Decimal(110), FillReason.ENTRY)
    assert (sold.time, sold.price, sold.reason) == (3 * DAY, Decimal(90), FillReason.EXIT)


def test_an_exit_signal_at_the_close_of_the_entry_candle_sells_at_the_next_open() -> None:
    result = run([QUIET] * 4, Scripted(frozenset({0}), exits=frozenset({1})))
    assert result.trades[0].closed == 2 * DAY


def test_no_entry_fills_in_a_candle_in_which_an_exit_sold() -> None:
    result = run([QUIET] * 5, Scripted(frozenset({0, 1, 2}), exits=frozenset({1})))
    assert [trade.opened for trade in result.trades] == [DAY, 3 * DAY]


def test_a_signal_at_the_close_of_the_candle_whose_stop_was_hit_enters_again() -> None:
    result = run([QUIET, QUIET, DIP, QUIET, QUIET], Scripted(frozenset({0, 1, 2}), stop=90))
    assert [trade.opened for trade in result.trades] == [DAY, 3 * DAY]


def test_what_is_open_at_the_end_is_valued_as_if_sold_at_the_last_close() -> None:
    result = run([QUIET, QUIET, (100, 200, 100, 200)], Scripted(frozenset({0})))
    assert nets(result) == expected("180")
    assert result.trades[0].is_unfinished


def test_a_stop_rests_from_the_entry_candle_on_and_sells_at_its_price() -> None:
    result = run([QUIET, (100, 100, 79, 100), QUIET], Scripted(frozenset({0}), stop=80))
    assert nets(result) == expected("72")
    assert result.trades[0].fills[-1].reason is FillReason.STOP


def test_a_low_that_just_reaches_the_stop_sells_and_one_tick_above_does_not() -> None:
    assert nets(run([QUIET, (100, 100, 80, 100), QUIET], Scripted(frozenset({0}), stop=80))) == expected("72")
    assert nets(run([QUIET, (100, 100, 80.01, 100), QUIET], Scripted(frozenset({0}), stop=80))) == expected("90")


def test_a_gap_below_the_stop_sells_at_the_open() -> None:
    result = run([QUIET, QUIET, (50, 60, 50, 60)], Scripted(frozenset({0}), stop=80))
    assert nets(result) == expected("45")


def test_a_trailing_candidate_counts_from_the_next_candle_on_and_never_lowers_the_stop() -> None:
    strategy = Scripted(frozenset({0}), stop=80, trails=(np.nan, 90, 85))
    assert nets(run([QUIET, QUIET, DIP, QUIET], strategy)) == expected("81")
    assert nets(run([QUIET, DIP, QUIET], strategy)) == expected("90")


def test_a_candle_that_reaches_the_stop_sells_at_it_wherever_its_own_close_would_move_it() -> None:
    strategy = Scripted(frozenset({0}), stop=80, trails=(np.nan, np.nan, 95))
    assert nets(run([QUIET, QUIET, (100, 100, 79, 100), QUIET], strategy)) == expected("72")


def test_a_stop_moved_before_a_long_calm_sells_when_the_calm_ends() -> None:
    for calm in (60, 63, 64, 65, 400):
        result = run([*[QUIET] * calm, DIP, QUIET], Scripted(frozenset({0}), stop=80, trails=(np.nan, 90)))
        assert (result.trades[0].closed, nets(result)) == (calm * DAY, expected("81"))


def test_the_path_of_a_stop_has_every_move_and_no_other() -> None:
    strategy = Scripted(frozenset({1}), exits=frozenset({6}), stop=80, trails=(0, 85, 82, 85, 90, 70, 95))
    (trade,) = run([QUIET] * 8, strategy).trades
    # The candidate of candle 1 came before the entry, that of candle 6 comes with the exit signal.
    moves = [StopMove(DAY, Decimal(80)), StopMove(2 * DAY, Decimal(82))]
    moves += [StopMove(3 * DAY, Decimal(85)), StopMove(4 * DAY, Decimal(90))]
    assert list(trade.stops) == moves


def test_nothing_is_bought_at_or_below_the_stop() -> None:
    result = run([QUIET] * 3, Scripted(frozenset({0}), stop=110))
    assert result.trades == ()
    assert [(one.market, one.rule, one.count) for one in result.not_opened] == [("BTC/USD", "price_below_stop", 1)]


def test_the_fee_gate_keeps_narrow_stops_out() -> None:
    # A round trip costs 2·0.01 + 2·0.0005 = 2.1 % by the daemon's own slippage, so a gate of 2 requires 4.2 %.
    assumptions = Assumptions(sizing=FullSize())
    near, far = (Scripted(frozenset({0}), stop=stop, fee_gate=2.0) for stop in (95.9, 95.7))
    assert len(run([QUIET] * 3, near, assumptions=assumptions).trades) == 0
    assert len(run([QUIET] * 3, far, assumptions=assumptions).trades) == 1


def test_candles_before_the_start_and_after_the_end_trade_nothing() -> None:
    strategy = Scripted(frozenset({0, 1, 2}), exits=frozenset({4}))
    result = run([QUIET] * 9, strategy, start=2 * DAY, end=6 * DAY)
    assert [(trade.opened, trade.closed) for trade in result.trades] == [(3 * DAY, 5 * DAY)]
    assert (result.start, result.end) == (2 * DAY, 6 * DAY)
    cut_off = run([QUIET] * 9, strategy, start=2 * DAY, end=4 * DAY)
    assert [(trade.closed, trade.is_unfinished) for trade in cut_off.trades] == [(4 * DAY, True)]


def test_the_last_candle_opens_nothing() -> None:
    assert run([QUIET] * 3, Scripted(frozenset({2}))).trades == ()


def test_the_curve_is_the_equity_at_every_close_before_the_last_position_is_sold() -> None:
    rows = [QUIET, (100, 120, 100, 110), (110, 130, 110, 121), QUIET, QUIET]
    curve = run(rows, Scripted(frozenset({0, 3}), exits=frozenset({2}))).curve
    amount = 1 / 1.01 / 110
    after = amount * 90 * 0.99
    assert curve.time.tolist() == [0, DAY, 2 * DAY, 3 * DAY, 4 * DAY]
    again = after / 1.01 / 110 * 100
    assert curve.equity.tolist() == pytest.approx([1, amount * 110, amount * 121, after, again])
    assert curve.invested.tolist() == pytest.approx([0, amount * 110, amount * 121, 0, again])
