"""Every page in a real browser: phone, tablet and desk, light and dark; quiet, accessible, and on this host alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from nija.doctor.finding import Section, broken, fine
from nija.notify.sent import SentNotification
from nija.risk.no_trade import NoTradeReason, Rule
from nija.status.report import AccountFault, AccountFaultKind, HaltStatus
from nija.trader.view import ProtectionView
from nija.web.context import Viewer
from tests.browser.served import DESK, PHONE, TABLET, visit
from tests.nija.web.page_world import MASTER, NOW, POSITION, TRADED, account, before_its_first_cycle, many

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from nija.status.report import AccountStatus
    from tests.browser.served import Served, Visit

PAGES = ("/", "/account/kraken/master", "/history", "/health")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
LONG = "kraken:" + "a" * 40
BARE = AccountFault(AccountFaultKind.NOT_PROTECTED, "BTC/USD", "BTC/USD has been without a stop for 42 s")
UNPROTECTED = ProtectionView("BTC/USD", covered=False, bare_seconds=42.0, bare_total=42.0, trouble="refused")
STOPPED = HaltStatus("stop_trading", "stopped by command", NOW)
POOR = NoTradeReason(Rule.MIN_BALANCE, "equity $3.00 is below min_balance $25.00", "3", "25")
TROUBLED = (
    account(faults=(BARE,), protection=(UNPROTECTED,)),
    account("kraken:daivon_frazier", state="FAILED", reason="Invalid signature"),
    account("coinbase:tania_gilbert", state="PAUSED", reason="stopped", latches=(STOPPED,)),
    account("coinbase:master", not_trading=(POOR,), is_underfunded=True, positions=()),
)
STATES: dict[str, tuple[AccountStatus, ...]] = {
    "none": (),
    "one before its first cycle": (before_its_first_cycle("kraken:master"),),
    "four with troubles": TROUBLED,
    "long names": (
        account(LONG),
        replace(account(), positions=(replace(POSITION, amount=Decimal("123456789.12345678")),)),
    ),
    "a hundred": many(100),
}


@pytest.fixture(autouse=True)
def traded(served: Served) -> None:
    served.world.trade(MASTER, sold_at=Decimal(71000), day=3)
    served.world.trade(MASTER, day=1)
    served.world.note(MASTER, "order_filled", "BTC/USD", purpose="entry", price="69550.20", side="buy", amount="0.0185")
    served.world.sections = (Section("Kraken MASTER", (fine("Accepted"), broken("Invalid key", "Create a new one"))),)
    served.world.notifications = (SentNotification(NOW, "NIJA: position opened", "sent"),)


def violations(seen: Visit) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA."""
    found = Axe().run(seen.page, options=RULES)
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found.response["violations"]]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
def test_every_page_fits_complains_of_nothing_and_asks_no_other_host(
    browser: Browser, served: Served, size: tuple[int, int], *, dark: bool
) -> None:
    seen = visit(browser, served, size, dark=dark)
    for path in PAGES:
        seen.open(path)
        assert (path, seen.overflow) == (path, 0)
    assert seen.complaints == []
    assert seen.elsewhere == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible(
    browser: Browser, served: Served, path: str, size: tuple[int, int], *, dark: bool
) -> None:
    seen = visit(browser, served, size, dark=dark)
    seen.open(path)
    assert violations(seen) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
@pytest.mark.parametrize("state", STATES)
def test_the_overview_fits_in_every_state(
    browser: Browser, served: Served, state: str, size: tuple[int, int], *, dark: bool
) -> None:
    served.world.accounts = STATES[state]
    seen = visit(browser, served, size, dark=dark)
    seen.open("/")
    assert (seen.overflow, seen.complaints, seen.elsewhere) == (0, [], [])


@pytest.mark.parametrize("state", STATES)
def test_the_overview_is_accessible_in_every_state(browser: Browser, served: Served, state: str) -> None:
    served.world.accounts = STATES[state]
    seen = visit(browser, served, PHONE)
    seen.open("/")
    assert violations(seen) == []


@pytest.mark.parametrize("state", ["one before its first cycle", "four with troubles", "long names"])
def test_an_account_is_usable_in_every_state(browser: Browser, served: Served, state: str) -> None:
    served.world.accounts = STATES[state]
    seen = visit(browser, served, PHONE)
    seen.open("/account/" + STATES[state][0].id.replace(":", "/"))
    assert seen.overflow == 0
    assert violations(seen) == []


def test_an_owner_sees_their_account_and_no_action(browser: Browser, served: Served) -> None:
    served.world.viewer = Viewer(only=MASTER)
    seen = visit(browser, served, PHONE)
    seen.open("/")
    assert seen.page.url.endswith("/account/kraken/master")
    assert seen.page.locator("a[href^='/act/']").count() == 0
    assert violations(seen) == []


def test_charts_are_drawn(browser: Browser, served: Served) -> None:
    seen = visit(browser, served)
    seen.open("/account/kraken/master")
    seen.page.wait_for_selector("figure[data-chart=price] canvas")
    assert seen.page.locator("figure[data-chart=price] canvas").count() == 2


def test_the_backtest_is_fetched_once_the_page_is_open(browser: Browser, served: Served) -> None:
    served.world.traded = lambda _account: TRADED
    served.world.value(MASTER, 30)
    seen = visit(browser, served, PHONE)
    seen.open("/account/kraken/master")
    seen.page.wait_for_selector("#backtest article")
    assert "NIJA made" in seen.page.locator("#backtest").inner_text()
    assert (seen.overflow, seen.complaints, seen.elsewhere) == (0, [], [])
    assert violations(seen) == []


def test_the_keyboard_reaches_the_content_first(browser: Browser, served: Served) -> None:
    seen = visit(browser, served)
    seen.open("/")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.textContent") == "Skip to content"
    seen.page.keyboard.press("Enter")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.closest('main') !== null")
