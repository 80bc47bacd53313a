"""The page of a backtest in a real browser: one file, opened from the disk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nija.analysis.analysis import Analysis, Questions
from nija.analysis.page import backtest_page
from tests.browser.served import DESK, PHONE, Visit
from tests.browser.test_pages_in_a_browser import violations
from tests.nija.analysis.made_up import at, trade, walk, walked

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

SPLIT = Questions(split=at("2022-01-01"), runs=50)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return walked(walk(2), SPLIT)


def opened(
    browser: Browser, folder: Path, analyses: list[Analysis], size: tuple[int, int] = DESK, *, dark: bool = False
) -> Visit:
    file = folder / "report.html"
    file.write_text(backtest_page(analyses, ["kraken:master starts with $1000.00"]), encoding="utf-8")
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    seen = Visit(context.new_page(), file.as_uri())
    seen.open("")
    return seen


@pytest.mark.parametrize(("size", "dark"), [(PHONE, False), (DESK, True)], ids=["phone, light", "desk, dark"])
def test_it_fits_draws_every_chart_is_accessible_and_asks_for_nothing(
    browser: Browser, tmp_path: Path, analysis: Analysis, size: tuple[int, int], *, dark: bool
) -> None:
    seen = opened(browser, tmp_path, [analysis], size, dark=dark)
    # Equity, drawdown, the market, and the histogram.
    assert seen.page.locator("[data-plot] canvas").count() == 4
    assert seen.overflow == 0
    assert violations(seen) == []
    assert (seen.complaints, seen.elsewhere) == ([], [])


def test_every_chart_has_ink(browser: Browser, tmp_path: Path, analysis: Analysis) -> None:
    seen = opened(browser, tmp_path, [analysis])
    ink = """canvas => {
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return data.filter((value, at) => at % 4 === 3 && value > 0).length;
    }"""
    inked = [seen.page.locator("[data-plot] canvas").nth(index).evaluate(ink) for index in range(4)]
    assert min(inked) > 1_000


def test_pointing_at_a_chart_says_its_values(browser: Browser, tmp_path: Path, analysis: Analysis) -> None:
    seen = opened(browser, tmp_path, [analysis])
    seen.page.locator("[data-plot=equity] .u-over").hover()
    told = seen.page.locator("figure:has([data-plot=equity]) .readout").text_content()
    assert told is not None
    assert "NIJA " in told
    assert told.endswith("USD")


def test_thousands_of_trades_are_leafed_through(browser: Browser, tmp_path: Path, analysis: Analysis) -> None:
    trades = tuple(trade(at("2020-01-02") + 3_600 * hour, str(hour % 7 - 3), days=0) for hour in range(3_000))
    seen = opened(browser, tmp_path, [replace(analysis, result=replace(analysis.result, trades=trades))])
    rows, place = seen.page.locator("table[data-account] tbody tr"), seen.page.locator(".pager span")
    assert (rows.count(), place.text_content()) == (50, "1 to 50 of 3000")
    seen.page.get_by_role("button", name="Later").click()
    assert (rows.count(), place.text_content()) == (50, "51 to 100 of 3000")
    assert seen.complaints == []


def test_an_account_that_never_traded_has_a_page_too(browser: Browser, tmp_path: Path) -> None:
    seen = opened(browser, tmp_path, [walked(walk(2, 15))], PHONE)
    assert seen.page.get_by_text("this backtest says nothing about the strategy").is_visible()
    assert (seen.overflow, seen.complaints) == (0, [])
