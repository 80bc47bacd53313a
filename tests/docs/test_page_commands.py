"""Every command that a page shows is run in a fresh copy of the tree, and says what the page says that it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import pages
from tests.docs.stories import ACCOUNTS, STORIES
from tests.docs.telling import not_shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from tests.docs.telling import Telling

_LONGEST_FAREWELL = 10.0


def test_every_page_with_commands_has_its_story() -> None:
    with_commands = {page.name for page in pages() if any(block.language == "bash" for block in page.blocks)}
    assert with_commands == set(STORIES)


def test_a_line_that_is_not_printed_is_noticed() -> None:
    assert not_shown("…\nBalance: $12.30\n", "one\nBalance: $7.00\n") == []
    assert not_shown("Balance: $12.30\nNever said\n", "Balance: $7.00\n") == ["Never said"]


@pytest.mark.parametrize("name", STORIES)
def test_each_command_of_a_page_does_and_says_what_the_page_tells(
    name: str, tellings: Mapping[str, Future[Telling]]
) -> None:
    telling = tellings[name].result()
    for told in telling.told:
        assert told.code == told.step.code, f"{told.block.text}{told.output}"
        assert not_shown(told.block.shown, told.output) == [], f"{told.block.text}{told.output}"
    assert all(seconds < _LONGEST_FAREWELL for seconds in telling.farewells)


def test_no_command_of_any_page_shows_a_secret(tellings: Mapping[str, Future[Telling]]) -> None:
    secrets = [text for account in ACCOUNTS for text in (account.api_key.key, account.api_key.secret)]
    said = "".join(told.output for telling in tellings.values() for told in telling.result().told)
    assert not any(secret in said for secret in secrets)
