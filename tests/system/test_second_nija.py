"""A second NIJA on the same keys without a common disk: on a second host, or redeployed without a volume.

It takes the first one's positions for its own, buys more, and sells everything. The owner holds coins too.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from brokers.client_order_id import Purpose, purpose_of
from tests.made_up import accounts
from tests.system import checker
from tests.system.daemon import until
from tests.system.exchange import quick_exchange
from tests.system.settings import buy_and_hold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.system.daemon import Answer, Daemon
    from tests.system.exchange import QuickExchange

BOTH = ("kraken:master", "coinbase:master")
_OWNED = "0.0013"
_FACTOR = 8.0
SAID = "another NIJA or program trades this account"


@dataclass(frozen=True, slots=True)
class Aftermath:
    """Of the first NIJA: its lines, its answers while it was paused and afterwards, and the exchange's states then."""

    lines: tuple[str, ...]
    status: Answer
    doctor: Answer
    resumed: Answer
    states: tuple[Mapping[str, Any], ...]

    def said(self, account: str, text: str) -> list[str]:
        return [line for line in self.lines if text in line and f"account={account}" in line]


@pytest.fixture(scope="module")
def two_nijas(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("run")
    for name, markets in (("first", ("BTC/USD",)), ("second", ("BTC/USD", "ETH/USD"))):
        (folder / name).mkdir()
        (folder / name / "nija.toml").write_text(buy_and_hold(BOTH, *markets))
    traders = accounts(*BOTH, balances={"USD": Decimal(10_000), "BTC": Decimal(_OWNED)})
    with quick_exchange(traders, _FACTOR) as quick, quick.daemon(folder / "first") as first:
        first.wait_for("🛡️ Stop placed", count=len(BOTH))
        quick.exchange.freeze()
        paused = _beside_a_second(quick, first, folder / "second")
        status = first.status(lambda text: text.count("sold by another program with NIJA's ids") == len(BOTH))
        doctor = first.ask("doctor")
        resumed = first.ask("resume", "--all")
        for account in BOTH:
            first.wait_for("adopted", f"account={account}")
            first.wait_for(f"No longer: {SAID}", f"account={account}")
        assert first.terminate() == 0
        return Aftermath(tuple(first.lines), status, doctor, resumed, (paused, quick.exchange.state()))


def _beside_a_second(quick: QuickExchange, first: Daemon, folder: Path) -> Mapping[str, Any]:
    """The exchange's state at the moment at which the first one has noticed."""
    with quick.daemon(folder) as second:
        second.wait_for("Stop placed: ETH", count=len(BOTH))
        first.wait_for(SAID, "NIJA buys nothing", count=len(BOTH))
        paused = quick.exchange.state()
        assert second.ask("flatten", "--all", "--yes").code == 0
        for account in BOTH:
            until(partial(_is_booked_out, first, account), f"{account} has booked its position out")
        assert second.terminate() == 0
    return paused


def _is_booked_out(daemon: Daemon, account: str) -> bool:
    return not checker.journaled(daemon.data, account, "SELECT id FROM positions WHERE closed IS NULL")


pytestmark = [pytest.mark.xdist_group("two_nijas"), pytest.mark.parametrize("account", BOTH)]


def test_the_first_says_in_the_log_who_was_noticed_by_which_orders(two_nijas: Aftermath, account: str) -> None:
    orders = two_nijas.states[0]["accounts"][account]["orders"]
    foreign = [order["id"] for order in orders if order["symbol"] == "ETH/USD"]
    assert len(foreign) == 2
    (line,) = two_nijas.said(account, "NIJA buys nothing and moves no stop")
    assert any(one in line for one in foreign)


def test_status_and_doctor_say_so_too(two_nijas: Aftermath, account: str) -> None:
    assert f"🛑 {SAID}, " in two_nijas.status.text
    assert f"(nija resume {account})" in two_nijas.status.text
    assert f"Nothing new is opened: {SAID}" in two_nijas.doctor.text
    assert f"then nija resume {account}" in two_nijas.doctor.text


def test_the_stop_of_the_first_is_left_where_it_was(two_nijas: Aftermath, account: str) -> None:
    checker.assert_every_position_has_its_stop(two_nijas.states[0]["accounts"][account])


def test_what_the_second_sold_is_booked_out_and_said(two_nijas: Aftermath, account: str) -> None:
    assert two_nijas.said(account, "sold by another program with NIJA's ids: booked out")
    assert two_nijas.status.text.count("sold by another program with NIJA's ids") == len(BOTH)


def test_nobody_sells_the_owners_coins(two_nijas: Aftermath, account: str) -> None:
    checker.assert_the_owner_keeps_his_coins(two_nijas.states[1], account)
    owned = two_nijas.states[1]["ownership"][account]
    assert Decimal(owned["shares"]["BTC"]["owner"]) == Decimal(_OWNED)


def test_the_first_enters_nothing_after_it_has_noticed(two_nijas: Aftermath, account: str) -> None:
    entries = [
        [
            order["id"]
            for order in state["accounts"][account]["orders"]
            if purpose_of(order["client_id"]) is Purpose.ENTRY
        ]
        for state in two_nijas.states
    ]
    assert entries[0] == entries[1]


def test_after_nija_resume_it_goes_on_and_takes_up_what_the_other_left(two_nijas: Aftermath, account: str) -> None:
    assert two_nijas.resumed.code == 0
    assert f"✅ {account}: trades again" in two_nijas.resumed.text
    assert two_nijas.said(account, "Resumed: new entries are allowed again")
