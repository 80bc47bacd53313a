"""A data folder of the first version goes on where it was: nothing is lost, doubled or sent again."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from brokers.client_order_id import Purpose, purpose_of
from brokers.kraken.budget import KeyBudget
from brokers.kraken.limits import TIERS
from brokers.model import Fill, OrderStatus, Side
from brokers.nonce import Nonce
from nija.journal.opening import Journals
from nija.journal.records import HaltName
from nija.journal.schema import metadata
from tests.compatibility.first_version import ACCOUNTS, FOLDER, KILLED, Row, Tables, Takeover, lay, rows, rows_by_table
from tests.fakes import ManualClock
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MASTERS = tuple(account for account in ACCOUNTS if str(account).endswith(":master"))
DAIVON = AccountId.parse("kraken:daivon_frazier")
TANIA = AccountId.parse("kraken:tania_gilbert")
KEYS = sorted(path.name for path in (FOLDER / "nonces").iterdir() if path.suffix != ".budget")

# Never written by the first version, and gone since revision 0002.
DROPPED = {"keys"}
KEPT = {
    "equity",
    "events",
    "fills",
    "intents",
    "latches",
    "marks",
    "positions",
    "transitions",
    "write_offs",
}
# What later revisions put into the rows that were there: see nija/journal/migrations.
ADDED: dict[str, Row] = {
    "equity": {"earned": None, "capital": None, "prices": None},
    "write_offs": {"price": "0"},
    "positions": {"keep": None, "keep_reason": None, "keep_signal": None},
}


@pytest.fixture
def take_over(tmp_path: Path) -> Iterator[Callable[[AccountId], Takeover]]:
    begun: list[Takeover] = []

    def begin(account: AccountId) -> Takeover:
        begun.append(Takeover(tmp_path, account))
        return begun[-1]

    yield begin
    for takeover in begun:
        takeover.close()


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Journals]:
    with laid_journals(tmp_path) as journals:
        yield journals


@contextmanager
def laid_journals(data: Path) -> Iterator[Journals]:
    lay(data)
    with closing(Journals(data, ManualClock(KILLED.timestamp()), CapturedLog().logger)) as journals:
        yield journals


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tables, Tables]:
    """All accounts' rows by table: as the first version wrote them, and after the migration."""
    with laid_journals(tmp_path_factory.mktemp("data")) as journals:
        paths = [journals.path(account) for account in ACCOUNTS]
        old = rows_by_table(paths)
        for account in ACCOUNTS:
            journals.open(account).close()
        return old, rows_by_table(paths)


def test_every_table_of_the_first_version_is_judged_here(tables: tuple[Tables, Tables]) -> None:
    old, new = tables
    assert set(old) == KEPT | DROPPED | {"alembic_version"}
    assert set(new) == set(metadata.tables) | {"alembic_version"}


@pytest.mark.parametrize("table", sorted(KEPT))
def test_no_row_is_lost_or_changed_by_the_migrations(tables: tuple[Tables, Tables], table: str) -> None:
    old, new = tables
    assert old[table]
    assert new[table] == [{**row, **ADDED.get(table, {})} for row in old[table]]


@pytest.mark.parametrize("table", sorted(set(metadata.tables) - KEPT))
def test_what_the_first_version_could_not_know_is_left_empty(tables: tuple[Tables, Tables], table: str) -> None:
    assert tables[1][table] == []


def test_the_old_journal_is_kept_beside_the_migrated_one(journals: Journals) -> None:
    account = MASTERS[0]
    old = rows(journals.path(account), "fills")
    journals.open(account).close()
    (backup,) = journals.folder.glob(f"{account.slug}.sqlite3.backup-0001-*")
    assert rows(backup, "fills") == old


