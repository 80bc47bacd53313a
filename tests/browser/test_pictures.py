"""The pictures of the pages in README.md and docs/quick-start.md, from a running demo.

They are written into the folder that NIJA_PICTURES names, with a curve of NIJA_PICTURES_AFTER seconds; without that
they are made and thrown away:

    NIJA_PICTURES=docs/pictures NIJA_PICTURES_AFTER=90 .venv/bin/python -m pytest tests/browser/test_pictures.py
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.system.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

# So that the curve has some length.
_CURVE_SECONDS = float(os.environ.get("NIJA_PICTURES_AFTER", "0"))
_DESK, _PHONE = (1280, 1000), (390, 844)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page of a demo."""
    with Daemon(tmp_path_factory.mktemp("demo"), cold=True) as daemon:
        said = daemon.wait_for("🌐 The page: ")
        found = re.search(r"http://\S+?(?=[,\s]|$)", said)
        assert found is not None, said
        yield found.group()
        daemon.terminate()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chosen = os.environ.get("NIJA_PICTURES")
    return Path(chosen) if chosen else tmp_path_factory.mktemp("pictures")


def opened(browser: Browser, address: str, size: tuple[int, int], scheme: str, scale: float) -> Page:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=scale,
    )
    page = context.new_page()
    page.goto(address)
    expect(page.locator("tbody tr")).to_have_count(4, timeout=60_000)
    expect(page.locator("#summary")).to_contain_text("4 of 4", timeout=90_000)
    return page


def test_the_overview_of_a_demo_shows_four_accounts_that_trade(browser: Browser, demo: str, pictures: Path) -> None:
    light, dark = (opened(browser, demo, _DESK, scheme, 1.5) for scheme in ("light", "dark"))
    light.wait_for_selector("[data-chart] canvas", timeout=60_000)
    light.wait_for_timeout(1000 * _CURVE_SECONDS)
    # Trouble that passes may need a person at any moment; a picture waits for a calm one.
    expect(light.locator("#urgent")).to_contain_text("Nothing needs you", timeout=90_000)
    expect(light.locator("td.open").filter(has_text=re.compile(r"[12]$")).first).to_be_visible(timeout=90_000)
    for page, name in ((light, "overview-light.png"), (dark, "overview-dark.png")):
        page.screenshot(path=pictures / name)
        assert (pictures / name).stat().st_size > 20_000


def test_the_page_of_a_demo_fits_a_phone(browser: Browser, demo: str, pictures: Path) -> None:
    page = opened(browser, demo, _PHONE, "light", 2)
    page.wait_for_selector("[data-chart] canvas", timeout=60_000)
    page.screenshot(path=pictures / "overview-phone.png")
    width: int = page.evaluate("document.documentElement.scrollWidth")
    assert width <= _PHONE[0]
