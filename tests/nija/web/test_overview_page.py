"""The overview: what needs a person first, and every account with its state, money, limits and reason."""

from __future__ import annotations

import gzip
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from nija.risk.no_trade import NoTradeReason, Rule
from nija.status.report import AccountFault, AccountFaultKind, HaltStatus, LimitDistance, StatusReport
from nija.web.context import Viewer
from nija.web.pages.overview_view import Bar, account_row, mode_words, summary, urgent
from nija.web.pages.words import Tone
from tests.nija.web.page_world import DAIVON, NOW, account, before_its_first_cycle, many

if TYPE_CHECKING:
    from nija.status.report import AccountStatus
    from tests.nija.web.page_world import World


def report_of(*accounts: AccountStatus) -> StatusReport:
    return StatusReport(1, "0.1.0", NOW, "live", accounts)


def bare(text: str) -> AccountFault:
    return AccountFault(AccountFaultKind.NOT_PROTECTED, "BTC/USD", text)


class TestARow:
    def test_shows_money_with_its_sign(self) -> None:
        row = account_row(account())
        assert (row.equity, row.today, row.today_tone) == ("$5231.42", "+$30.52", Tone.GOOD)

    def test_names_owner_exchange_and_page(self) -> None:
        row = account_row(account("kraken:daivon_frazier"))
        assert (row.owner, row.exchange, row.address) == (
            "daivon_frazier",
            "Kraken Pro",
            "/account/kraken/daivon_frazier",
        )

    def test_says_why_nothing_is_bought_in_each_market(self) -> None:
        assert account_row(account()).why == (
            "BTC/USD: a position is open; ETH/USD: no entry signal on the last closed candle"
        )

    def test_says_a_reason_of_every_market_once(self) -> None:
        reasons = tuple(NoTradeReason(Rule.NO_SIGNAL, "no entry signal", market=one) for one in ("BTC/USD", "ETH/USD"))
        assert account_row(account(not_trading=reasons)).why == "No entry signal"

    def test_reads_underfunded_instead_of_trading_below_the_minimum(self) -> None:
        low = NoTradeReason(Rule.MIN_BALANCE, "equity $3.00 is below min_balance $25.00", "3", "25")
        row = account_row(account(not_trading=(low,), is_underfunded=True))
        assert (row.state, row.tone) == ("UNDERFUNDED", Tone.WARN)

    def test_shows_nothing_as_zero_before_the_first_cycle(self) -> None:
        row = account_row(before_its_first_cycle("kraken:master"))
        assert (row.equity, row.today, row.open, row.why) == (
            "unknown",
            "unknown",
            "unknown",
            "Waiting for the first cycle",
        )

    def test_says_why_an_account_failed(self) -> None:
        row = account_row(account(state="FAILED", reason="Invalid signature"))
        assert (row.state, row.tone, row.why) == ("FAILED", Tone.BAD, "Invalid signature")


class TestALimit:
    @pytest.mark.parametrize(
        ("value", "share", "tone"),
        [
            ("0", 0, Tone.CALM),
            ("0.04", 50, Tone.CALM),
            ("0.06", 75, Tone.WARN),
            ("0.08", 100, Tone.BAD),
            ("0.2", 100, Tone.BAD),
        ],
    )
    def test_shows_how_much_of_it_is_used(self, value: str, share: int, tone: Tone) -> None:
        bar = Bar.of(LimitDistance("daily loss", Decimal(value), Decimal("0.08")))
        assert (bar.share, bar.tone) == (share, tone)

    def test_of_zero_is_always_used_up(self) -> None:
        assert Bar.of(LimitDistance("daily loss", Decimal(0), Decimal(0))).share == 100


class TestTheSummary:
    def test_adds_up_the_accounts_of_each_currency(self) -> None:
        euros = account("kraken:daivon_frazier", currency="EUR", equity=Decimal(10), equity_change=Decimal(-1))
        found = summary(report_of(account(), account("coinbase:master"), euros))
        assert [(total.equity, total.today) for total in found.totals] == [
            ("$10462.84", "+$61.04"),
            ("€10.00", "-€1.00"),
        ]

    def test_says_whose_equity_is_missing_from_the_sum(self) -> None:
        (total,) = summary(report_of(account(), before_its_first_cycle("coinbase:master"))).totals
        assert total.missing == "without 1 of 2 accounts, whose equity is not known yet"

    def test_is_unknown_while_no_account_is_known(self) -> None:
        (total,) = summary(report_of(before_its_first_cycle("kraken:master"))).totals
        assert (total.equity, total.today) == ("unknown", "unknown")

    def test_counts_the_accounts_that_trade_and_their_positions(self) -> None:
        found = summary(report_of(account(), account("coinbase:master", state="PAUSED")))
        assert (found.trading, found.open) == ("1 of 2", "2")


