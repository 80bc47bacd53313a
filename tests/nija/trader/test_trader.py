"""How a trader handles signals, limits and halts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

import pytest

from accounts.manager import AccountState
from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import BrokerError, BudgetSpent, RequestRefused, Unavailable
from brokers.model import OrderRequest, OrderStatus, OrderType, Side
from brokers.simulator.engine.markets import Mode
from nija.journal.records import HaltName
from nija.risk.no_trade import Rule
from nija.trader.commands import Command, CommandStatus, Instruction, carry_out
from nija.trader.plan import SWITCHED_OFF
from tests.nija.orders.exchange_model import BTC, Fault
from tests.nija.trader.trader_rig import ACCOUNT, TraderRig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from brokers.model import Balance, Fees


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[TraderRig]:
    rig = TraderRig(tmp_path)
    rig.script.stop = {"BTC/USD": 90.0, "ETH/USD": 45.0}
    yield rig
    rig.close()


def resting_stops(rig: TraderRig, market: str) -> list[tuple[Decimal, Decimal | None]]:
    return [
        (order.amount, order.stop_price)
        for order in rig.model.ours()
        if order.market == market and order.stop_price is not None and not order.status.is_final
    ]


# Entries, stops and exits.


def test_an_entry_signal_buys_by_risk_and_rests_a_stop_of_what_filled(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    bought = rig.model.bought_by_nija("BTC/USD")
    # 2 % of 100000 through a stop 10 % away, capped at 25 % of equity.
    assert bought == Decimal(200)
    assert resting_stops(rig, "BTC/USD") == [(bought, Decimal("90.0"))]


def test_a_candle_is_acted_upon_once(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle(5)
    rig.move("BTC/USD", 85)
    rig.move("BTC/USD", 100)
    rig.cycle(5)
    assert rig.sent("BTC/USD") == ["buy market", "sell stop"]


def test_a_daemon_that_was_down_acts_on_the_last_candle_but_never_twice(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.journal.close()
    rig.start()
    rig.cycle(3)
    assert rig.sent("BTC/USD") == ["buy market", "sell stop"]


def test_the_stop_follows_the_strategy_up_and_never_down(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    for trail, expected in ((95.0, "95.0"), (92.0, "95.0"), (96.5, "96.5")):
        rig.script.trail = {"BTC/USD": trail}
        rig.next_candle()
        rig.cycle()
        assert [price for _, price in resting_stops(rig, "BTC/USD")] == [Decimal(expected)]


def test_the_candle_of_the_entry_moves_no_stop(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.script.trail = {"BTC/USD": 97.0}
    rig.cycle(3)
    assert [price for _, price in resting_stops(rig, "BTC/USD")] == [Decimal("90.0")]


def test_an_exit_signal_sells_all_of_it_and_leaves_no_stop(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.script.entry, rig.script.exit = set(), {"BTC/USD"}
    rig.next_candle()
    rig.cycle(2)
    assert rig.model.bought_by_nija("BTC/USD") == 0
    assert resting_stops(rig, "BTC/USD") == []


def test_after_a_stop_was_hit_the_market_waits_for_a_new_candle(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.move("BTC/USD", 89)
    rig.cycle(2)
    assert rig.model.bought_by_nija("BTC/USD") == 0
    rig.move("BTC/USD", 100)
    rig.next_candle()
    rig.cycle(2)
    assert rig.sent("BTC/USD").count("buy market") == 2


def test_coins_that_the_owner_holds_are_neither_counted_nor_sold(rig: TraderRig) -> None:
    rig.model.book.total["BTC"] = Decimal(7)
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.script.entry, rig.script.exit = set(), {"BTC/USD"}
    rig.next_candle()
    rig.cycle(2)
    assert rig.model.book.total["BTC"] == Decimal(7)


def test_two_entries_at_one_candle_stay_within_the_exposure_of_both(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD", "ETH/USD"}
    rig.cycle(3)
    invested = rig.model.bought_by_nija("BTC/USD") * 100 + rig.model.bought_by_nija("ETH/USD") * 50
    assert Decimal(30_000) < invested <= Decimal(50_000)


def test_an_entry_whose_outcome_is_unknown_is_not_sent_again_and_found_later(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.model.faults["place"].append(Fault.LOST_AFTER)
    rig.cycle(90)
    assert rig.sent("BTC/USD") == ["buy market", "sell stop"]
    assert resting_stops(rig, "BTC/USD") == [(rig.model.bought_by_nija("BTC/USD"), Decimal("90.0"))]


# Stopped trading and limits.


def test_stop_trading_keeps_entries_out_and_lets_exits_go_on(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.journal.halts.set(HaltName.STOP_TRADING, "nija stop-trading", rig.now())
    rig.script.entry, rig.script.exit = {"ETH/USD"}, {"BTC/USD"}
    rig.next_candle()
    rig.cycle(2)
    assert rig.model.bought_by_nija("BTC/USD") == 0
    assert rig.sent("ETH/USD") == []
    assert rig.manager.snapshot(ACCOUNT).state is AccountState.PAUSED
    rig.journal.halts.reset(HaltName.STOP_TRADING)
    rig.cycle()
    assert rig.sent("ETH/USD") == ["buy market", "sell stop"]


def test_flatten_sells_every_position_of_nijas_and_trading_stays_stopped_across_a_restart(rig: TraderRig) -> None:
    rig.model.book.total["ETH"] = Decimal(3)
    rig.script.entry = {"BTC/USD", "ETH/USD"}
    rig.cycle(3)
    rig.journal.halts.set(HaltName.FLATTEN, "nija flatten", rig.now())
    rig.cycle(3)
    assert rig.model.bought_by_nija("BTC/USD") == rig.model.bought_by_nija("ETH/USD") == 0
    assert rig.model.book.total["ETH"] == Decimal(3)
    rig.journal.close()
    rig.start()
    rig.next_candle()
    rig.cycle(3)
    assert rig.sent("BTC/USD").count("buy market") == 1
    assert set(rig.journal.halts.all()) == {HaltName.STOP_TRADING}


@pytest.mark.parametrize("keeps_stops", [False, True])
def test_a_release_gives_every_position_to_the_owner_and_trading_stays_stopped(
    rig: TraderRig, *, keeps_stops: bool
) -> None:
    rig.script.entry = {"BTC/USD", "ETH/USD"}
    rig.script.stop = {"BTC/USD": 90.0, "ETH/USD": 45.0}
    rig.cycle(3)
    bought = dict(rig.model.book.total)
    rig.commands.send(Instruction(Command.RELEASE_KEEPING_STOPS if keeps_stops else Command.RELEASE))
    rig.cycle(3)
    assert rig.trader.is_idle
    assert rig.trader.view.positions == {}
    assert dict(rig.model.book.total) == bought
    assert len(rig.model.open_orders()) == (2 if keeps_stops else 0)
    assert set(rig.journal.halts.all()) == {HaltName.STOP_TRADING}
    assert "All of NIJA's positions are released to their owner; trading stays stopped" in rig.log.lines


def test_a_daily_loss_halts_until_the_next_utc_day_and_survives_a_restart(tmp_path: Path) -> None:
    rig = TraderRig(tmp_path, {"risk": {"max_daily_loss": Decimal("0.01")}})
    rig.script.stop = {"BTC/USD": 90.0, "ETH/USD": 45.0}
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.move("BTC/USD", 89)
    rig.script.entry = {"ETH/USD"}
    rig.cycle(3)
    assert rig.sent("ETH/USD") == []
    rig.journal.close()
    rig.start()
    rig.cycle()
    assert rig.sent("ETH/USD") == []
    rig.clock.advance(86_400)
    rig.cycle(2)
    assert rig.sent("ETH/USD") == ["buy market", "sell stop"]
    rig.close()


def test_a_drawdown_halts_until_someone_resumes_and_then_counts_anew(tmp_path: Path) -> None:
    rig = TraderRig(tmp_path, {"risk": {"max_drawdown": Decimal("0.01"), "max_daily_loss": Decimal(1)}})
    rig.script.stop = {"BTC/USD": 90.0, "ETH/USD": 45.0}
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.move("BTC/USD", 89)
    rig.script.entry = {"ETH/USD"}
    rig.clock.advance(3 * 86_400)
    rig.cycle(3)
    assert rig.sent("ETH/USD") == []
    rig.journal.halts.reset(HaltName.DRAWDOWN)
    rig.cycle(2)
    assert rig.sent("ETH/USD") == ["buy market", "sell stop"]
    rig.close()


# Reasons for not trading.


def test_a_reason_for_not_trading_is_said_once_until_it_changes(tmp_path: Path) -> None:
    rig = TraderRig(tmp_path, {"own": {"disabled_markets": ("BTC/USD",)}})
    rig.cycle(5)
    said = [line for line in rig.log.lines if line.startswith("BTC/USD not traded")]
    assert len(said) == 1
    assert "disabled_markets" in said[0]
    rig.close()


def test_an_unfunded_account_says_so_with_rule_value_and_limit(rig: TraderRig) -> None:
    rig.model.book.total["USD"] = Decimal("12.50")
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    reason = rig.why_not_traded("BTC/USD")
    assert (reason.rule, reason.value, reason.limit) == ("min_balance", "12.50", "25")
    assert rig.sent("BTC/USD") == []


def test_a_market_the_exchange_does_not_have_is_named_and_the_others_trade(tmp_path: Path) -> None:
    rig = TraderRig(tmp_path, {"trading": {"markets": ("ETH/USD", "DOGE/USD")}})
    rig.model.price["DOGE/USD"] = Decimal(1)
    rig.script.stop = {"ETH/USD": 45.0}
    rig.script.entry = {"ETH/USD", "DOGE/USD"}
    rig.cycle(2)
    assert rig.why_not_traded("DOGE/USD").rule is Rule.NO_MARKET
    assert rig.sent("ETH/USD") == ["buy market", "sell stop"]
    rig.close()


def test_a_position_in_a_market_no_longer_listed_is_still_left_on_its_exit_signal(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.journal.close()
    rig.plan = rig.planned({"trading": {"markets": ("ETH/USD",)}})
    rig.script.entry, rig.script.exit = set(), {"BTC/USD"}
    rig.start()
    rig.next_candle()
    rig.cycle(3)
    assert rig.model.bought_by_nija("BTC/USD") == 0


def test_an_exchange_that_fails_a_read_ends_the_cycle_but_loses_no_decision(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.script.entry, rig.script.exit = set(), {"BTC/USD"}
    rig.next_candle()
    rig.model.faults["cancel"].extend([Fault.UNAVAILABLE] * 2)
    for _ in range(60):
        try:
            rig.cycle()
        except BrokerError:
            rig.clock.advance(1.0)
    assert rig.model.bought_by_nija("BTC/USD") == 0
    assert all(order.status is not OrderStatus.OPEN for order in rig.model.ours())


# Deposits and withdrawals.


def test_a_withdrawal_by_the_owner_is_no_loss_and_a_deposit_no_gain(rig: TraderRig) -> None:
    rig.cycle()
    rig.model.book.total["USD"] -= 90_000
    rig.clock.advance(60)
    rig.script.entry = {"BTC/USD"}
    rig.next_candle()
    rig.cycle()
    assert rig.journal.halts.all() == {}
    assert rig.model.bought_by_nija("BTC/USD") == Decimal(20)


@pytest.mark.parametrize("moved", [{"USD": 900_000}, {"USD": -70_000}, {"USD": -70_000, "BTC": 700}, {"BTC": -3}])
def test_what_the_owner_moves_changes_no_loss_that_is_there(rig: TraderRig, moved: dict[str, int]) -> None:
    rig.model.book.total["BTC"] = Decimal(3)
    rig.script.entry = {"BTC/USD"}
    rig.cycle(2)
    rig.move("BTC/USD", 92)
    rig.cycle()
    before = rig.trader.view.equity
    for currency, amount in moved.items():
        rig.model.book.total[currency] += amount
    rig.clock.advance(60)
    rig.cycle(2)
    after = rig.trader.view.equity
    assert before is not None
    assert after is not None
    assert before.daily_loss == after.daily_loss == Decimal("0.0168")
    assert before.drawdown == after.drawdown


def test_what_the_owner_sells_of_a_position_at_a_loss_stays_a_loss(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle(2)
    rig.move("BTC/USD", 92)
    rig.cycle()
    rig.script.entry = set()
    rig.model.owner_cancels_all()
    rig.model.owner_sells("BTC/USD", rig.model.bought_by_nija("BTC/USD"))
    rig.clock.advance(60)
    rig.cycle(2)
    assert rig.trader.view.positions == {}
    equity = rig.trader.view.equity
    assert equity is not None
    assert equity.daily_loss == Decimal("0.0168")


def test_a_balance_that_shows_a_sale_before_the_fill_is_known_moves_no_peak(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD", "ETH/USD"}
    rig.cycle(3)
    rig.model.fill_lag = 20.0
    rig.model.set_price("BTC/USD", Decimal(90))
    rig.clock.advance(61)
    rig.cycle(60)
    assert HaltName.DRAWDOWN not in rig.journal.halts.all()
    equity = rig.trader.view.equity
    assert equity is not None
    assert equity.drawdown < Decimal("0.03")


# Slow answers.


def test_what_filled_is_protected_at_once_although_its_fills_are_told_late(rig: TraderRig) -> None:
    rig.model.fill_lag = 120.0
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    assert resting_stops(rig, "BTC/USD") == [(Decimal(200), Decimal("90.0"))]
    assert rig.desk.positions() == {}
    rig.cycle(150)
    assert rig.desk.positions()["BTC/USD"].amount == Decimal(200)
    assert rig.sent("BTC/USD") == ["buy market", "sell stop"]


def test_nothing_is_sized_while_the_fills_of_a_sale_are_unread(rig: TraderRig) -> None:
    """The balance holds what it brought in, and its position is still counted: both together would be too much."""
    rig.script.entry = {"BTC/USD"}
    rig.cycle(2)
    rig.model.fill_lag = 120.0
    rig.script.entry, rig.script.exit = {"ETH/USD"}, {"BTC/USD"}
    rig.next_candle()
    rig.clock.advance(61.0)
    rig.cycle(30)
    assert rig.sent("BTC/USD") == ["buy market", "sell stop", "sell market"]
    assert rig.sent("ETH/USD") == []
    reason = rig.why_not_traded("ETH/USD")
    assert reason.rule is Rule.BLOCKED
    assert "the fills of the exit order" in reason.text
    rig.cycle(120)
    assert rig.sent("ETH/USD") == ["buy market", "sell stop"]


def test_a_flatten_goes_on_while_the_rate_limit_is_used_up(rig: TraderRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only requests for bookkeeping fail: sales do not wait for them."""
    rig.script.entry = {"BTC/USD"}
    rig.cycle(2)

    def no_room(*_arguments: object) -> NoReturn:
        raise BudgetSpent("no room", 12.0)

    real = rig.model.balances

    def room_for_what_protects(*, protects: bool = False) -> Mapping[str, Balance]:
        return real() if protects else no_room()

    monkeypatch.setattr(rig.model, "fills", no_room)
    monkeypatch.setattr(rig.model, "balances", room_for_what_protects)
    rig.journal.halts.set(HaltName.FLATTEN, "nija flatten", rig.now())
    with pytest.raises(BudgetSpent):
        rig.cycle()
    assert rig.model.bought_by_nija("BTC/USD") == 0


