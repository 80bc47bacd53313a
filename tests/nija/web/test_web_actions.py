"""Stop, resume, sell: said before, confirmed with the password, answered, and in the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from nija.journal.records import HaltName
from nija.status.report import HaltStatus
from tests.nija.web.web_rig import DAIVON, HELD, MASTER, PASSWORD, WebRig, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from accounts.identity import AccountId
    from tests.nija.web.web_rig import Answer, Browser

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[WebRig]:
    with serving(WebRig(tmp_path)) as served:
        yield served


def act(browser: Browser, name: str, account: str = "", market: str = "", password: str = PASSWORD) -> Answer:
    token = browser.get(f"/act/{name}?account={account}&market={market}").token
    return browser.post(f"/act/{name}", {"token": token, "account": account, "market": market, "password": password})


def halts(rig: WebRig, account: AccountId) -> set[HaltName]:
    return set(rig.journal(account).halts.all())


def test_selling_everything_says_first_what_is_sold_and_for_about_how_much(rig: WebRig) -> None:
    unpriced = replace(HELD, market="ETH/USD", price=None)
    rig.accounts = (replace(rig.accounts[0], positions=(HELD, unpriced)), rig.accounts[1])
    text = rig.logged_in().get("/act/flatten").text
    assert "You are about to sell everything that NIJA bought on every account" in text
    assert text.count("0.00100000 BTC") == 2
    assert text.count("$95.00") == 2
    assert "unknown" in text
    assert "Coins that NIJA did not buy are not sold." in text


def test_what_is_not_known_yet_is_not_called_nothing(rig: WebRig) -> None:
    known, unknown = (replace(account, positions=()) for account in rig.accounts)
    rig.accounts = (known, replace(unknown, is_known=False))
    browser = rig.logged_in()
    assert "nothing would be sold" in browser.get("/act/flatten?account=kraken:master").text
    assert "Not known yet, and sold as well" in browser.get("/act/flatten").text
    assert "nothing would be sold" not in browser.get("/act/flatten").text


def test_closing_one_position_says_that_trading_goes_on(rig: WebRig) -> None:
    text = rig.logged_in().get("/act/close?account=kraken:master&market=BTC/USD").text
    assert "sell the position in BTC/USD on kraken:master" in text
    assert "may buy this market again" in text
    assert "kraken:daivon_frazier" not in text


def test_resuming_says_which_halts_end(rig: WebRig) -> None:
    halt = HaltStatus("daily_loss", "daily loss of 8.10 % reached the limit of 8.00 %", NOW)
    rig.accounts = (replace(rig.accounts[0], latches=(halt,)),)
    text = rig.logged_in().get("/act/resume").text
    assert "kraken:master: this ends: daily loss of 8.10 % reached the limit of 8.00 %." in text
    assert "Losses are counted from zero again." in text


def test_a_command_reaches_one_account_and_the_history_says_who_gave_it(rig: WebRig) -> None:
    answer = act(rig.logged_in(), "stop", "kraken:daivon_frazier")
    assert answer.status == 200
    assert "✅ kraken:daivon_frazier: trading is stopped" in answer.text
    assert (halts(rig, DAIVON), halts(rig, MASTER)) == ({HaltName.STOP_TRADING}, set())
    (row,) = rig.journal(DAIVON).history.latest(5)
    assert (row.kind, row.detail) == ("stop_trading", {"by": "web 127.0.0.1"})


def test_without_an_account_it_reaches_all(rig: WebRig) -> None:
    browser = rig.logged_in()
    assert act(browser, "flatten").text.count("being sold") == 2
    assert halts(rig, MASTER) == halts(rig, DAIVON) == {HaltName.STOP_TRADING, HaltName.FLATTEN}
    assert act(browser, "resume").text.count("trades again") == 2
    assert halts(rig, MASTER) == set()


def test_a_wrong_password_does_nothing_and_asks_again(rig: WebRig) -> None:
    answer = act(rig.logged_in(), "stop", password="guess")
    assert (answer.status, "This is not the password." in answer.text) == (403, True)
    assert answer.token
    assert halts(rig, MASTER) == set()


@pytest.mark.parametrize(
    "path",
    ["/act/withdraw", "/act/stop?account=kraken:nobody", "/act/close?account=kraken:master&market=SOL/USD"],
)
def test_what_does_not_exist_cannot_be_confirmed(rig: WebRig, path: str) -> None:
    answer = rig.logged_in().get(path)
    assert (answer.status, "Nothing was done" in answer.text) == (404, True)


def test_while_nija_stops_the_page_says_that_nothing_was_done(rig: WebRig) -> None:
    rig.is_stopping = True
    answer = act(rig.logged_in(), "stop")
    assert (answer.status, "Nothing was done: NIJA is stopping" in answer.text) == (503, True)


def test_a_demo_without_a_password_only_asks_whether_it_is_meant(tmp_path: Path) -> None:
    with serving(WebRig(tmp_path, password_hash=None, acts_without_password=True)) as rig:
        browser = rig.browser()
        assert "password" not in browser.get("/act/stop").text.lower()
        assert act(browser, "stop", password="").text.count("trading is stopped") == 2
        assert halts(rig, MASTER) == {HaltName.STOP_TRADING}


def test_what_asks_before_it_sells_says_whether_the_money_is_real(tmp_path: Path, rig: WebRig) -> None:
    with serving(WebRig(tmp_path / "demo", password_hash=None, acts_without_password=True, mode="demo")) as demo:
        assert "Demo: no real money moves" in demo.browser().get("/act/flatten").text
    assert "no real money" not in rig.logged_in().get("/act/flatten").text


def test_real_money_is_not_moved_without_a_password(tmp_path: Path) -> None:
    with serving(WebRig(tmp_path, password_hash=None)) as rig:
        browser = rig.browser()
        shown = browser.get("/act/flatten")
        assert ("nija web password" in shown.text, shown.token) == (True, "")
        form = {"token": rig.site.owner.token, "account": "", "market": "", "password": ""}
        assert browser.post("/act/flatten", form).status == 403
        assert halts(rig, MASTER) == set()


def test_the_list_of_actions_names_every_account_and_position(rig: WebRig) -> None:
    text = rig.logged_in().get("/act").text
    assert "/act/stop?account=kraken%3Adaivon_frazier" in text
    assert "/act/close?account=kraken%3Amaster&amp;market=BTC/USD" in text


class TestOwnersLinks:
    def test_a_link_is_shown_once_and_opens_its_account(self, rig: WebRig) -> None:
        owner = rig.logged_in()
        form = {"token": owner.get("/owners").token, "account": str(DAIVON), "password": PASSWORD}
        shown = owner.post("/owners/create", form).text
        token = shown.partition("/owner/")[2].partition("<")[0]
        assert token
        assert token not in owner.get("/owners").text
        guest = rig.browser()
        assert "/account/kraken/daivon_frazier" in guest.get(f"/owner/{token}").text
        assert guest.get("/").text == "overview for kraken:daivon_frazier"

    def test_it_needs_the_password_and_an_account_that_exists(self, rig: WebRig) -> None:
        owner = rig.logged_in()
        form = {"token": owner.get("/owners").token, "account": str(DAIVON), "password": "guess"}
        assert owner.post("/owners/create", form).status == 403
        assert owner.post("/owners/create", {**form, "account": "kraken:nobody", "password": PASSWORD}).status == 404
        assert rig.links.all() == ()

    def test_it_works_after_a_restart(self, rig: WebRig) -> None:
        token = rig.links.create(DAIVON)
        with serving(WebRig(rig.folder)) as restarted:
            assert restarted.browser().get(f"/owner/{token}").status == 200

    def test_a_file_that_cannot_be_read_is_said_and_left_as_it_is(self, rig: WebRig) -> None:
        path = rig.folder / "owner-links.json"
        path.write_text("{not json")
        owner = rig.logged_in()
        form = {"token": owner.get("/act/stop").token, "account": str(DAIVON), "password": PASSWORD}
        answer = owner.post("/owners/create", form)
        assert (answer.status, "cannot be read" in answer.text) == (503, True)
        assert path.read_text() == "{not json"
        assert rig.browser().get("/owner/anything").status == 404
