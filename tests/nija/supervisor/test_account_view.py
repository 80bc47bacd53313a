"""The one view of an account, which status, health, metrics and notifications share."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from accounts.manager import AccountState
from accounts.settings import Settings
from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import BrokerError, Unavailable
from brokers.model import OrderRequest, OrderType, Side, Timeframe
from nija.events import FeedSilent, PositionClosed, PositionWrittenOff
from nija.health.judgement import judge
from nija.health.watcher import Watcher
from nija.journal.records import Halt, HaltName
from nija.market_data.series import Freshness
from nija.market_data.snapshot import FeedSnapshot
from nija.risk.portfolio import PortfolioLimits, PortfolioState
from nija.risk.returns import UnitValue
from nija.status.report import AccountFaultKind, AccountStatus
from nija.supervisor.report import ReportMoment, account_view
from nija.trader.plan import SWITCHED_OFF, trading_plan
from nija.trader.view import Steps
from tests.nija.notify.account_states import LATER, MASTER, position, snapshot, view
from tests.nija.trader.trader_rig import TraderRig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from nija.events import Event
    from nija.trader.plan import TradingPlan
    from nija.trader.view import TraderView

LONG_UP = 1e6


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[TraderRig]:
    made = TraderRig(tmp_path)
    yield made
    made.close()


def seen(rig: TraderRig) -> AccountStatus:
    moment = ReportMoment(rig.now(), rig.clock.monotonic())
    return account_view(rig.manager.snapshots()[0], rig.trader.view, rig.feed.snapshot, moment)


def plan(**trading: object) -> TradingPlan:
    settings = Settings().for_account(MASTER)
    return trading_plan(replace(settings, trading=settings.trading.model_copy(update=trading)))


@pytest.mark.parametrize("dead", [("candles", "tickers"), ("candles",), ("tickers",)], ids=" and ".join)
def test_an_account_with_a_dead_feed_is_unhealthy_and_has_the_fault(rig: TraderRig, dead: tuple[str, ...]) -> None:
    def down(*_args: object, **_more: object) -> None:
        raise Unavailable("public IP banned")

    rig.cycle(2)
    watcher = Watcher(rig.clock)
    assert judge((seen(rig),), rig.now(), LONG_UP).healthy
    for part in dead:
        setattr(rig.data, part, down)
    events: list[Event] = []
    for _ in range(60):
        rig.clock.advance(60.0)
        rig.cycle()
        events += watcher.look((seen(rig),))
    verdict = judge((seen(rig),), rig.now(), LONG_UP)
    assert not verdict.healthy
    assert "public IP banned" in verdict.reason
    (silent,) = events
    assert isinstance(silent, FeedSilent)
    assert silent.market == ""


def test_a_feed_that_answers_with_the_same_old_candles_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = TraderRig(tmp_path, {"trading": {"max_candle_age": 2.0}})
    frozen = rig.data.candles("BTC/USD", Timeframe.D1)
    monkeypatch.setattr(rig.data, "candles", lambda market, *_more: replace(frozen, market=market))
    rig.cycle()
    for _ in range(50):
        rig.clock.advance(3_600.0)
        rig.cycle()
    assert "the last 1d candle of BTC/USD closed 3 d" in judge((seen(rig),), rig.now(), LONG_UP).reason
    rig.close()


def test_without_a_limit_in_the_settings_no_candle_is_stale(rig: TraderRig) -> None:
    for _ in range(50):
        rig.clock.advance(3_600.0)
        rig.cycle()
    assert seen(rig).markets[0].candle_limit is None
    assert judge((seen(rig),), rig.now(), LONG_UP).healthy


def test_the_age_of_the_last_answer_about_the_account_is_part_of_the_view(rig: TraderRig) -> None:
    rig.cycle()
    rig.clock.advance(10.0)
    assert seen(rig).last_answer_age == 11.0


def test_a_position_whose_stop_is_refused_is_a_fault_until_it_is_right(
    rig: TraderRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def place(request: OrderRequest) -> str:
        if request.type is OrderType.STOP:
            raise Unavailable("the exchange takes no stop now")
        return placed(request)

    placed = rig.model.place
    monkeypatch.setattr(rig.model, "place", place)
    rig.script.entry = {"BTC/USD"}
    rig.script.stop = {"BTC/USD": 90.0, "ETH/USD": 45.0}
    cycle_for(rig, 60.0)
    bare = seen(rig)
    (protection,) = bare.protection
    assert not protection.covered
    assert protection.bare_seconds >= 30
    assert AccountFaultKind.NOT_PROTECTED in [fault.kind for fault in bare.faults]
    assert judge((bare,), rig.now(), LONG_UP).healthy
    monkeypatch.setattr(rig.model, "place", placed)
    rig.script.entry = set()
    cycle_for(rig, 120.0)
    mended = seen(rig)
    assert mended.faults == ()
    assert mended.protection[0].covered
    assert mended.protection[0].longest >= 30


def test_coins_that_the_owner_sold_by_hand_are_shown_as_booked_out(rig: TraderRig) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.script.stop = {"BTC/USD": 90.0, "ETH/USD": 45.0}
    rig.cycle(2)
    rig.script.entry = set()
    (held,) = seen(rig).positions
    rig.model.owner_cancels_all()
    rig.model.owner_sells("BTC/USD", held.amount)
    cycle_for(rig, 300.0)
    (told,) = [event for event in rig.log.published if isinstance(event, PositionWrittenOff | PositionClosed)]
    assert isinstance(told, PositionWrittenOff)
    assert told.amount == held.amount


def test_the_owners_orders_are_counted(rig: TraderRig) -> None:
    rig.cycle()
    rig.model.owner_order("ETH/USD", Side.BUY, Decimal(1), Decimal(1))
    cycle_for(rig, 400.0)
    assert seen(rig).foreign_orders == 1


def test_cycles_that_fail_show_what_is_held_and_how_old_the_last_answer_is(
    rig: TraderRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.script.entry = {"BTC/USD"}
    rig.script.stop = {"BTC/USD": 90.0, "ETH/USD": 45.0}
    rig.cycle()
    monkeypatch.setattr(rig.model, "balances", unreachable)
    cycle_for(rig, 400.0)
    shown = seen(rig)
    assert [one.market for one in shown.positions] == ["BTC/USD"]
    assert shown.last_answer_age is not None
    assert shown.last_answer_age > 300
    assert not judge((shown,), rig.now(), LONG_UP).healthy


def cycle_for(rig: TraderRig, seconds: float) -> None:
    end = rig.clock.monotonic() + seconds
    while rig.clock.monotonic() < end:
        rig.feed.poll()
        with suppress(BrokerError):
            rig.trader.cycle()
        rig.clock.advance(5.0)


def unreachable() -> None:
    raise Unavailable("no way to the exchange")


def test_before_an_account_has_traded_its_state_is_all_that_is_known() -> None:
    known = account_view(snapshot(), None, FeedSnapshot(), ReportMoment(LATER, 0.0))
    assert (known.is_known, known.positions, known.markets, known.faults) == (False, (), (), ())
    assert known.equity == Decimal("1034.56")


def test_what_a_trader_shows_before_its_first_cycle_has_ended_is_not_known() -> None:
    shown = account_view(snapshot(), replace(view(), worked=False), None, ReportMoment(LATER, 0.0))
    assert not shown.is_known


def test_an_account_of_unknown_value_is_still_shown() -> None:
    shown = account_view(snapshot(), replace(view(), equity=None), None, ReportMoment(LATER, 0.0))
    assert (shown.is_known, shown.equity_change, shown.limits) == (True, None, ())


def test_an_order_is_shown_with_what_it_is_for() -> None:
    def order(purpose: Purpose, side: Side, kind: OrderType, price: int | None = None) -> OrderRequest:
        deadline = datetime(2026, 3, 1, tzinfo=UTC)
        limit = Decimal(price) if kind is OrderType.LIMIT and price else None
        stop = Decimal(price) if kind is OrderType.STOP and price else None
        return OrderRequest(new_client_id(purpose), "BTC/USD", side, kind, Decimal(1), deadline, limit, stop)

    resting = (
        order(Purpose.ENTRY, Side.BUY, OrderType.LIMIT, 99),
        order(Purpose.EXIT, Side.SELL, OrderType.MARKET),
        order(Purpose.STOP, Side.SELL, OrderType.STOP, 90),
    )
    known = account_view(snapshot(), replace(view(), resting=resting), None, ReportMoment(LATER, 0.0))
    assert [(one.purpose, one.price) for one in known.resting_orders] == [
        ("entry", Decimal(99)),
        ("exit", None),
        ("stop", Decimal(90)),
    ]


def test_markets_that_are_followed_or_held_are_shown_with_their_ages_and_problems() -> None:
    shown = replace(view([position(market="SOL/USD")]), plan=plan(markets=("BTC/USD", "ETH/USD"), max_candle_age=2.0))
    subscription = shown.plan.subscription("BTC/USD")
    feed = FeedSnapshot(
        read=MappingProxyType({"BTC/USD": 95.0}),
        freshness=MappingProxyType({subscription.series: Freshness(since=0.0, answered=90.0, ended=-900.0)}),
        problems=MappingProxyType({subscription: "the strategy failed"}),
        unpriced=MappingProxyType({"ETH/USD": "the exchange provides no price for it"}),
    )
    btc, eth, sol = account_view(snapshot(), shown, feed, ReportMoment(LATER, 100.0)).markets
    assert (btc.price_age, btc.answer_age, btc.candle_age, btc.candle_limit) == (5.0, 10.0, 1_000.0, 2 * 86_400.0)
    problems = ["the strategy failed", "the exchange provides no price for it", ""]
    assert [one.problem for one in (btc, eth, sol)] == problems
    assert (sol.market, sol.price_age) == ("SOL/USD", None)


def test_a_candle_limit_is_never_shorter_than_the_wait_for_the_next_candle() -> None:
    shown = replace(view(), plan=plan(max_candle_age=0.5))
    market = account_view(snapshot(), shown, FeedSnapshot(), ReportMoment(LATER, 0.0)).markets[0]
    assert market.candle_limit == 86_400.0


def test_a_moment_is_the_same_on_both_clocks() -> None:
    later = ReportMoment(LATER + timedelta(seconds=5), 5.0)
    known = account_view(snapshot(silent=1.0), replace(view(), answered=2.0), None, later)
    assert known.last_answer_age == 3.0


class TestRightAfterACommand:
    """The halts are newer than the view, which is that of the last cycle."""

    STOPPED = MappingProxyType({HaltName.STOP_TRADING: Halt(HaltName.STOP_TRADING, "stopped by command", LATER)})

    def seen(self, state: AccountState, halts: Mapping[HaltName, Halt], shown: TraderView | None) -> AccountStatus:
        return account_view(snapshot(state), shown, None, ReportMoment(LATER, 0.0), halts)

    def test_an_account_that_was_told_to_stop_is_paused(self) -> None:
        known = self.seen(AccountState.TRADING, self.STOPPED, view())
        assert (known.state, known.reason) == ("PAUSED", "stopped by command")
        assert [halt.reason for halt in known.latches] == ["stopped by command"]

    def test_an_account_that_was_told_to_resume_trades(self) -> None:
        known = self.seen(AccountState.PAUSED, {}, view(halts={HaltName.STOP_TRADING: LATER}))
        assert (known.state, known.reason, known.latches) == ("TRADING", "", ())

    def test_an_account_that_does_not_trade_yet_shows_its_halts_and_keeps_its_state(self) -> None:
        known = self.seen(AccountState.CONNECTING, self.STOPPED, None)
        assert known.state == "CONNECTING"
        assert [halt.name for halt in known.latches] == ["stop_trading"]

    def test_a_switched_off_account_stays_paused_after_a_resume(self) -> None:
        settings = Settings().for_account(MASTER)
        off = replace(settings, own=settings.own.model_copy(update={"enabled": False}))
        known = self.seen(AccountState.PAUSED, {}, replace(view(), plan=trading_plan(off)))
        assert (known.state, known.reason) == ("PAUSED", SWITCHED_OFF)


@pytest.mark.parametrize(("equity", "is_underfunded"), [("24.99", True), ("25", False), (None, False)])
def test_an_account_with_less_than_its_minimum_is_underfunded(equity: str | None, *, is_underfunded: bool) -> None:
    seen = replace(snapshot(), equity=None if equity is None else Decimal(equity))
    known = account_view(seen, view(), None, ReportMoment(LATER, 0.0))
    assert known.is_underfunded is is_underfunded


def test_positions_and_orders_carry_the_steps_of_their_market(rig: TraderRig) -> None:
    rig.cycle(2)
    listed = rig.model.markets()["BTC/USD"]
    assert rig.trader.view.steps["BTC/USD"] == Steps(listed.price_step, listed.amount_step)
    steps = Steps(Decimal("0.1"), Decimal("0.0001"))
    shown = replace(view([position()]), steps=MappingProxyType({"BTC/USD": steps}))
    (held,) = account_view(snapshot(), shown, None, ReportMoment(LATER, 0.0)).positions
    assert held.steps == steps


def test_a_limit_of_everything_is_no_limit() -> None:
    settings = Settings().for_account(MASTER)
    unlimited = replace(settings, risk=settings.risk.model_copy(update={"max_daily_loss": Decimal(1)}))
    shown = replace(view(), plan=trading_plan(unlimited))
    known = account_view(snapshot(), shown, None, ReportMoment(LATER, 0.0))
    assert [limit.name for limit in known.limits] == ["drawdown"]


def test_the_limits_of_all_accounts_name_no_other_account() -> None:
    """The owner of one account sees them too."""
    limits = PortfolioLimits(max_drawdown=Decimal("0.2"))
    left_out = (AccountId.parse("kraken:daivon_frazier"),)
    unit = UnitValue(Decimal(1), Decimal(1), Decimal(1))
    shown = replace(view(), portfolio=PortfolioState(limits, "USD", unit=unit, left_out=left_out))
    known = account_view(snapshot(), shown, None, ReportMoment(LATER, 0.0))
    assert known.limits[-1].name == "drawdown of all accounts but 1"
