"""Everything that can befall one account befalls one account each, all at once; two others must not notice.

All of it is one run, because each account is a stranger to the others: that is what is proven here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from brokers.simulator.faults import FaultKind
from tests.made_up import accounts
from tests.system import judge
from tests.system.conftest import EAGER
from tests.system.daemon import Daemon, until
from tests.system.exchange import FOUR, Venue, exchange
from tests.system.strategies import TREASON

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEALTHY = ("coinbase:master", "kraken:master")
HANGS, ANSWERS_5XX = "coinbase:daivon_frazier", "coinbase:tania_gilbert"
REFUSES_KEY, RAISES = "kraken:daivon_frazier", "kraken:tania_gilbert"
_TROUBLED_FOR = 9.0
# The hung request may take its 30 seconds, the refused key its first wait of 15, and each then connects anew.
_RECOVERY = 75.0


@dataclass(frozen=True, slots=True)
class Aftermath:
    """`since` and `until` bound the time of trouble, in Unix seconds."""

    daemon: Daemon
    state: Mapping[str, Any]
    since: float
    until: float

    def orders(self, account: str, since: float) -> list[Mapping[str, Any]]:
        return [
            request
            for request in self.state["requests"]
            if request["account"] == account and request["endpoint"] == "POST /orders" and request["time"] >= since
        ]


def trouble(folder: Path) -> Aftermath:
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
        for account in (REFUSES_KEY, RAISES):
            daemon.wait_for("Started independent trading thread", f"account={account}", count=2, within=_RECOVERY)
        for account in (HANGS, ANSWERS_5XX):
            until(partial(_trades, venue, account, healed), f"{account} trades again", within=_RECOVERY)
        # What hung beyond its deadline is asked after for minutes: that account's stop may still be unknown.
        judge.wait_until_settled(venue, daemon, "coinbase:master", ANSWERS_5XX)
        until(lambda: judge.knows_all_fills(venue.books(HANGS), daemon.data, HANGS), f"{HANGS} knows all its fills")
        assert daemon.terminate() == 0
        return Aftermath(daemon, venue.state(), since, healed)


def _trades(venue: Venue, account: str, since: float) -> bool:
    return any(order["status"] == 200 for order in venue.requests(account, "POST /orders", since))


pytestmark = pytest.mark.backstage.with_args(trouble)


def test_the_other_accounts_keep_their_rhythm_and_go_on_trading(outcome: Aftermath) -> None:
    orders = outcome.orders("coinbase:master", outcome.since)
    moments = [order["time"] for order in orders if order["time"] <= outcome.until]
    assert len(moments) >= _TROUBLED_FOR / 2
    assert max(later - earlier for earlier, later in pairwise([outcome.since, *moments, outcome.until])) < 5.0


@pytest.mark.parametrize("account", HEALTHY)
def test_nothing_is_said_of_the_accounts_that_are_well(outcome: Aftermath, account: str) -> None:
    said = outcome.daemon.said(f"account={account}")
    assert not [line for line in said if " WARN " in line or " ERROR " in line]


@pytest.mark.parametrize("account", [HANGS, ANSWERS_5XX])
def test_an_account_whose_exchange_failed_it_trades_again_by_itself(outcome: Aftermath, account: str) -> None:
    during = [order for order in outcome.orders(account, outcome.since) if order["time"] < outcome.until]
    assert not [order for order in during if order["status"] == 200 and order["faults"]]
    assert [order for order in outcome.orders(account, outcome.until) if order["status"] == 200]


def test_an_account_that_told_of_5xx_answers_also_says_when_they_are_over(outcome: Aftermath) -> None:
    said = outcome.daemon.said(f"account={ANSWERS_5XX}")
    told = [line for line in said if "cannot be reached as it should" in line]
    assert len([line for line in said if "The exchange answers again" in line]) == len(told)


def test_an_account_whose_key_was_refused_says_so_once_and_trades_again_by_itself(outcome: Aftermath) -> None:
    account = f"account={REFUSES_KEY}"
    assert len(outcome.daemon.said("⚠️  Kraken USER daivon_frazier connection failed: ", account)) == 1
    assert len(outcome.daemon.said("Started independent trading thread", account)) == 2


def test_a_key_that_is_refused_is_not_tried_again_at_once(outcome: Aftermath) -> None:
    mine = [request for request in outcome.state["requests"] if request["account"] == REFUSES_KEY]
    assert 1 <= len([request for request in mine if "refuse_key" in request["faults"]]) <= 3


def test_an_account_that_raises_in_its_thread_is_reported_and_trades_again_by_itself(outcome: Aftermath) -> None:
    account = f"account={RAISES}"
    assert outcome.daemon.said("failed unexpectedly", account)
    assert len(outcome.daemon.said("Started independent trading thread", account)) == 2


@pytest.mark.parametrize("account", ["coinbase:master", HANGS, ANSWERS_5XX])
def test_nothing_was_lost_in_the_trouble(outcome: Aftermath, account: str) -> None:
    books, data = judge.books_of(outcome.state, account), outcome.daemon.data
    judge.assert_books_equal(books, data, account)
    judge.assert_positions_equal(books, data, account)
    judge.assert_no_order_is_doubled(books, data, account)
