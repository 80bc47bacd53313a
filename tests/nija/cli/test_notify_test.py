"""`nija notify test`: a real message to every target, and what each answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from nija.cli.app import app
from tests.nija.notify.inbox import inbox
from tests.nija.telegram.bot_api import TOKEN, bot_api, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

    from tests.nija.notify.inbox import Inbox
    from tests.nija.telegram.bot_api import BotApiStandIn

# apprise still imports a module that Python 3.13 removes.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def box() -> Iterator[Inbox]:
    with inbox() as found:
        yield found


@pytest.fixture
def telegram() -> Iterator[BotApiStandIn]:
    with bot_api() as stand_in:
        yield stand_in


@pytest.fixture
def setup(tmp_path: Path, box: Inbox, telegram: BotApiStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """NIJA's owner has a URL and a chat, the owner of kraken:tania_gilbert a URL and a chat of her own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nija.toml").write_text(
        f'[accounts."kraken:tania_gilbert"]\nnotify_urls = ["{box.notify_url}/tania"]\ntelegram_chat = 2002\n'
    )
    monkeypatch.setenv("NIJA_CONFIG", str(tmp_path / "nija.toml"))
    monkeypatch.setenv("NIJA_NOTIFY_URLS", box.notify_url)
    monkeypatch.setenv("NIJA_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("NIJA_TELEGRAM_CHATS", "1001")
    monkeypatch.setenv("NIJA_TELEGRAM_API_URL", telegram.address)


def notify_test(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["notify", "test", *arguments])


@pytest.mark.usefixtures("setup")
def test_every_target_gets_one_message_and_is_named(box: Inbox, telegram: BotApiStandIn) -> None:
    done = notify_test()
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "✅ URL 1 of NIJA_NOTIFY_URLS (json://…) accepted it",
        "✅ Telegram chat 1001 accepted it",
        "✅ URL 1 of notify_urls of kraken:tania_gilbert (json://…) accepted it",
        "✅ Telegram chat 2002 accepted it",
    ]
    assert [body["title"] for body in box.bodies] == ["NIJA: a test", "kraken:tania_gilbert at NIJA: a test"]
    assert [sent["chat_id"] for sent in telegram.of("sendMessage")] == [1001, 2002]


@pytest.mark.usefixtures("setup")
def test_with_an_account_only_its_owner_gets_the_message(box: Inbox, telegram: BotApiStandIn) -> None:
    assert notify_test("kraken:tania_gilbert").exit_code == 0
    assert len(box.bodies) == 1
    assert [sent["chat_id"] for sent in telegram.of("sendMessage")] == [2002]


@pytest.mark.usefixtures("setup")
def test_a_target_that_refuses_is_named_without_its_token(box: Inbox, telegram: BotApiStandIn) -> None:
    box.status = 401
    telegram.faults["sendMessage"].append(refused(403, f"Forbidden: {TOKEN} was blocked by the user"))
    done = notify_test()
    assert done.exit_code == 2
    assert "❌ URL 1 of NIJA_NOTIFY_URLS (json://…): Check that the URL is right" in done.output
    assert "❌ Telegram chat 1001: Telegram says: HTTP 403: Forbidden: … was blocked by the user" in done.output
    assert "✅ Telegram chat 2002 accepted it" in done.output
    assert "hidden" not in done.output


@pytest.mark.usefixtures("setup")
def test_a_url_that_apprise_does_not_know_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIJA_NOTIFY_URLS", "nonsense://hidden-token")
    done = notify_test()
    assert done.exit_code == 2
    assert "❌ URL 1 of NIJA_NOTIFY_URLS (nonsense://…): this is not a URL that apprise knows" in done.output
    assert "hidden" not in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nobody would be notified: set NIJA_NOTIFY_URLS"),
        (("kraken:master",), 'set notify_urls or telegram_chat in [accounts."kraken:master"] of nija.toml'),
        (("master",), "an account is written"),
    ],
)
def test_where_nothing_is_set_it_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = notify_test(*arguments)
    assert done.exit_code == 2
    assert said in done.output
