"""`nija status` without a daemon: the exchanges are queried directly, under each key's lock."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.environment import process_settings
from accounts.identity import AccountId
from accounts.ownership import KeyOwnership
from brokers.client_order_id import Purpose, new_client_id
from brokers.clock import utc_now
from brokers.model import ApiKey, Fill, OrderRequest, OrderType, Side
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.faults import FaultKind
from nija.doctor.direct_status import direct_report
from nija.journal.connection import CommitPoint
from nija.journal.opening import Journals
from nija.journal.order_state import OrderState
from nija.journal.records import Intent, PositionPlan
from nija.log import get_log
from nija.status.render import console_for, show
from nija.status.report import StatusExit, StatusReport
from nija.trader.commands import Command, Instruction, carry_out
from tests.nija.doctor.setups import requests_seen
from tests.nija.journal.equity_days import equity_day
from tests.simulator_fixtures import UNLIMITED, manual_rig, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from nija.journal.journal import Journal
    from nija.status.report import AccountStatus
    from tests.simulator_fixtures import Rig

MASTER = AccountId.parse("kraken:master")
MILLI = Decimal("0.001")


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with manual_rig(SimulatorConfig(usd_accounts("123.45"), limits=UNLIMITED)) as running:
        yield running


def asked(rig: Rig, folder: Path, keys: dict[str, ApiKey]) -> StatusReport:
    rig.advance(30)
    values = {
        "KRAKEN_API_URL": rig.simulator.kraken_url,
        "NIJA_DATA_DIR": str(folder),
        "NIJA_NONCE_OFFSET_MAX": "0",
    }
    for name, key in keys.items():
        prefix = AccountId.parse(name).env_prefix
        values |= {f"{prefix}_API_KEY": key.key, f"{prefix}_API_SECRET": key.secret}
    return direct_report(values, process_settings(values, folder), rig.clock)


def test_masters_and_users_are_asked_and_the_masters_are_counted(rig: Rig, tmp_path: Path) -> None:
    names = ("kraken:master", "kraken:tania_gilbert")
    report = asked(rig, tmp_path, {name: rig.simulated(name).api_key for name in names})
    assert [(account.id, account.state) for account in report.accounts] == [(name, "CONNECTED") for name in names]
    assert report.exit_code is StatusExit.NONE
    out = io.StringIO()
    show(report, utc_now(rig.clock), console_for(out))
    assert "Master Exchanges Connected: 1\n  - kraken: $123.45\n" in out.getvalue()
    assert "NIJA is not running" in out.getvalue()


def test_an_account_that_does_not_work_is_shown_with_the_reason_and_the_command_that_explains_it(
    rig: Rig, tmp_path: Path
) -> None:
    master = rig.simulated("kraken:master").api_key
    other = rig.simulated("kraken:tania_gilbert").api_key
    (account,) = asked(rig, tmp_path, {"kraken:master": replace(master, secret=other.secret)}).accounts
    assert account.state == "FAILED"
    assert account.reason == "Invalid signature (run nija doctor kraken:master to see how to fix it)"


def test_credentials_at_fault_are_listed_and_not_used(rig: Rig, tmp_path: Path) -> None:
    report = asked(rig, tmp_path, {"kraken:master": ApiKey("short", "short")})
    assert [account.state for account in report.accounts] == ["FAILED"]
    assert "KRAKEN_MASTER_API" in report.accounts[0].reason


def test_a_key_that_a_process_uses_is_left_alone(rig: Rig, tmp_path: Path) -> None:
    key = rig.simulated("kraken:master").api_key
    with KeyOwnership(tmp_path, key.fingerprint, rig.clock, "nija run"):
        before = requests_seen(rig)
        (account,) = asked(rig, tmp_path, {"kraken:master": key}).accounts
    assert account.reason.startswith("The key is in use by another process")
    assert requests_seen(rig) == before


class TestWhatTheJournalKnows:
    """The account holds 0.001 BTC, bought at 90000 with its stop at 85000; the price is 50000."""

    @pytest.fixture
    def journal(self, tmp_path: Path, rig: Rig) -> Iterator[Journal]:
        with (
            closing(Journals(tmp_path, rig.clock, get_log("tests"))) as journals,
            closing(journals.open(MASTER)) as one,
        ):
            write_position(one, utc_now(rig.clock))
            yield one

    def shown(self, rig: Rig, folder: Path, key: ApiKey) -> AccountStatus:
        (account,) = asked(rig, folder, {"kraken:master": key}).accounts
        return account

    @pytest.mark.usefixtures("journal")
    def test_positions_stops_and_equity_are_shown_with_the_price_of_now(self, rig: Rig, tmp_path: Path) -> None:
        account = self.shown(rig, tmp_path, rig.simulated("kraken:master").api_key)
        assert account.state == "CONNECTED"
        (held,) = account.positions
        assert (held.market, held.amount, held.stop) == ("BTC/USD", MILLI, Decimal(85000))
        assert (held.price, held.profit) == (Decimal(50000), Decimal(-40))
        assert held.steps.price is not None
        (resting,) = account.resting_orders
        assert (resting.purpose, resting.price, resting.amount) == ("stop", Decimal(85000), MILLI)
        assert account.equity == Decimal("218.45")

    @pytest.mark.usefixtures("journal")
    def test_it_says_when_the_journal_was_last_written(self, rig: Rig, tmp_path: Path) -> None:
        account = self.shown(rig, tmp_path, rig.simulated("kraken:master").api_key)
        assert account.last_seen is not None
        report = StatusReport(None, "1.0", None, "not running", (account,))
        out = io.StringIO()
        show(report, account.last_seen + timedelta(hours=3), console_for(out))
        assert "the journal was last written 3 h ago" in out.getvalue()
        assert "BTC/USD  " in out.getvalue()

    def test_a_halt_is_shown(self, rig: Rig, tmp_path: Path, journal: Journal) -> None:
        carry_out(journal, Instruction(Command.STOP_TRADING), utc_now(rig.clock))
        account = self.shown(rig, tmp_path, rig.simulated("kraken:master").api_key)
        assert [halt.reason for halt in account.latches] == ["stopped by command"]

    @pytest.mark.usefixtures("journal")
    def test_it_is_shown_for_a_key_that_does_not_work_too(self, rig: Rig, tmp_path: Path) -> None:
        account = self.shown(rig, tmp_path, ApiKey("short", "short"))
        assert account.state == "FAILED"
        (held,) = account.positions
        assert (held.stop, held.price, held.profit) == (Decimal(85000), None, None)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.UNAVAILABLE_BEFORE, "Kraken does not answer this account's requests (it passes: try again in "),
        (FaultKind.RATE_LIMIT, "Kraken's rate limit is reached (it passes: try again in "),
    ],
)
def test_what_passes_by_itself_is_no_failure(tmp_path: Path, kind: FaultKind, reason: str) -> None:
    with manual_rig(SimulatorConfig(usd_accounts("123.45"), limits=UNLIMITED)) as rig:
        rig.fault(kind, endpoint="GetApiKeyInfo", count=1000)
        (account,) = asked(rig, tmp_path, {"kraken:master": rig.simulated("kraken:master").api_key}).accounts
    assert account.state == "NO ANSWER"
    assert account.reason.startswith(reason)


def write_position(journal: Journal, now: datetime) -> None:
    entry, stop = (new_client_id(purpose) for purpose in (Purpose.ENTRY, Purpose.STOP))
    with journal.transaction(CommitPoint.NOTED):
        journal.plans.add(PositionPlan(entry, "BTC/USD", now, "trend", stop_price=Decimal(85000)))
        for purpose, request, state in (
            (Purpose.ENTRY, order(entry, Side.BUY, OrderType.MARKET, now), OrderState.FILLED),
            (Purpose.STOP, order(stop, Side.SELL, OrderType.STOP, now, Decimal(85000)), OrderState.OPEN),
        ):
            is_entry = purpose is Purpose.ENTRY
            filled = MILLI if is_entry else Decimal(0)
            journal.intents.add(Intent(request, entry, purpose, state, now, filled, settled=is_entry))
        bought = Fill("F-1", "O-1", "BTC/USD", Side.BUY, MILLI, Decimal(90000), Decimal(0), "USD", now)
        journal.fills.book(entry, bought, now)
    journal.equity.save(equity_day(now, "1", "1", "1", "0", "218.45"))


def order(
    client_id: str, side: Side, kind: OrderType, now: datetime, stop_price: Decimal | None = None
) -> OrderRequest:
    return OrderRequest(client_id, "BTC/USD", side, kind, MILLI, now, stop_price=stop_price)
