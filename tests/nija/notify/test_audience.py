"""Who is notified of what."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.environment import process_settings
from accounts.settings import Settings, load_settings
from brokers.model import Exchange
from nija.events import (
    AccountDay,
    AccountFailed,
    AccountMonth,
    DaemonStarted,
    DaemonStopped,
    DailySummary,
    FeedSilent,
    MonthlyReport,
    PositionOpened,
)
from nija.notify.audience import Audience
from nija.strategy.registry import STRATEGY_TABLES
from nija.telegram.notifications import audiences
from tests.nija.notify.account_states import MASTER, TANIA

if TYPE_CHECKING:
    from pathlib import Path

    from accounts.identity import AccountId
    from nija.notify.wording import NotifiedEvent

TOKEN = "123456789:" + "hidden-token-" * 3
OWN = """
[accounts."kraken:tania_gilbert"]
notify_urls = ["ntfy://hidden-topic"]
telegram_chat = 2002
"""
EVERYONE = Audience("NIJA_NOTIFY_URLS", ("ntfy://hidden",))
TANIAS = Audience("notify_urls of kraken:tania_gilbert", ("ntfy://hidden",), only=TANIA)


def day(account: AccountId) -> AccountDay:
    return AccountDay(account, "TRADING", "USD", Decimal(100), Decimal(1), 0)


ABOUT_NIJA: tuple[NotifiedEvent, ...] = (
    DaemonStarted("live", (MASTER, TANIA)),
    DaemonStopped(),
    FeedSilent(Exchange.KRAKEN, "", "no answer"),
)


@pytest.mark.parametrize("event", [*ABOUT_NIJA, AccountFailed(MASTER, "x"), AccountFailed(TANIA, "x")])
def test_nijas_owner_is_notified_of_everything(event: NotifiedEvent) -> None:
    assert EVERYONE.part_of(event) is event


@pytest.mark.parametrize("event", [*ABOUT_NIJA, AccountFailed(MASTER, "x")])
def test_an_accounts_owner_is_not_notified_of_nija_and_of_other_accounts(event: NotifiedEvent) -> None:
    assert TANIAS.part_of(event) is None


def test_an_accounts_owner_is_notified_of_that_account() -> None:
    opened = PositionOpened(TANIA, "BTC/USD", Decimal(1), Decimal(2), None, "entry")
    assert TANIAS.part_of(opened) is opened


def test_an_accounts_owner_gets_its_part_of_the_daily_summary() -> None:
    summary = DailySummary(date(2026, 3, 1), (day(MASTER), day(TANIA)))
    assert TANIAS.part_of(summary) == DailySummary(date(2026, 3, 1), (day(TANIA),))
    assert TANIAS.part_of(DailySummary(date(2026, 3, 1), (day(MASTER),))) is None


def test_the_owner_of_an_account_gets_its_month_alone() -> None:
    masters, tanias = AccountMonth(MASTER, "USD", net=Decimal(5)), AccountMonth(TANIA, "USD", net=Decimal(7))
    report = MonthlyReport(date(2026, 3, 1), (masters, tanias))
    assert TANIAS.part_of(report) == MonthlyReport(date(2026, 3, 1), (tanias,))
    assert TANIAS.part_of(MonthlyReport(date(2026, 3, 1), (masters,))) is None


def settings_of(folder: Path, text: str) -> Settings:
    file = folder / "nija.toml"
    file.write_text(text)
    return load_settings(file, STRATEGY_TABLES)


def test_the_owner_of_one_account_gets_its_month_alone() -> None:
    months = tuple(AccountMonth(account, "USD") for account in (MASTER, TANIA))
    report = MonthlyReport(date(2026, 3, 1), months)
    assert TANIAS.part_of(report) == MonthlyReport(date(2026, 3, 1), months[1:])
    assert TANIAS.part_of(MonthlyReport(date(2026, 3, 1), months[:1])) is None


def test_without_targets_there_is_no_audience() -> None:
    assert audiences(process_settings({}), Settings()) == ()
    assert audiences(process_settings({"NIJA_TELEGRAM_CHATS": "1001"}), Settings()) == ()


def test_the_chats_that_may_ask_are_notified_too(tmp_path: Path) -> None:
    process = process_settings({"NIJA_TELEGRAM_TOKEN": TOKEN, "NIJA_TELEGRAM_CHATS": "1001 -100500"})
    everyone, own = audiences(process, settings_of(tmp_path, OWN))
    assert [one.name for one in everyone.recipients] == ["Telegram chat 1001", "Telegram chat -100500"]
    assert [one.name for one in own.recipients] == ["Telegram chat 2002"]
    assert own.only == TANIA
    assert own.names() == ("URL 1 of notify_urls of kraken:tania_gilbert (ntfy://…)",)


@pytest.mark.parametrize("url", ["tgram://{}/1001", "tgram://bot{}/77/1001/", "tgram://{}/1001?silent=yes"])
def test_a_chat_that_a_url_names_gets_each_message_once(url: str) -> None:
    variables = {"NIJA_TELEGRAM_TOKEN": TOKEN, "NIJA_TELEGRAM_CHATS": "1001", "NIJA_NOTIFY_URLS": url.format(TOKEN)}
    (everyone,) = audiences(process_settings(variables), Settings())
    assert everyone.recipients == ()


def test_the_same_chat_of_another_bot_is_another_target() -> None:
    url = f"tgram://{TOKEN[::-1]}/1001"
    variables = {"NIJA_TELEGRAM_TOKEN": TOKEN, "NIJA_TELEGRAM_CHATS": "1001", "NIJA_NOTIFY_URLS": url}
    (everyone,) = audiences(process_settings(variables), Settings())
    assert len(everyone.recipients) == 1


def test_no_repr_shows_a_token(tmp_path: Path) -> None:
    process = process_settings({"NIJA_TELEGRAM_TOKEN": TOKEN, "NIJA_TELEGRAM_CHATS": "1001"})
    assert "hidden" not in repr(audiences(process, settings_of(tmp_path, OWN)))