class TestWhatNeedsAPerson:
    def test_is_nothing_while_all_is_well(self) -> None:
        assert urgent((account(), account("coinbase:master"))) == ()

    def test_begins_with_the_worst(self) -> None:
        halt = HaltStatus("stop_trading", "stopped by command", NOW - timedelta(hours=1))
        found = urgent((account(latches=(halt,)), account("coinbase:master", faults=(bare("BTC/USD has no stop"),))))
        assert [(one.tone, one.who, one.text) for one in found] == [
            (Tone.BAD, "coinbase:master", "BTC/USD has no stop"),
            (Tone.WARN, "kraken:master", "Stopped by command"),
        ]

    def test_says_the_same_trouble_of_many_accounts_once(self) -> None:
        failed = tuple(
            account(f"kraken:user_{number}", state="FAILED", reason="Kraken does not answer") for number in range(5)
        )
        (one,) = urgent(failed)
        assert one.who == "kraken:user_0, kraken:user_1, kraken:user_2 and 2 more"
        assert one.address == ""

    def test_says_another_program_once(self) -> None:
        reason = "another program trades this account"
        fault = AccountFault(AccountFaultKind.ANOTHER_PROGRAM, "", reason)
        (one,) = urgent((account(latches=(HaltStatus("another_program", reason, NOW),), faults=(fault,)),))
        assert one.tone is Tone.BAD

    def test_says_what_was_written_to_the_files_and_is_not_in_force(self) -> None:
        (one,) = urgent((account(),), ("nija.toml line 3: no such key, so the old settings stay in force",))
        assert (one.who, one.text) == ("Settings", "nija.toml line 3: no such key, so the old settings stay in force")


class TestTheMode:
    def test_says_how_long_a_market_day_lasts_in_a_demo(self) -> None:
        demo = replace(report_of(account()), mode="demo", market_speed=57_600.0)
        assert mode_words(demo) == "Demo: no real money moves, and a market day lasts 1.5 s"

    def test_says_nothing_in_real_trading(self) -> None:
        assert mode_words(report_of(account())) == ""


class TestThePage:
    def test_shows_every_account(self, world: World) -> None:
        world.accounts = (account(), account("kraken:daivon_frazier"))
        text = world.client().get("/").text
        assert 'href="/account/kraken/master"' in text
        assert 'href="/account/kraken/daivon_frazier"' in text

    def test_says_what_to_do_without_accounts(self, world: World) -> None:
        world.accounts = ()
        assert "No accounts yet" in world.client().get("/").text

    def test_says_in_a_demo_that_no_real_money_moves(self, world: World) -> None:
        world.mode = "demo"
        assert "no real money moves" in world.client().get("/").text

    def test_offers_the_actions_to_the_owner_of_nija(self, world: World) -> None:
        assert 'href="/act/flatten"' in world.client().get("/").text

    def test_ends_a_session_where_there_is_one(self, world: World) -> None:
        assert "/logout" not in world.client().get("/").text
        assert "/logout" in world.client(Viewer(token="a token", may_log_out=True)).get("/").text

    def test_sends_the_owner_of_one_account_to_that_account(self, world: World) -> None:
        answer = world.client(Viewer(only=DAIVON)).get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/kraken/daivon_frazier")

    def test_escapes_what_others_wrote(self, world: World) -> None:
        world.accounts = (account(state="FAILED", reason="<script>alert(1)</script>"),)
        text = world.client().get("/").text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text

    def test_has_no_inline_script_or_style(self, world: World) -> None:
        text = world.client().get("/").text
        assert "<script>" not in text
        assert "style=" not in text
        assert "<style" not in text

    def test_reads_the_report_once_a_second_for_all_pages(self, world: World) -> None:
        client = world.client()
        for _ in range(5):
            client.get("/")
        assert world.reports == 1
        world.clock.advance(1)
        client.get("/")
        assert world.reports == 2

    def test_of_a_hundred_accounts_is_quick_and_small(self, world: World) -> None:
        world.accounts = many(100)
        client = world.client()
        client.get("/")
        world.clock.advance(1)
        started = time.thread_time()
        answer = client.get("/", headers={"Accept-Encoding": "identity"})
        assert time.thread_time() - started < 0.15  # seconds
        assert len(gzip.compress(answer.content)) < 60_000
