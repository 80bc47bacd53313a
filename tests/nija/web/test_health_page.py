"""The health page: how old everything is, what the doctor finds, and nothing of others for an account's owner."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nija.doctor.finding import Section, broken, fine, warning
from nija.notify.sent import SentNotification
from nija.status.report import AccountFault, AccountFaultKind
from nija.web.context import Viewer
from nija.web.pages.health_view import exchange_rows, feed_rows, finding_groups, work_row
from nija.web.pages.words import Tone
from tests.nija.web.page_world import BTC, DAIVON, MASTER, NOW, account

if TYPE_CHECKING:
    from tests.nija.web.page_world import World

MACHINE = Section("This machine", (fine("Python 3.11.9"),))
OF_MASTER = Section("Kraken MASTER", (fine("Signature and nonce are accepted"),), "kraken:master")
OF_DAIVON = Section("Kraken USER daivon_frazier", (broken("Invalid key", "Create a new one"),), "kraken:daivon_frazier")


def test_each_market_is_shown_once_however_many_accounts_follow_it() -> None:
    rows = feed_rows((account(), account("kraken:daivon_frazier")))
    assert [row.market for row in rows] == ["BTC/USD 1d", "ETH/USD 1d"]


def test_a_market_says_how_old_its_price_and_candle_are() -> None:
    (row, _) = feed_rows((account(),))
    assert (row.price, row.candle, row.tone) == ("4 s ago", "closed 12 h ago", Tone.GOOD)


def test_a_market_without_news_says_why() -> None:
    silent = replace(BTC, price_age=900.0, problem="Kraken does not answer")
    (row,) = feed_rows((account(markets=(silent,)),))
    assert (row.problem, row.tone) == ("Kraken does not answer", Tone.WARN)


def test_an_exchange_answers_if_its_accounts_work() -> None:
    (row,) = exchange_rows((account(),), NOW)
    assert (row.name, row.state, row.accounts, row.tone) == ("Kraken", "answers", "1 account", Tone.GOOD)


def test_an_exchange_that_is_silent_says_since_when() -> None:
    (row,) = exchange_rows((account(last_answer_age=900.0),), NOW)
    assert row.tone is Tone.WARN
    assert "has answered nothing" in row.state


def test_an_account_says_when_it_worked_and_was_answered() -> None:
    row = work_row(account(), NOW, "last event 2026-01-17 11:00")
    assert (row.worked, row.answered, row.budget) == ("3 s ago", "12 s ago", "85.00 %")


def test_findings_that_need_something_come_first() -> None:
    groups = finding_groups((MACHINE, OF_DAIVON))
    assert [(group.title, group.is_fine) for group in groups] == [
        ("Kraken USER daivon_frazier", False),
        ("This machine", True),
    ]


class TestThePage:
    def test_shows_the_findings_of_the_doctor(self, world: World) -> None:
        world.sections = (MACHINE, OF_DAIVON)
        text = world.client().get("/health").text
        assert "Python 3.11.9" in text
        assert "Create a new one" in text

    def test_shows_the_last_notifications(self, world: World) -> None:
        world.notifications = (SentNotification(NOW, "NIJA: position opened", "sent"),)
        assert "NIJA: position opened" in world.client().get("/health").text

    def test_says_whether_nija_works(self, world: World) -> None:
        assert "NIJA is working." in world.client().get("/health").text

    def test_says_what_the_journal_knew_last(self, world: World) -> None:
        world.note(MASTER, "trading_started")
        assert "last event 2026-01-17 12:00" in world.client().get("/health").text

    def test_shows_an_owner_what_concerns_their_account_alone(self, world: World) -> None:
        fault = AccountFault(AccountFaultKind.NO_ANSWER, "", "nothing heard")
        world.accounts = (account(faults=(fault,)), account("kraken:daivon_frazier"))
        world.sections = (MACHINE, warned_of_all(), OF_MASTER, OF_DAIVON)
        world.notifications = (SentNotification(NOW, "NIJA: kraken:master failed", "sent"),)
        text = world.client(Viewer(only=DAIVON)).get("/health").text
        assert "Invalid key" in text
        assert "master" not in text.casefold()
        assert "Python" not in text


def warned_of_all() -> Section:
    return Section("Accounts", (warning("kraken:master is not in nija.toml", "Correct the name"),))