def test_accounts_whose_journals_are_migrated_at_the_same_moment_do_not_meet(journals: Journals) -> None:
    ready = threading.Barrier(len(ACCOUNTS))
    failures: list[BaseException] = []

    def begin(account: AccountId) -> None:
        ready.wait()
        try:
            journals.open(account).close()
        except BaseException as failure:  # noqa: BLE001 whatever went wrong in a thread is the test's result
            failures.append(failure)

    threads = [threading.Thread(target=begin, args=(account,)) for account in ACCOUNTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("account", MASTERS, ids=str)
def test_an_open_position_and_its_resting_stop_are_taken_over_without_any_order(
    take_over: Callable[[AccountId], Takeover], account: AccountId
) -> None:
    takeover = take_over(account)
    (stop,) = [intent for intent in takeover.intents if not intent["settled"]]
    takeover.start()
    position = takeover.desk.positions()["ETH/USD"]
    assert position.amount == Decimal(stop["amount"])
    (resting,) = takeover.desk.resting()
    assert (resting.client_id, str(resting.stop_price)) == (stop["client_id"], stop["stop_price"])
    assert not {"place", "amend", "cancel"} & set(takeover.exchange.calls)


@pytest.mark.parametrize("account", MASTERS, ids=str)
def test_a_stop_that_the_first_version_placed_closes_the_position_once(
    take_over: Callable[[AccountId], Takeover], account: AccountId
) -> None:
    takeover = take_over(account)
    takeover.start()
    (stop,) = takeover.desk.resting()
    assert stop.stop_price is not None
    takeover.exchange.set_price("ETH/USD", stop.stop_price)
    takeover.run()
    assert takeover.desk.positions() == {}
    assert len([line for line in takeover.log.lines if "✅ SELL order filled: ETH/USD" in line]) == 1
    assert takeover.exchange.book.requests == []


def test_an_entry_whose_answer_was_lost_becomes_a_position_with_a_stop(
    take_over: Callable[[AccountId], Takeover],
) -> None:
    takeover = take_over(DAIVON)
    (entry,) = [intent for intent in takeover.intents if intent["state"] == "unknown"]
    amount = Decimal(entry["amount"])
    takeover.put_on_books(entry, OrderStatus.FILLED, "OFOUND")
    fee, price = Decimal("0.52"), Decimal(3500)
    takeover.fill(Fill("TFOUND", "OFOUND", "ETH/USD", Side.BUY, amount, price, fee, "USD", KILLED))
    takeover.start()
    assert takeover.desk.positions()["ETH/USD"].amount == amount
    (sent,) = takeover.exchange.book.requests
    assert (purpose_of(sent.client_id), sent.amount, sent.stop_price) == (Purpose.STOP, amount, Decimal("3882.19"))


def test_an_entry_that_never_arrived_is_not_sent_again(take_over: Callable[[AccountId], Takeover]) -> None:
    takeover = take_over(DAIVON)
    takeover.start()
    assert takeover.desk.positions() == {}
    assert takeover.exchange.book.requests == []
    assert takeover.journal.intents.unsettled() == ()


def test_halts_hold_until_they_are_reset(journals: Journals) -> None:
    held = {DAIVON: HaltName.DRAWDOWN, TANIA: HaltName.STOP_TRADING}
    for account in ACCOUNTS:
        with closing(journals.open(account)) as journal:
            assert set(journal.halts.all()) == ({held[account]} if account in held else set())


@pytest.mark.parametrize("key", KEYS)
def test_a_nonce_is_above_all_that_the_first_version_used_even_where_the_clock_was_set_back(
    tmp_path: Path, key: str
) -> None:
    lay(tmp_path)
    mark = int((FOLDER / "nonces" / key).read_text())
    nonce = Nonce(tmp_path / "nonces" / key, clock=ManualClock(KILLED.timestamp() - 86_400))
    assert nonce.next() > mark


@pytest.mark.parametrize("key", KEYS)
def test_calls_that_the_first_version_spent_still_count(tmp_path: Path, key: str) -> None:
    lay(tmp_path)
    spent, counted_at = (FOLDER / "nonces" / f"{key}.budget").read_text().split()[:2]
    tier = TIERS["starter"]
    budget = KeyBudget(tmp_path / "nonces" / f"{key}.budget", tier=tier, clock=ManualClock(float(counted_at)))
    budget.spend(0, 0)
    assert budget.left() == pytest.approx(1 - float(spent) / float(tier.rest_maximum), abs=0.01)
