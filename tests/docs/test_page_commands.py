"""Every command on a page runs in a fresh copy of the tree and prints what the page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docs.page_run import not_shown
from tests.docs.pages import pages
from tests.docs.scenarios import ACCOUNTS, SCENARIOS

if TYPE_CHECKING:
    from tests.docs.page_run import PageRun

_LONGEST_END = 10.0


def test_every_page_with_commands_has_a_scenario() -> None:
    with_commands = {page.name for page in pages() if any(block.language == "bash" for block in page.blocks)}
    assert with_commands == set(SCENARIOS)


def test_a_shown_line_that_is_not_printed_is_found() -> None:
    assert not_shown("…\nBalance: $12.30\n", "one\nBalance: $7.00\n") == []
    assert not_shown("Balance: $12.30\nNever said\n", "Balance: $7.00\n") == ["Never said"]


def test_each_command_of_a_page_prints_what_the_page_shows(page_run: PageRun) -> None:
    for ran in page_run.blocks:
        assert ran.code == ran.step.code, f"{ran.block.text}{ran.output}"
        assert not_shown(ran.block.shown, ran.output) == [], f"{ran.block.text}{ran.output}"


def test_each_program_of_a_page_ends_soon_after_ctrl_c(page_run: PageRun) -> None:
    assert all(seconds < _LONGEST_END for seconds in page_run.seconds_to_end)


def test_no_command_of_a_page_shows_a_secret(page_run: PageRun) -> None:
    secrets = [text for account in ACCOUNTS for text in (account.api_key.key, account.api_key.secret)]
    said = "".join(ran.output for ran in page_run.blocks)
    assert not any(secret in said for secret in secrets)