def test_the_markets_rules_are_read_anew_every_hour(rig: TraderRig) -> None:
    rig.cycle(3)
    assert rig.model.calls.count("markets") == 0
    rig.clock.advance(3_600)
    rig.cycle(3)
    assert rig.model.calls.count("markets") == 1


# Commands.


def test_once_everything_stops_nothing_is_entered(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.feed.poll()
    rig.clock.stopping = True
    rig.trader.cycle()
    assert rig.sent("BTC/USD") == []


def test_a_stop_command_keeps_entries_out_from_the_next_cycle_on(rig: TraderRig) -> None:
    receipt = rig.commands.send(Instruction(Command.STOP_TRADING))
    rig.script.entry = {"BTC/USD"}
    rig.cycle(2)
    assert receipt.result(0).became is CommandStatus.DONE
    assert rig.sent("BTC/USD") == []
    assert rig.manager.snapshot(ACCOUNT).state is AccountState.PAUSED

    rig.commands.send(Instruction(Command.RESUME))
    rig.cycle()
    assert rig.sent("BTC/USD") == ["buy market", "sell stop"]
    assert [line for line in rig.log.lines if line.startswith("Resumed")] == ["Resumed: new entries are allowed again"]


def test_a_stop_command_in_the_middle_of_a_cycle_keeps_that_cycle_s_entry_out(rig: TraderRig) -> None:
    fees = rig.model.fees

    def stopped_meanwhile(market: str) -> Fees:
        rig.commands.send(Instruction(Command.STOP_TRADING))
        return fees(market)

    rig.model.fees = stopped_meanwhile  # type: ignore[method-assign]  # the command comes while the exchange is asked
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    assert rig.sent("BTC/USD") == []


def test_a_command_to_flatten_sells_and_stays_stopped(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.commands.send(Instruction(Command.FLATTEN))
    rig.cycle(3)
    assert rig.desk.positions() == {}
    assert set(rig.trader.view.halts) == {HaltName.STOP_TRADING}


CLOSE_BITCOIN = Instruction(Command.CLOSE, by="web 203.0.113.7", market="BTC/USD")


def both_held(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD", "ETH/USD"}
    rig.cycle(4)
    rig.script.entry = set()
    assert set(rig.desk.positions()) == {"BTC/USD", "ETH/USD"}


def test_a_command_to_close_sells_one_market_and_trading_goes_on(rig: TraderRig) -> None:
    both_held(rig)
    receipt = rig.commands.send(CLOSE_BITCOIN)
    rig.cycle(3)
    assert receipt.result(0).became is CommandStatus.DONE
    assert set(rig.desk.positions()) == {"ETH/USD"}
    assert rig.trader.view.halts == {}
    (row,) = rig.journal.history.latest(10, "close")
    assert (row.market, row.detail) == ("BTC/USD", {"by": "web 203.0.113.7"})

    rig.script.entry = {"BTC/USD"}
    rig.next_candle()
    rig.cycle(2)
    assert set(rig.desk.positions()) == {"BTC/USD", "ETH/USD"}


def test_what_was_closed_by_a_command_is_not_bought_again_at_the_candle_during_which_it_was_held(
    rig: TraderRig,
) -> None:
    both_held(rig)
    rig.script.entry = {"BTC/USD"}
    rig.next_candle()
    rig.cycle(2)
    rig.commands.send(CLOSE_BITCOIN)
    rig.cycle(5)
    assert set(rig.desk.positions()) == {"ETH/USD"}
    assert rig.sent("BTC/USD").count("buy market") == 1
    rig.next_candle()
    rig.cycle(2)
    assert set(rig.desk.positions()) == {"BTC/USD", "ETH/USD"}


def test_after_a_stop_was_hit_the_candle_during_which_it_rested_opens_nothing(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle(2)
    rig.next_candle()
    rig.cycle(2)
    rig.move("BTC/USD", 89)
    rig.cycle(2)
    rig.move("BTC/USD", 100)
    rig.cycle(5)
    assert rig.sent("BTC/USD").count("buy market") == 1


def test_a_command_to_close_is_obeyed_after_a_restart_though_a_stop_was_moved_in_between(rig: TraderRig) -> None:
    both_held(rig)
    carry_out(rig.journal, CLOSE_BITCOIN, rig.now())
    # The trader's memory knows nothing of the command when it writes the stop of its plan.
    assert rig.desk.trail("BTC/USD", rig.model.price["BTC/USD"] * Decimal("0.95"))
    rig.journal.close()
    rig.start()
    rig.cycle(2)
    assert set(rig.desk.positions()) == {"ETH/USD"}


def test_a_command_to_close_what_is_not_held_changes_nothing(rig: TraderRig) -> None:
    receipt = rig.commands.send(CLOSE_BITCOIN)
    rig.cycle(2)
    assert receipt.result(0).became is CommandStatus.ALREADY
    assert rig.sent("BTC/USD") == []
    assert rig.journal.history.latest(10, "close") == ()


def test_a_switched_off_account_enters_nothing_and_keeps_its_position_until_its_exit(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.cycle()
    rig.journal.close()
    rig.plan = rig.planned({"own": {"enabled": False}})
    rig.start()
    rig.script.entry = {"BTC/USD", "ETH/USD"}
    rig.next_candle()
    rig.cycle(2)
    snapshot = rig.manager.snapshot(ACCOUNT)
    assert (snapshot.state, snapshot.reason) == (AccountState.PAUSED, SWITCHED_OFF)
    assert set(rig.desk.positions()) == {"BTC/USD"}
    assert not rig.trader.is_idle

    rig.script.exit = {"BTC/USD"}
    rig.next_candle()
    rig.cycle(2)
    assert rig.desk.positions() == {}
    assert rig.trader.is_idle


def test_after_a_resume_the_account_is_compared_and_traded_again_though_another_program_was_seen(
    rig: TraderRig,
) -> None:
    rig.cycle()
    rig.clock.advance(600)
    theirs = new_client_id(Purpose.ENTRY)
    rig.model.somebody_else_places(
        OrderRequest(theirs, "ETH/USD", Side.BUY, OrderType.MARKET, Decimal(1), rig.now() + timedelta(seconds=30))
    )
    rig.clock.advance(301)
    rig.cycle(2)
    rig.script.entry = {"BTC/USD"}
    rig.next_candle()
    rig.cycle(2)
    assert rig.sent("BTC/USD") == []
    assert rig.manager.snapshot(ACCOUNT).reason == "another NIJA or program trades this account"

    rig.commands.send(Instruction(Command.RESUME))
    rig.cycle(2)
    assert rig.sent("BTC/USD") == ["buy market", "sell stop"]


class TestOneFailureStopsNothingElse:
    def test_a_flatten_goes_on_while_the_books_cannot_be_read(
        self, rig: TraderRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        both_held(rig)

        def silent(*_arguments: object) -> NoReturn:
            raise Unavailable("no answer")

        monkeypatch.setattr(rig.model, "orders", silent)
        monkeypatch.setattr(rig.model, "open_orders", silent)
        rig.journal.halts.set(HaltName.FLATTEN, "nija flatten", rig.now())
        rig.clock.advance(400)
        with pytest.raises(Unavailable):
            rig.cycle()
        assert rig.model.bought_by_nija("BTC/USD") == 0
        assert rig.model.bought_by_nija("ETH/USD") == 0

    def test_an_exit_that_fails_keeps_no_other_market_from_its_exit(
        self, rig: TraderRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        both_held(rig)
        rig.script.exit = {"BTC/USD", "ETH/USD"}
        rig.next_candle()
        real = rig.model.cancel
        (first,) = [order.exchange_id for order in rig.model.open_orders() if order.market == "BTC/USD"]

        def cancel(exchange_id: str) -> None:
            if exchange_id == first:
                raise Unavailable("no answer")
            real(exchange_id)

        monkeypatch.setattr(rig.model, "cancel", cancel)
        with pytest.raises(Unavailable):
            rig.cycle()
        assert set(rig.desk.positions()) == {"BTC/USD"}

    def test_a_market_whose_fees_are_refused_keeps_no_other_from_being_entered(
        self, rig: TraderRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = rig.model.fees

        def fees(market: str) -> Fees:
            if market == "BTC/USD":
                raise RequestRefused("EQuery:Unknown asset pair")
            return real(market)

        monkeypatch.setattr(rig.model, "fees", fees)
        rig.script.entry = {"BTC/USD", "ETH/USD"}
        rig.cycle(3)
        assert set(rig.desk.positions()) == {"ETH/USD"}
        assert rig.why_not_traded("BTC/USD").rule is Rule.REFUSED

    def test_a_market_that_was_closed_at_the_last_look_is_entered_once_it_is_open(self, rig: TraderRig) -> None:
        rig.model.modes["BTC/USD"] = Mode.CANCEL_ONLY
        rig.clock.advance(61)
        rig.script.entry = {"BTC/USD"}
        rig.next_candle()
        rig.cycle(2)
        assert rig.desk.positions() == {}
        rig.model.modes.clear()
        rig.clock.advance(61)
        rig.cycle(2)
        assert set(rig.desk.positions()) == {"BTC/USD"}

    def test_a_market_taken_up_while_it_trades_is_followed_from_then_on(self, rig: TraderRig) -> None:
        """It is protected by its price, and its candles give it a stop and an exit."""
        rig.model.listed["SOL/USD"] = replace(BTC, symbol="SOL/USD", base="SOL")
        rig.model.price["SOL/USD"] = Decimal(100)
        rig.script.stop["SOL/USD"] = 90.0
        rig.clock.advance(61)
        rig.model.refresh_markets()
        late = OrderRequest(
            client_id=new_client_id(Purpose.ENTRY),
            market="SOL/USD",
            side=Side.BUY,
            type=OrderType.MARKET,
            amount=Decimal(1),
            deadline=rig.model.exchange_time() + timedelta(seconds=30),
        )
        rig.model.somebody_else_places(late)
        rig.clock.advance(301)
        rig.desk.resumed()
        rig.cycle(3)
        rig.desk.resumed()
        rig.cycle(3)
        assert set(rig.desk.positions()) == {"SOL/USD"}
        assert resting_stops(rig, "SOL/USD") == [(Decimal(1), Decimal("90.0"))]


class TestTheAccountsFees:
    """They are shown to people; an entry asks for them anyway."""

    def test_are_read_a_minute_after_the_start(self, rig: TraderRig) -> None:
        rig.cycle()
        assert rig.trader.view.fees is None
        rig.clock.advance(61)
        rig.cycle()
        assert rig.trader.view.fees == rig.model.fees("BTC/USD")

    def test_are_known_from_the_first_entry_on(self, rig: TraderRig) -> None:
        rig.script.entry = {"BTC/USD"}
        rig.cycle()
        assert rig.trader.view.fees == rig.model.fees("BTC/USD")

    def test_that_cannot_be_read_disturb_nothing_and_are_not_asked_for_at_once_again(
        self, rig: TraderRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def fees(market: str) -> NoReturn:
            asked.append(market)
            raise Unavailable("no answer")

        monkeypatch.setattr(rig.model, "fees", fees)
        rig.clock.advance(61)
        rig.cycle(5)
        assert rig.trader.view.fees is None
        assert asked == ["BTC/USD"]
