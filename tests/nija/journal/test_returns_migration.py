"""A journal from before revision 0003 keeps everything that its limits were measured on."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from accounts.identity import AccountId
from nija.journal.migrating import Migrations, shipped, upgrade
from nija.journal.opening import Journals
from nija.risk.trusted_time import ClockReading
from nija.trader.appraisal import Earnings
from nija.trader.return_tracker import AccountValue, ReturnTracker
from tests.fakes import ManualClock
from tests.nija.journal.equity_days import equity_day
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.journal.journal import Journal

ACCOUNT = AccountId.parse("kraken:daivon_frazier")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ROWS = """
INSERT INTO equity
VALUES ('kraken:daivon_frazier', '2026-11-26', 'USD', '10', '60', '80', '2026-11-26T23:59:00.000000Z');
INSERT INTO equity
VALUES ('kraken:daivon_frazier', '2026-11-27', 'USD', '60', '5', '80', '2026-11-27T11:58:00.000000Z');
INSERT INTO positions (account, id, market, opened, strategy, closed)
VALUES ('kraken:daivon_frazier', 'P1', 'BTC/USD', '2026-11-01T00:00:00Z', 'trend', '2026-11-20T00:00:00Z');
INSERT INTO write_offs (account, position_id, amount, reason, time)
VALUES ('kraken:daivon_frazier', 'P1', '0.0155', 'no longer in the account', '2026-11-20T00:00:00.000000Z');
"""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journals = Journals(tmp_path, ManualClock(), CapturedLog().logger)
    write_old(journals.path(ACCOUNT), before_returns(tmp_path / "migrations"))
    journal = journals.open(ACCOUNT)
    yield journal
    journal.close()
    journals.close()


def before_returns(folder: Path) -> Migrations:
    shutil.copytree(shipped().folder, folder)
    for later in (folder / "versions").glob("*_000[3-9].py"):
        later.unlink()
    return Migrations(folder, "0002")


def write_old(path: Path, migrations: Migrations) -> None:
    path.parent.mkdir(parents=True)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        upgrade(connection, migrations)
    engine.dispose()
    with closing(sqlite3.connect(path)) as file:
        file.executescript(ROWS)


def test_the_last_day_keeps_what_was_earned_until_the_equity_is_known(journal: Journal) -> None:
    assert journal.equity.latest() == equity_day(datetime(2026, 11, 27, 11, 58, tzinfo=UTC), "60", "5", "80")


def test_the_first_look_sees_the_days_loss_and_the_drawdown_as_the_old_rules_did(journal: Journal) -> None:
    seen = ReturnTracker(journal.equity).observe(
        AccountValue(Decimal(945), Decimal(5), "USD"), ClockReading(NOW, NOW), 0.0
    )
    assert seen.daily_loss == Decimal("0.055")
    assert round(seen.drawdown, 9) == round(Decimal(75) / 1020, 9)


def test_what_was_written_off_before_stays_the_loss_it_was(journal: Journal) -> None:
    assert Earnings(journal, "USD").total(Decimal(0)) == 0
