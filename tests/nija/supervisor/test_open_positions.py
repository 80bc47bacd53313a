"""Which accounts connect first, and which switched-off accounts are still managed."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from accounts.credentials import Credentials, Discovery
from accounts.environment import ProcessSettings, RunMode
from accounts.identity import AccountId
from accounts.settings import load_settings
from brokers.model import ApiKey
from nija.journal.connection import CommitPoint
from nija.journal.opening import Journals
from nija.strategy.registry import STRATEGY_TABLES
from nija.supervisor.configuration import Configuration
from nija.supervisor.open_positions import (
    OpenPositions,
    open_positions,
    open_positions_first,
    switched_off_with_positions,
)
from tests.fakes import ManualClock
from tests.nija.journal.test_journal_stores import add, an_entry
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MASTER, DAIVON = AccountId.parse("kraken:master"), AccountId.parse("kraken:daivon_frazier")
TANIA = AccountId.parse("kraken:tania_gilbert")


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Journals]:
    with closing(Journals(tmp_path, ManualClock(), CapturedLog().logger)) as opened:
        yield opened


def open_position(journals: Journals, account: AccountId) -> None:
    with closing(journals.open(account)) as journal:
        add(journal, *an_entry())


def unreadable(journals: Journals, account: AccountId) -> None:
    journals.folder.mkdir(parents=True, exist_ok=True)
    journals.path(account).write_bytes(b"this is no database" * 100)


def configuration(folder: Path, *switched_off: AccountId) -> Configuration:
    toml = folder / "nija.toml"
    toml.write_text("".join(f'[accounts."{account}"]\nenabled = false\n' for account in switched_off))
    credentials = tuple(
        Credentials(account, ApiKey(f"key of {account}", ""), "KEY", "SECRET") for account in (MASTER, DAIVON, TANIA)
    )
    discovery = Discovery(credentials, (), (), frozenset())
    return Configuration(
        RunMode.LIVE, ProcessSettings(data_dir=folder), discovery, load_settings(toml, STRATEGY_TABLES), {}
    )


def test_no_journal_and_an_empty_one_hold_nothing(journals: Journals) -> None:
    assert open_positions(journals, MASTER) is OpenPositions.NONE
    journals.open(MASTER).close()
    assert open_positions(journals, MASTER) is OpenPositions.NONE


def test_a_position_is_seen_and_so_is_an_order_that_may_still_buy(journals: Journals) -> None:
    open_position(journals, MASTER)
    assert open_positions(journals, MASTER) is OpenPositions.SOME
    with closing(journals.open(DAIVON)) as journal, journal.transaction(CommitPoint.INTENDED):
        plan, intent = an_entry()
        journal.plans.add(plan)
        journal.intents.add(intent)
    assert open_positions(journals, DAIVON) is OpenPositions.SOME


def test_a_journal_that_cannot_be_read_is_unknown_and_stays_where_it_is(journals: Journals) -> None:
    unreadable(journals, MASTER)
    assert open_positions(journals, MASTER) is OpenPositions.UNKNOWN
    assert list(journals.folder.iterdir()) == [journals.path(MASTER)]


def test_one_database_for_all_without_tables_holds_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'all.sqlite3'}"
    with closing(Journals(tmp_path, ManualClock(), CapturedLog().logger, database_url=url)) as journals:
        assert open_positions(journals, MASTER) is OpenPositions.NONE
        open_position(journals, DAIVON)
        assert (open_positions(journals, MASTER), open_positions(journals, DAIVON)) == (
            OpenPositions.NONE,
            OpenPositions.SOME,
        )


def test_accounts_that_may_have_something_to_protect_connect_first(journals: Journals, tmp_path: Path) -> None:
    open_position(journals, TANIA)
    unreadable(journals, DAIVON)
    order = open_positions_first(configuration(tmp_path).traded(), journals)
    assert [setup.account for setup in order] == [DAIVON, TANIA, MASTER]


def test_a_switched_off_account_is_managed_only_while_it_has_something_open(journals: Journals, tmp_path: Path) -> None:
    open_position(journals, TANIA)
    journals.open(DAIVON).close()
    log = CapturedLog()
    found = list(switched_off_with_positions(configuration(tmp_path, DAIVON, TANIA), journals, log.logger))
    assert [(setup.account, setup.plan.is_switched_off) for setup in found] == [(TANIA, True)]
    assert log.lines == [
        "kraken:daivon_frazier is switched off in nija.toml (enabled = false)",
        "⚠️  kraken:tania_gilbert is switched off: no entries; its open position is still protected",
    ]


def test_a_strategy_that_cannot_be_used_does_not_affect_other_accounts(journals: Journals, tmp_path: Path) -> None:
    open_position(journals, TANIA)
    open_position(journals, DAIVON)
    made = configuration(tmp_path, DAIVON, TANIA)
    toml = tmp_path / "nija.toml"
    toml.write_text(toml.read_text().replace("false", 'false\nstrategy = "gone:Gone"', 1))
    made = Configuration(made.mode, made.process, made.discovery, load_settings(toml, STRATEGY_TABLES), {})
    log = CapturedLog()
    found = list(switched_off_with_positions(made, journals, log.logger))
    assert [setup.account for setup in found] == [TANIA]
    assert any("kraken:daivon_frazier is switched off, but has an open position" in line for line in log.lines)
