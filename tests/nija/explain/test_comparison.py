"""A backtest beside what happened: trades are matched by candle, and every difference is explained."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nija.backtest.records import BacktestTrade, FillReason, NotOpened
from nija.explain.account_past import AccountPast, Pause, RefusedEntry
from nija.explain.comparison import ComparedTrade, compare
from tests.nija.explain.backtests import CANDLES, DAY, live, replayed, result

if TYPE_CHECKING:
    from nija.explain.live_trades import LiveTrade

RUNNING = AccountPast(equity=tuple((float(day * DAY), Decimal(1000)) for day in range(CANDLES)))
MINUTE = 60 / DAY


def compared(
    trades: tuple[BacktestTrade, ...], lived: tuple[LiveTrade, ...], past: AccountPast = RUNNING
) -> tuple[ComparedTrade, ...]:
    return compare(result(*trades), lived, past)


def only(trade: BacktestTrade, lived: LiveTrade) -> ComparedTrade:
    (one,) = compared((trade,), (lived,))
    assert one.live is lived
    assert one.tested is trade
    return one


class TestATradeOfBoth:
    def test_without_any_difference_has_none(self) -> None:
        one = only(replayed(30, 40), live(30, 40))
        assert one.difference is not None
        assert (one.difference.total, one.note) == (Decimal(0), "")

    def test_bought_dearer_in_time_differs_by_price_alone(self) -> None:
        one = only(replayed(30, 40), live(30 + MINUTE, 40 + MINUTE, bought_at="101"))
        assert one.difference is not None
        assert one.difference.price < 0
        assert one.difference.time == 0

    def test_bought_hours_later_differs_by_time_and_says_so(self) -> None:
        one = only(replayed(30, 40), live(30.25, 40, bought_at="103", signal=30))
        assert one.difference is not None
        assert (one.difference.price, one.difference.time < 0) == (Decimal(0), True)
        assert one.note == "bought 6 h later"

    def test_with_another_fee_differs_by_fee_alone(self) -> None:
        dearer = replace(live(30, 40), entry_fees=Decimal("1.2"), exit_fees=Decimal("1.32"))
        one = only(replayed(30, 40), dearer)
        assert one.difference is not None
        assert (one.difference.price, one.difference.time) == (Decimal(0), Decimal(0))
        assert one.difference.fee == (Decimal("0.84") - Decimal("2.52")) / 100

    def test_of_a_stop_may_end_at_any_time_of_its_candle(self) -> None:
        one = only(replayed(30, 40, sold_at="90", ending=FillReason.STOP), live(30, 40.9, sold_at="89"))
        assert one.difference is not None
        assert (one.difference.time, one.note) == (Decimal(0), "")

    def test_sold_by_command_names_it_and_the_time(self) -> None:
        one = only(replayed(30, 40), live(30, 35, sold_at="105", ending="closed by the web page"))
        assert one.note == "sold 5 d earlier (closed by the web page)"

    def test_sold_while_the_backtest_holds_differs_by_time(self) -> None:
        end = replayed(30, CANDLES - 1, sold_at="120", ending=FillReason.END)
        one = only(end, live(30, 35, sold_at="105", ending="flatten"))
        assert one.difference is not None
        assert one.difference.time == Decimal("-0.15")
        assert one.note == "sold 1970-02-05 00:00 (flatten); the backtest still holds it"

    def test_still_held_by_both_is_compared_at_the_same_price_without_a_fee_of_selling(self) -> None:
        one = only(replayed(30, CANDLES - 1, sold_at="120", ending=FillReason.END), live(30, None))
        assert one.difference is not None
        assert one.difference.total == 0
        assert one.live_return == one.tested_return == Decimal("0.196")

    def test_held_by_nija_alone_has_no_result_yet(self) -> None:
        one = only(replayed(30, 40), live(30, None))
        assert (one.live_return, one.difference) == (None, None)
        assert one.note == "the backtest sold 1970-02-10 00:00; NIJA still holds it"

    def test_whose_coins_the_owner_took_has_no_result(self) -> None:
        taken = replace(live(30, 35), sold=Decimal(0), proceeds=Decimal(0), ending="taken by the owner")
        one = only(replayed(30, 40), taken)
        assert (one.live_return, one.difference) == (None, None)
        assert "without a sale of NIJA's: taken by the owner" in one.note

    def test_is_matched_by_its_signal_however_late_it_was_bought(self) -> None:
        assert only(replayed(30, 40), live(30.99, 40, signal=30)).signal == 30 * DAY

    @given(
        prices=st.tuples(*[st.decimals("1", "1000", places=2)] * 4),
        days=st.tuples(st.floats(30, 30.9), st.floats(31, 45)),
    )
    def test_has_parts_that_add_up_to_the_difference_of_the_returns(
        self, prices: tuple[Decimal, ...], days: tuple[float, float]
    ) -> None:
        theirs = replayed(30, 40, bought_at=str(prices[0]), sold_at=str(prices[1]))
        mine = live(days[0], days[1], bought_at=str(prices[2]), sold_at=str(prices[3]), signal=30)
        one = only(theirs, mine)
        assert one.difference is not None
        assert one.live_return is not None
        assert one.tested_return is not None
        assert float(one.difference.total) == pytest.approx(float(one.live_return - one.tested_return), abs=1e-12)


class TestATradeOfTheBacktestAlone:
    @pytest.mark.parametrize(
        ("past", "why"),
        [
            (replace(RUNNING, equity=((50.0 * DAY, Decimal(9)),)), "NIJA did not trade this account yet"),
            (replace(RUNNING, equity=RUNNING.equity[:20]), "NIJA was not running"),
            (
                replace(RUNNING, pauses=(Pause(29.0 * DAY, None, "max_drawdown"),)),
                "paused since 1970-01-30 00:00: max_drawdown",
            ),
            (
                replace(RUNNING, refused=(RefusedEntry(30.1 * DAY, "BTC/USD", "insufficient funds"),)),
                "the exchange refused the order: insufficient funds",
            ),
            (
                replace(RUNNING, equity=tuple((time, Decimal(20)) for time, _ in RUNNING.equity)),
                "the account had $20.00, less than min_balance = $25.00",
            ),
            (
                replace(RUNNING, equity=tuple((time, Decimal(30)) for time, _ in RUNNING.equity)),
                "not enough money: the account had $30.00, and the smallest order is $10.00",
            ),
            (RUNNING, "the journal does not say why; the log of that time does"),
        ],
    )
    def test_names_the_reason(self, past: AccountPast, why: str) -> None:
        (one,) = compared((replayed(30, 40),), (), past)
        assert (one.live, one.note) == (None, why)

    def test_names_the_position_that_was_held_already(self) -> None:
        (held, one) = compared((replayed(30, 40),), (live(25, 33),))
        assert held.tested is None
        assert one.note == "NIJA already held a position, bought 1970-01-26 00:00"

    def test_is_not_put_down_to_a_pause_that_ended_before_the_candle_did(self) -> None:
        short = replace(RUNNING, pauses=(Pause(29.0 * DAY, 30.5 * DAY, "stop"),))
        (one,) = compared((replayed(30, 40),), (), short)
        assert "paused" not in one.note

    def test_may_have_passed_unseen_where_market_time_runs_faster(self) -> None:
        (one,) = compared((replayed(30, 40),), (), replace(RUNNING, equity=RUNNING.equity[:20], is_replay=True))
        assert "market time runs faster" in one.note


class TestATradeOfNijaAlone:
    def test_names_the_position_that_the_backtest_held(self) -> None:
        (_, one) = compared((replayed(20, 40),), (live(30, 35),))
        assert one.note == "the backtest already held a position, bought 1970-01-21 00:00"

    def test_names_the_rule_by_which_the_backtest_left_entries_out(self) -> None:
        left_out = NotOpened("BTC/USD", "fee_gate", 2, "the stop is too near")
        (one,) = compare(result(not_opened=[left_out]), (live(30, 40),), RUNNING)
        assert one.note == "the backtest has no entry there; it left out 2 by fee_gate: the stop is too near"

    def test_is_otherwise_put_down_to_other_settings_or_candles(self) -> None:
        (one,) = compared((), (live(30, 40),))
        assert one.note.endswith("the settings were others, or a candle was corrected")

    def test_from_before_the_backtest_is_left_out(self) -> None:
        later = replace(result(), start=40 * DAY)
        assert compare(later, (live(30, 45),), RUNNING) == ()


def test_trades_of_several_candles_are_matched_each_with_its_own() -> None:
    found = compared((replayed(20, 25), replayed(30, 40)), (live(30, 40), live(20, 25)))
    assert [(one.tested.opened, one.live.opened) for one in found if one.tested and one.live] == [
        (20 * DAY, 20 * DAY),
        (30 * DAY, 30 * DAY),
    ]
