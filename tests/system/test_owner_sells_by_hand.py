"""The owner cancels all orders and sells as much as NIJA bought, beside coins of his own that NIJA must not touch."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.made_up import accounts
from tests.system import checker
from tests.system.daemon import until
from tests.system.exchange import quick_exchange
from tests.system.settings import buy_and_hold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.system.daemon import Answer, Daemon
    from tests.system.exchange import QuickExchange, RunningExchange

WHILE_IT_RUNS = ("kraken:master", "coinbase:master")
WHILE_IT_IS_DOWN = ("kraken:daivon_frazier", "coinbase:daivon_frazier")
BEFORE_THE_DISK_IS_LOST = ("kraken:tania_gilbert", "coinbase:tania_gilbert")
EVERYBODY = (*WHILE_IT_RUNS, *WHILE_IT_IS_DOWN, *BEFORE_THE_DISK_IS_LOST)
_OWNED = Decimal("0.0021")
_FACTOR = 8.0


@dataclass(frozen=True, slots=True)
class Aftermath:
    """`lines` of all three daemons, and what the commands said at the end of each."""

    lines: tuple[tuple[str, ...], ...]
    statuses: tuple[Answer, ...]
    state: Mapping[str, Any]


def sell_nijas_amount(exchange: RunningExchange, account: str) -> None:
    """As his exchange's page does it, in two clicks."""
    amount = checker.held(exchange.books(account))["BTC/USD"]
    exchange.undo("orders", account=account)
    exchange.do("orders", account=account, market="BTC/USD", side="sell", amount=str(amount))


def is_booked_out(daemon: Daemon, account: str) -> bool:
    return not checker.journaled(daemon.data, account, "SELECT id FROM positions WHERE closed IS NULL")


def _told_of(account: str, status: str) -> str:
    return status.partition(f"\n{account} (")[2].partition("\n\n")[0]


def _tells_of_all(names: Iterable[str], status: str) -> bool:
    return all("booked out" in _told_of(account, status) for account in names)


@pytest.fixture(scope="module")
def hand_sold(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("run")
    (folder / "nija.toml").write_text(buy_and_hold(EVERYBODY))
    traders = accounts(*EVERYBODY, balances={"USD": Decimal(10_000), "BTC": _OWNED})
    with quick_exchange(traders, _FACTOR) as quick:
        return _three_runs(quick, folder)


def _three_runs(quick: QuickExchange, folder: Path) -> Aftermath:
    exchange, lines, statuses = quick.exchange, [], []
    with quick.daemon(folder) as first:
        first.wait_for("🛡️ Stop placed", count=len(EVERYBODY))
        exchange.freeze()
        for account in WHILE_IT_RUNS:
            sell_nijas_amount(exchange, account)
        for account in WHILE_IT_RUNS:
            until(partial(is_booked_out, first, account), f"{account} has booked its position out")
        statuses.append(first.status(partial(_tells_of_all, WHILE_IT_RUNS)))
        assert first.terminate() == 0
        lines.append(tuple(first.lines))
    for account in WHILE_IT_IS_DOWN:
        sell_nijas_amount(exchange, account)
    with quick.daemon(folder) as second:
        for account in WHILE_IT_IS_DOWN:
            until(partial(is_booked_out, second, account), f"{account} has booked its position out")
        statuses.append(second.status(partial(_tells_of_all, WHILE_IT_IS_DOWN)))
        assert second.terminate() == 0
        lines.append(tuple(second.lines))
    for account in BEFORE_THE_DISK_IS_LOST:
        sell_nijas_amount(exchange, account)
    shutil.rmtree(folder / "data")
    with quick.daemon(folder) as third:
        third.wait_for("Started independent trading thread", count=len(EVERYBODY))
        third.wait_for("booked out", count=len(EVERYBODY))
        statuses.append(third.status(partial(_tells_of_all, EVERYBODY)))
        assert third.terminate() == 0
        lines.append(tuple(third.lines))
    return Aftermath(tuple(lines), tuple(statuses), exchange.state())


pytestmark = [pytest.mark.xdist_group("hand_sold"), pytest.mark.parametrize("account", EVERYBODY)]
RUN_OF = {
    account: number
    for number, accounts_of_it in enumerate((WHILE_IT_RUNS, WHILE_IT_IS_DOWN, BEFORE_THE_DISK_IS_LOST))
    for account in accounts_of_it
}


def test_none_of_the_owners_coins_is_sold_or_rests_for_sale(hand_sold: Aftermath, account: str) -> None:
    checker.assert_the_owner_keeps_his_coins(hand_sold.state, account)
    assert hand_sold.state["accounts"][account]["open_orders"] == []
    assert Decimal(hand_sold.state["accounts"][account]["balances"]["BTC"]) == _OWNED


def test_the_position_is_booked_out_and_the_log_says_why(hand_sold: Aftermath, account: str) -> None:
    taken = Decimal(hand_sold.state["ownership"][account]["shares"]["BTC"]["taken"])
    said = f" BTC sold by the owner's hand: booked out  account={account}"
    (line,) = (line for line in hand_sold.lines[RUN_OF[account]] if said in line)
    assert Decimal(line.partition(said)[0].split()[-1]) == taken


def test_status_says_what_was_booked_out(hand_sold: Aftermath, account: str) -> None:
    of_it = _told_of(account, hand_sold.statuses[RUN_OF[account]].text)
    assert "booked out" in of_it
    assert "sold by the owner's hand" in of_it


def test_it_is_no_loss_of_nijas(hand_sold: Aftermath, account: str) -> None:
    assert not [line for lines in hand_sold.lines for line in lines if "reached the limit" in line and account in line]


def test_after_a_restart_it_stays_booked_out(hand_sold: Aftermath, account: str) -> None:
    later = hand_sold.lines[RUN_OF[account] + 1 : 2]
    assert not [line for lines in later for line in lines if "booked out" in line and account in line]
