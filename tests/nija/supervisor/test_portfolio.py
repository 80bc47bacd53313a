"""Loss limits over all accounts together, from what traders publish to what they may no longer do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest

from accounts.identity import AccountId
from nija.journal.records import HaltName, PortfolioDay
from nija.log.event_log import EventLog
from nija.risk.no_trade import Rule
from nija.risk.portfolio import PortfolioLimits
from nija.supervisor.portfolio import Portfolio
from nija.trader.commands import Command, Instruction
from nija.trader.halts import PortfolioShare
from nija.trader.return_tracker import AccountValue
from nija.trader.view import TraderView
from tests.fakes import ManualClock
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.trader.trader_rig import DAY, TraderRig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.trader.plan import TradingPlan

MASTER, DAIVON = AccountId.parse("kraken:master"), AccountId.parse("kraken:daivon_frazier")
TANIA = AccountId.parse("coinbase:tania_gilbert")
LIMITS = PortfolioLimits(Decimal("0.05"), Decimal("0.2"))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Together:
    """What the supervisor sees of its accounts, minute by minute."""

    def __init__(self, **quotes: str) -> None:
        self.clock = ManualClock(NOON.timestamp())
        self.log = CapturedLog()
        self.quotes = {MASTER: "USD", DAIVON: "USD"}
        self.quotes |= {AccountId.parse(name.replace("__", ":")): quote for name, quote in quotes.items()}
        self.shares: dict[AccountId, PortfolioShare] = {}
        self.hanging: set[AccountId] = set()
        self.begin()

    def begin(self) -> None:
        self.portfolio = Portfolio(LIMITS, self.quotes, self.clock, EventLog(self.log.logger))

    def show(self, account: AccountId, earned: int, equity: int, **more: object) -> None:
        worth = AccountValue(Decimal(equity), Decimal(earned), self.quotes[account])
        self.shares[account] = PortfolioShare(now=worth, **more)  # type: ignore[arg-type]  # fields of a Share

    def hide(self, account: AccountId) -> None:
        self.shares[account] = PortfolioShare()

    def look(self, after: float = 5.0) -> None:
        """Every trader except those that hang has published a new view since the last look."""
        self.clock.advance(after)
        self.shares |= {one: replace(share) for one, share in self.shares.items() if one not in self.hanging}
        now = datetime.fromtimestamp(self.clock.time(), UTC)
        plan = cast("TradingPlan", None)
        self.portfolio.look(
            {
                account: TraderView(plan=plan, quote=self.quotes[account], time=now, share=share)
                for account, share in self.shares.items()
            }
        )

    @property
    def loss(self) -> Decimal:
        assert self.portfolio.state.unit is not None
        return self.portfolio.state.unit.daily_loss


@pytest.fixture
def together() -> Together:
    together = Together()
    together.show(MASTER, 0, 900)
    together.show(DAIVON, 0, 100)
    together.look()
    return together


def test_the_loss_of_all_is_measured_on_the_money_of_all(together: Together) -> None:
    together.show(MASTER, -45, 855)
    together.look()
    assert together.loss == Decimal("0.045")


def test_a_withdrawal_from_one_of_them_moves_nothing(together: Together) -> None:
    together.show(MASTER, -45, 855)
    together.look()
    together.show(DAIVON, 0, 3)
    together.look()
    together.show(DAIVON, 0, 90_000)
    together.look()
    assert together.loss == Decimal("0.045")


class TestUntilAllAreKnown:
    def test_nothing_is_known_and_each_owner_learns_that_but_no_other_s_name(self) -> None:
        together = Together()
        together.show(MASTER, 0, 900)
        together.look()
        assert together.portfolio.state.unit is None
        assert together.portfolio.state.unknown.startswith("the limits of [portfolio] wait for one account,")

    def test_one_that_stays_unknown_is_left_out_after_five_minutes_and_logged_once(self) -> None:
        together = Together()
        together.show(MASTER, 0, 900)
        for _ in range(70):
            together.look()
        assert together.portfolio.state.unit is not None
        assert together.portfolio.state.left_out == (DAIVON,)
        assert len([line for line in together.log.lines if "kraken:daivon_frazier is unknown" in line]) == 1

    def test_when_it_is_known_again_its_losses_in_the_meantime_count(self) -> None:
        together = Together()
        together.show(MASTER, 0, 900)
        for _ in range(70):
            together.look()
        together.show(DAIVON, -80, 20, stored=AccountValue(Decimal(100), Decimal(0), "USD"))
        together.look()
        assert together.loss == Decimal("0.08")
        assert together.portfolio.state.left_out == ()


def test_one_that_becomes_unknown_keeps_its_last_figures_and_is_then_left_out(together: Together) -> None:
    together.hide(DAIVON)
    together.look()
    assert (together.portfolio.state.unknown, together.portfolio.state.left_out) == ("", ())
    for _ in range(60):
        together.look()
    assert together.portfolio.state.left_out == (DAIVON,)
    together.show(DAIVON, -60, 40)
    together.look()
    assert together.loss == Decimal("0.06")


def test_a_trader_that_hangs_is_not_known_however_long_it_shows_the_same(together: Together) -> None:
    together.hanging.add(DAIVON)
    for _ in range(70):
        together.look()
    assert together.portfolio.state.left_out == (DAIVON,)


def test_accounts_in_another_currency_are_left_out_and_named() -> None:
    together = Together(coinbase__tania_gilbert="EUR")
    for account in (MASTER, DAIVON):
        together.show(account, 0, 500)
    together.show(TANIA, -400, 100)
    together.look()
    assert together.loss == 0
    assert together.portfolio.state.left_out == (TANIA,)
    assert any("coinbase:tania_gilbert does not trade in USD" in line for line in together.log.lines)


class TestAfterARestart:
    def copy(self, latest: str, minutes: int) -> PortfolioDay:
        return PortfolioDay(
            NOON.date(), "USD", Decimal(1), Decimal(latest), Decimal("1.2"), NOON - timedelta(minutes=minutes)
        )

    def test_the_newest_copy_counts_and_what_was_lost_meanwhile_is_added(self) -> None:
        together = Together()
        stored = AccountValue(Decimal(500), Decimal(0), "USD")
        together.show(MASTER, 0, 500, stored=stored, copy=self.copy("0.99", 9))
        together.show(DAIVON, -10, 490, stored=stored, copy=self.copy("0.96", 2))
        together.look()
        assert together.loss == 1 - Decimal("0.96") * Decimal("0.99")

    def test_nothing_that_was_lost_the_same_day_is_forgotten(self, together: Together) -> None:
        together.begin()
        for account in (MASTER, DAIVON):
            together.show(account, 0, 500, copy=self.copy("0.9", 2))
        together.look()
        assert together.loss == Decimal("0.1")


def test_a_clock_a_day_ahead_for_a_moment_begins_no_day(together: Together) -> None:
    together.show(MASTER, -45, 855)
    together.look()
    together.clock.wall += DAY
    together.look()
    assert together.loss == Decimal("0.045")
    together.clock.wall -= DAY
    together.look()
    assert (together.loss, together.portfolio.state.day) == (Decimal("0.045"), NOON.date())


def test_the_next_day_starts_from_zero(together: Together) -> None:
    together.show(MASTER, -45, 855)
    together.look()
    together.look(DAY)
    assert together.loss == 0
    assert together.portfolio.state.day == NOON.date() + timedelta(days=1)


class TestATrader:
    """Two accounts: this one, and one whose figures the test makes up."""

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[TraderRig]:
        rig = TraderRig(tmp_path)
        rig.script.stop = {"BTC/USD": 90.0, "ETH/USD": 45.0}
        self.other = PortfolioShare(AccountValue(Decimal(100_000), Decimal(0), "USD"))
        self.join(rig)
        yield rig
        rig.close()

    def join(self, rig: TraderRig) -> None:
        mine = rig.trader._context.account
        self.portfolio = Portfolio(LIMITS, {mine: "USD", DAIVON: "USD"}, rig.clock, EventLog(rig.log.logger))
        rig.portfolio = lambda: self.portfolio.state
        rig.journal.close()
        rig.start()

    def go_on(self, rig: TraderRig, times: int = 3) -> None:
        for _ in range(times):
            rig.cycle()
            view = rig.trader.view
            other = TraderView(plan=view.plan, quote="USD", time=rig.now(), share=replace(self.other))
            self.portfolio.look({rig.trader._context.account: view, DAIVON: other})

    def lose(self, percent: int) -> None:
        """The other account loses this fraction of what both have together."""
        lost = Decimal(2000 * percent)
        self.other = PortfolioShare(AccountValue(100_000 - lost, -lost, "USD"))

    def test_waits_until_all_are_measured(self, rig: TraderRig) -> None:
        rig.script.entry = {"BTC/USD"}
        rig.cycle(2)
        assert rig.why_not_traded("BTC/USD").rule is Rule.UNKNOWN
        self.go_on(rig)
        assert rig.sent("BTC/USD") == ["buy market", "sell stop"]

    def test_enters_nothing_once_all_together_have_lost_too_much_and_gives_the_reason(self, rig: TraderRig) -> None:
        self.go_on(rig)
        self.lose(6)
        self.go_on(rig)
        rig.script.entry = {"BTC/USD"}
        rig.next_candle()
        self.go_on(rig)
        assert set(rig.journal.halts.all()) == {HaltName.PORTFOLIO_DAILY_LOSS}
        assert rig.sent("BTC/USD") == []
        assert any("portfolio daily loss of 6.00 % reached the limit of 5.00 %" in line for line in rig.log.lines)

    def test_does_not_forget_it_over_a_restart(self, rig: TraderRig) -> None:
        self.go_on(rig)
        self.lose(6)
        self.go_on(rig)
        stored = self.other.now
        self.join(rig)
        assert stored is not None
        self.other = PortfolioShare(stored, stored=stored)
        self.go_on(rig)
        assert set(rig.trader.view.halts) == {HaltName.PORTFOLIO_DAILY_LOSS}

    def test_what_is_lost_after_a_restart_adds_to_what_was_lost_before(self, rig: TraderRig) -> None:
        self.go_on(rig)
        self.lose(3)
        self.go_on(rig)
        rig.clock.advance(301)
        self.go_on(rig)
        stored = self.other.now
        self.join(rig)
        self.lose(6)
        self.other = PortfolioShare(self.other.now, stored=stored)
        self.go_on(rig)
        assert set(rig.trader.view.halts) == {HaltName.PORTFOLIO_DAILY_LOSS}

    def test_goes_on_the_next_day(self, rig: TraderRig) -> None:
        self.go_on(rig)
        self.lose(6)
        self.go_on(rig)
        rig.clock.advance(DAY)
        self.go_on(rig)
        assert rig.trader.view.halts == {}

    def test_trades_again_after_a_resume_and_starts_from_zero(self, rig: TraderRig) -> None:
        self.go_on(rig)
        self.lose(25)
        self.go_on(rig)
        for name in rig.journal.halts.all():
            rig.journal.halts.reset(name)
        self.go_on(rig)
        assert rig.journal.halts.all() == {}
        assert self.portfolio.state.generation == 1
        self.lose(35)
        self.go_on(rig)
        assert HaltName.PORTFOLIO_DAILY_LOSS in rig.journal.halts.all()

    def test_a_resume_between_the_start_and_the_first_cycle_counts_as_well(self, rig: TraderRig) -> None:
        self.go_on(rig)
        self.lose(6)
        self.go_on(rig)
        rig.clock.advance(301)
        self.go_on(rig)
        stored = self.other.now
        assert stored is not None
        self.join(rig)
        rig.commands.send(Instruction(Command.RESUME))
        self.other = PortfolioShare(stored, stored=stored)
        self.go_on(rig)
        assert rig.trader.view.halts == {}

    def test_a_resume_without_a_daemon_counts_as_well(self, rig: TraderRig) -> None:
        self.go_on(rig)
        self.lose(6)
        self.go_on(rig)
        rig.clock.advance(301)
        self.go_on(rig)
        rig.journal.halts.reset(HaltName.PORTFOLIO_DAILY_LOSS)
        rig.journal.portfolio.reset(rig.now())
        stored = self.other.now
        assert stored is not None
        self.join(rig)
        self.other = PortfolioShare(stored, stored=stored)
        self.go_on(rig)
        assert rig.trader.view.halts == {}
