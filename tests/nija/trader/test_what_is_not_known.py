"""Unknown prices, entries and clocks: nothing new is opened, and no earlier loss is forgotten."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.manager import AccountState
from brokers.errors import Unavailable
from brokers.model import Side
from nija.journal.records import HaltName
from nija.risk.no_trade import Rule
from tests.nija.orders.exchange_model import Fault
from tests.nija.trader.trader_rig import ACCOUNT, DAY, TraderRig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from brokers.model import OrderRequest, Ticker

BOLD: Mapping[str, Mapping[str, object]] = {"risk": {"risk_per_trade": Decimal("0.5")}}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[TraderRig]:
    """A quarter of the account is in BTC, bought at 100; its stop is far away."""
    rig = TraderRig(tmp_path, BOLD)
    rig.script.stop = {"BTC/USD": 20.0, "ETH/USD": 10.0}
    rig.script.entry = {"BTC/USD"}
    rig.cycle(2)
    rig.script.entry = set()
    rig.next_candle()
    rig.cycle()
    yield rig
    rig.close()


@pytest.fixture
def without_prices(rig: TraderRig) -> Callable[[], None]:
    """Stop all prices; the returned function brings them back."""
    there = rig.data.tickers

    def gone(markets: Sequence[str]) -> Mapping[str, Ticker]:
        raise Unavailable("no prices")

    rig.data.tickers = gone  # type: ignore[method-assign]  # the exchange's, not ours

    def back() -> None:
        rig.data.tickers = there  # type: ignore[method-assign]  # the same

    return back


def without(rig: TraderRig, missing: str) -> None:
    """Stop the prices of one market."""
    tickers = rig.data.tickers
    rig.data.tickers = lambda markets: {  # type: ignore[method-assign]  # the exchange's, not ours
        market: ticker for market, ticker in tickers(markets).items() if market != missing
    }


def restart(rig: TraderRig) -> None:
    rig.journal.close()
    rig.start()


def loss(rig: TraderRig) -> Decimal:
    equity = rig.trader.view.equity
    assert equity is not None
    return equity.daily_loss


def told(rig: TraderRig, words: str) -> int:
    return sum(words in line for line in rig.log.lines)


class TestWithoutFreshPrices:
    def test_the_loss_is_unknown_and_nothing_is_entered(self, rig: TraderRig, without_prices: object) -> None:
        rig.clock.advance(91)
        rig.move("BTC/USD", 30)
        rig.script.entry = {"ETH/USD"}
        rig.next_candle()
        rig.cycle(5)
        view = rig.trader.view
        assert (view.equity, rig.manager.snapshot(ACCOUNT).equity) == (None, None)
        assert rig.why_not_traded("ETH/USD").rule is Rule.UNKNOWN
        assert rig.sent("ETH/USD") == []

    def test_it_is_said_once_which_price_is_missing_and_how_old_it_is(
        self, rig: TraderRig, without_prices: object
    ) -> None:
        rig.clock.advance(120)
        rig.cycle(20)
        assert told(rig, "No new entries") == 1
        assert told(rig, "the last price of BTC/USD is 2 min 1 s old (prices older than 1 min 30 s are not used)") == 1

    def test_the_exchange_is_not_taken_for_silent_about_the_account(
        self, rig: TraderRig, without_prices: object
    ) -> None:
        rig.clock.advance(300)
        rig.cycle()
        answered = rig.trader.view.answered
        assert answered is not None
        assert rig.clock.monotonic() - answered < 60

    def test_after_a_restart_there_is_no_price_and_the_entrys_is_none(
        self, rig: TraderRig, without_prices: object
    ) -> None:
        restart(rig)
        rig.cycle(5)
        assert rig.trader.view.equity is None
        assert told(rig, "no price of BTC/USD yet") == 1

    def test_the_first_price_shows_the_whole_loss(self, rig: TraderRig, without_prices: Callable[[], None]) -> None:
        restart(rig)
        rig.move("BTC/USD", 30)
        rig.cycle(5)
        assert not rig.trader.view.halts
        without_prices()
        rig.clock.advance(30)
        rig.cycle()
        assert set(rig.trader.view.halts) == {HaltName.DAILY_LOSS}
        assert Decimal("0.17") < loss(rig) < Decimal("0.18")

    def test_exits_go_on(self, rig: TraderRig, without_prices: object) -> None:
        rig.clock.advance(300)
        rig.script.exit = {"BTC/USD"}
        rig.next_candle()
        rig.cycle(2)
        assert rig.model.bought_by_nija("BTC/USD") == 0

    def test_a_new_day_begins_no_later_than_where_the_last_one_was_seen(
        self, rig: TraderRig, without_prices: Callable[[], None]
    ) -> None:
        without_prices()
        rig.move("BTC/USD", 200)
        rig.cycle(2)
        rig.clock.advance(DAY)
        restart(rig)
        rig.trader.cycle()
        assert rig.trader.view.equity is None
        rig.move("BTC/USD", 110)
        rig.cycle(3)
        assert round(loss(rig), 3) == Decimal("0.180")
        assert set(rig.trader.view.halts) == {HaltName.DAILY_LOSS}

    def test_a_market_whose_price_is_old_is_not_bought_at_it_nor_at_its_candles_close(self, tmp_path: Path) -> None:
        rig = TraderRig(tmp_path / "other")
        rig.script.stop = {"BTC/USD": 90.0, "ETH/USD": 45.0}
        rig.cycle()
        without(rig, "BTC/USD")
        rig.clock.advance(91)
        rig.script.entry = {"BTC/USD", "ETH/USD"}
        rig.next_candle()
        rig.cycle(3)
        assert rig.sent("BTC/USD") == []
        assert rig.sent("ETH/USD") == ["buy market", "sell stop"]
        assert rig.why_not_traded("BTC/USD").rule is Rule.NO_PRICE
        assert (
            told(
                rig,
                "BTC/USD not traded: the last price of BTC/USD is 2 min 2 s old"
                " (prices older than 1 min 30 s are not used)",
            )
            == 1
        )
        rig.close()


class TestEntriesOfUnknownOutcome:
    @pytest.fixture
    def lost(self, tmp_path: Path) -> Iterator[TraderRig]:
        """BTC was ordered for 45 % of equity, the answer was lost; ETH signals as well."""
        rig = TraderRig(
            tmp_path, {"risk": {"risk_per_trade": Decimal("0.5"), "max_position": Decimal("0.45"), "max_positions": 2}}
        )
        rig.script.stop = {"BTC/USD": 50.0, "ETH/USD": 25.0}
        rig.script.entry = {"BTC/USD", "ETH/USD"}
        rig.model.faults["place"].append(Fault.LOST_AND_HIDDEN)
        yield rig
        rig.close()

    def test_count_in_the_exposure(self, lost: TraderRig) -> None:
        for _ in range(40):
            lost.cycle()
            lost.clock.advance(4)
        held = sum(position.amount * lost.model.price[market] for market, position in lost.desk.positions().items())
        equity = lost.trader.view.equity
        assert equity is not None
        assert set(lost.desk.positions()) == {"BTC/USD", "ETH/USD"}
        # Sized before the fees were paid.
        assert Decimal("0.45") < held / equity.current < Decimal("0.502")

    def test_count_among_the_positions(self, tmp_path: Path, lost: TraderRig) -> None:
        one = TraderRig(tmp_path / "one", {"risk": {"max_positions": 1}})
        one.script.stop, one.script.entry = lost.script.stop, lost.script.entry
        one.model.faults["place"].append(Fault.LOST_AND_HIDDEN)
        one.cycle(3)
        assert one.desk.pending_entries().keys() == {"BTC/USD"}
        assert one.why_not_traded("ETH/USD").rule is Rule.MAX_POSITIONS
        assert one.sent("ETH/USD") == []
        one.close()

    def test_count_in_the_money_that_is_available(self, tmp_path: Path, lost: TraderRig) -> None:
        risk = {"risk_per_trade": Decimal(1), "max_position": Decimal("0.9"), "max_exposure": Decimal(1)}
        rig = TraderRig(tmp_path / "all", {"risk": risk})
        rig.script.stop, rig.script.entry = lost.script.stop, lost.script.entry
        rig.model.faults["place"].append(Fault.LOST_BEFORE)
        rig.cycle(3)
        spent = sum(request.amount * rig.model.price[request.market] for request in entries(rig))
        assert Decimal(90_000) < spent < Decimal(100_000)
        rig.close()

    def test_without_a_price_of_theirs_nothing_else_is_entered(self, lost: TraderRig) -> None:
        lost.feed.poll()
        lost.trader.cycle()
        lost.clock.advance(91)
        without(lost, "BTC/USD")
        lost.model.faults["read"].extend([Fault.UNAVAILABLE] * 50)
        lost.feed.poll()
        lost.trader.cycle()
        assert lost.desk.pending_entries().keys() == {"BTC/USD"}
        assert lost.why_not_traded("ETH/USD").rule is Rule.UNKNOWN
        assert lost.sent("ETH/USD") == []

    def test_what_filled_counts_before_its_fills_are_told(self, tmp_path: Path, lost: TraderRig) -> None:
        rig = TraderRig(
            tmp_path / "late", {"risk": {"risk_per_trade": Decimal("0.5"), "max_position": Decimal("0.45")}}
        )
        rig.script.stop, rig.script.entry = lost.script.stop, lost.script.entry
        rig.model.fill_lag = 120.0
        rig.cycle(5)
        assert rig.desk.positions() == {}
        spent = sum(request.amount * rig.model.price[request.market] for request in entries(rig))
        assert spent <= Decimal(50_000)
        rig.close()


def entries(rig: TraderRig) -> list[OrderRequest]:
    return [request for request in rig.model.book.requests if request.side is Side.BUY]


class TestAClockThatLeaps:
    @pytest.fixture
    def halted(self, rig: TraderRig) -> TraderRig:
        rig.move("BTC/USD", 60)
        rig.cycle(2)
        assert set(rig.trader.view.halts) == {HaltName.DAILY_LOSS}
        return rig

    @pytest.mark.parametrize("cycles", [1, 30])
    @pytest.mark.parametrize("days", [1, 2, 400, -1])
    def test_clears_no_halt_and_moves_no_opening(self, halted: TraderRig, days: int, cycles: int) -> None:
        before = loss(halted)
        halted.clock.wall += days * DAY
        halted.cycle(cycles)
        assert set(halted.trader.view.halts) == {HaltName.DAILY_LOSS}
        halted.clock.wall -= days * DAY
        halted.cycle(5)
        assert set(halted.trader.view.halts) == {HaltName.DAILY_LOSS}
        assert loss(halted) == before
        assert halted.manager.snapshot(ACCOUNT).state is AccountState.PAUSED

    def test_it_clears_no_halt_after_a_restart_either(self, halted: TraderRig) -> None:
        before = loss(halted)
        halted.clock.wall += DAY
        restart(halted)
        halted.cycle(60)
        halted.clock.wall -= DAY
        halted.cycle(5)
        assert set(halted.trader.view.halts) == {HaltName.DAILY_LOSS}
        assert loss(halted) == before

    def test_the_next_day_ends_the_halt_once_it_has_come(self, halted: TraderRig) -> None:
        halted.clock.advance(DAY)
        halted.cycle(2)
        assert not halted.trader.view.halts
        assert loss(halted) == 0
        assert told(halted, "A new UTC day: the daily loss limit counts from zero again") == 1

    def test_a_day_that_came_while_no_nija_ran_ends_it_within_an_hour(self, halted: TraderRig) -> None:
        halted.clock.wall += DAY
        restart(halted)
        halted.cycle()
        assert set(halted.trader.view.halts) == {HaltName.DAILY_LOSS}
        assert told(halted, "The exchange's clock jumped") == 1
        halted.clock.advance(3_600)
        halted.cycle(2)
        assert not halted.trader.view.halts
