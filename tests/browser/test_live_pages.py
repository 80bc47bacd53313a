"""An open page follows NIJA without a jump, says when the connection is lost, and comes back by itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.served import PHONE, visit
from tests.nija.web.page_world import MASTER, account

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.served import Served


def test_a_figure_follows_without_a_jump(browser: Browser, served: Served) -> None:
    served.world.accounts = (account(), account("kraken:daivon_frazier"))
    seen = visit(browser, served, PHONE)
    seen.open("/")
    rows = seen.page.locator("tbody tr")
    expect(rows.first).to_contain_text("$5231.42")
    before = rows.nth(1).bounding_box()
    served.world.accounts = (account(equity=Decimal("5299.99")), account("kraken:daivon_frazier"))
    expect(rows.first).to_contain_text("$5299.99")
    assert rows.nth(1).bounding_box() == before


def test_an_account_that_comes_appears_by_itself(browser: Browser, served: Served) -> None:
    seen = visit(browser, served)
    seen.open("/")
    served.world.accounts = (*served.world.accounts, account("kraken:daivon_frazier"))
    expect(seen.page.locator("tbody tr")).to_have_count(2)


def test_an_order_that_is_read_stays_open(browser: Browser, served: Served) -> None:
    served.world.trade(MASTER, day=2)
    seen = visit(browser, served)
    seen.open("/account/kraken/master")
    seen.page.locator("details.life summary").first.click()
    served.world.trade(MASTER, market="ETH/USD")
    expect(seen.page.locator("details.life")).to_have_count(2, timeout=8_000)
    assert seen.page.locator("details.life[open]").count() == 1


def test_a_lost_connection_is_said_and_ends_by_itself(browser: Browser, served: Served) -> None:
    seen = visit(browser, served)
    seen.open("/")
    lost = seen.page.locator("#lost")
    expect(lost).to_be_empty()
    expect(seen.page.locator("[sse-swap=clock]")).to_contain_text("UTC")
    served.stop()
    expect(lost).to_contain_text("No connection to NIJA", timeout=15_000)
    served.world.accounts = (replace(account(), equity=Decimal("5300.00")),)
    served.start()
    expect(lost).to_be_empty(timeout=15_000)
    expect(seen.page.locator("tbody tr").first).to_contain_text("$5300.00")
