"""Everything that can befall one account befalls one account each, all at once; two others must not notice.

All of it is one run, because each account is a stranger to the others: that is what is proven here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from brokers.simulator.faults import FaultKind
from tests.system import judge
from tests.system.conftest import EAGER
from tests.system.daemon import Daemon, until
from tests.system.exchange import FOUR, Venue, accounts, exchange
from tests.system.strategies import TREASON

if TYPE_CHECKING:
    from collections.abc import Iterator

HEALTHY = ("coinbase:master", "kraken:master")
HANGS, ANSWERS_5XX = "coinbase:daivon_frazier", "coinbase:tania_gilbert"
REFUSES_KEY, RAISES = "kraken:daivon_frazier", "kraken:tania_gilbert"
_TROUBLED_FOR = 9.0
# The hung request may take its 30 seconds, the refused key its first wait of 15, and each then connects anew.
_RECOVERY = 75.0


@dataclass(frozen=True, slots=True)
class Troubled:
    """`since` and `until` bound the time of trouble, in Unix seconds."""

    venue: Venue
    daemon: Daemon
    since: float
    until: float


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Troubled]:
    folder = tmp_path_factory.mktemp("isolation")
    table = f'[accounts."{RAISES}"]\n'
    own = 'strategy = "tests.system.strategies:Treacherous"\n'
    (folder / "nija.toml").write_text(EAGER.replace(table, table + own))
    names = (*FOUR, HANGS, ANSWERS_5XX)
    with exchange(accounts(*names)) as venue, Daemon(folder, venue.environment) as daemon:
        daemon.wait_for("Started independent trading thread", count=len(names))
        for account in ("coinbase:master", HANGS, ANSWERS_5XX):
            daemon.wait_for("BUY order filled", f"account={account}")
        since = time.time()
        venue.fault(FaultKind.HANG, account=HANGS, seconds=30)
        venue.fault(FaultKind.ERROR_BEFORE, account=ANSWERS_5XX, status=503)
        venue.fault(FaultKind.REFUSE_KEY, account=REFUSES_KEY)
        (folder / TREASON).touch()
        time.sleep(_TROUBLED_FOR)
        healed = time.time()
        venue.heal()
        (folder / TREASON).unlink()
        yield Troubled(venue, daemon, since, healed)
        assert daemon.terminate() == 0


def test_the_other_accounts_keep_their_rhythm_and_go_on_trading(troubled: Troubled) -> None:
    orders = troubled.venue.requests("coinbase:master", "POST /orders", since=troubled.since)
    moments = [order["time"] for order in orders if order["time"] <= troubled.until]
    assert len(moments) >= _TROUBLED_FOR / 2
    assert max(later - earlier for earlier, later in pairwise([troubled.since, *moments, troubled.until])) < 5.0


@pytest.mark.parametrize("account", HEALTHY)
def test_nothing_is_said_of_the_accounts_that_are_well(troubled: Troubled, account: str) -> None:
    said = troubled.daemon.said(f"account={account}")
    assert not [line for line in said if " WARN " in line or " ERROR " in line]


@pytest.mark.parametrize("account", [HANGS, ANSWERS_5XX])
def test_an_account_whose_exchange_failed_it_trades_again_by_itself(troubled: Troubled, account: str) -> None:
    def trades_again() -> bool:
        orders = troubled.venue.requests(account, "POST /orders", since=troubled.until)
        return any(order["status"] == 200 for order in orders)

    until(trades_again, f"{account} trades again", within=_RECOVERY)


def test_an_account_whose_exchange_answers_only_5xx_says_so(troubled: Troubled) -> None:
    troubled.daemon.wait_for(" WARN ", "The exchange cannot be reached as it should", f"account={ANSWERS_5XX}")
    troubled.daemon.wait_for("The exchange answers again", f"account={ANSWERS_5XX}")


def test_an_account_whose_key_was_refused_says_so_once_and_trades_again_by_itself(troubled: Troubled) -> None:
    daemon, account = troubled.daemon, f"account={REFUSES_KEY}"
    daemon.wait_for("Started independent trading thread", account, count=2, within=_RECOVERY)
    assert len(daemon.said("⚠️  Kraken USER daivon_frazier connection failed: ", account)) == 1


def test_a_key_that_is_refused_is_not_tried_again_at_once(troubled: Troubled) -> None:
    refused = [request for request in troubled.venue.requests(REFUSES_KEY) if "refuse_key" in request["faults"]]
    assert 1 <= len(refused) <= 3


def test_an_account_that_raises_in_its_thread_is_reported_and_trades_again_by_itself(troubled: Troubled) -> None:
    daemon, account = troubled.daemon, f"account={RAISES}"
    daemon.wait_for("Started independent trading thread", account, count=2, within=_RECOVERY)
    assert daemon.said("failed unexpectedly", account)


@pytest.mark.parametrize("account", ["coinbase:master", HANGS, ANSWERS_5XX])
def test_nothing_was_lost_in_the_trouble(troubled: Troubled, account: str) -> None:
    data = troubled.daemon.data
    judge.wait_until_settled(troubled.venue, troubled.daemon, account)
    judge.assert_books_equal(troubled.venue.books(account), data, account)
    judge.assert_positions_equal(troubled.venue.books(account), data, account)
    judge.assert_no_order_is_doubled(troubled.venue.books(account), data, account)
