"""Account threads that cannot be made or started: only their own account waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from accounts.credentials import Credentials
from accounts.identity import AccountId
from accounts.manager import AccountManager, AccountState
from accounts.settings import Settings
from brokers.model import ApiKey
from nija.supervisor.configuration import AccountSetup
from nija.supervisor.roster import Roster, RosterTools
from nija.trader.plan import trading_plan
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from pathlib import Path

    from accounts.ownership import KeyOwnership
    from brokers.model import Exchange
    from nija.supervisor.account import AccountThread
    from nija.supervisor.exchange_runtime import ExchangeRuntime

BAD = AccountId.parse("kraken:master")
GOOD = AccountId.parse("kraken:daivon_frazier")


class Locks:
    """How many are held; each is a lock too."""

    held = 0

    def take(self, _setup: AccountSetup) -> KeyOwnership:
        self.held += 1
        return cast("KeyOwnership", self)

    def release(self) -> None:
        self.held -= 1


class Thread:
    """Of one account; `fault` is what starting it raises."""

    def __init__(self, account: AccountId, fault: Exception | None) -> None:
        self.account = account
        self.fault = fault
        self.has_ended = False

    def start(self) -> None:
        if self.fault is not None:
            self.has_ended = True
            raise self.fault


class Runtime:
    def start(self) -> None:
        pass


class Rig:
    def __init__(self, folder: Path, *, in_start: bool) -> None:
        clock, self.log = ManualClock(), CapturedLog()
        self.manager, self.locks = AccountManager(clock), Locks()
        self.fault: Exception | None = OSError("Too many open files")

        def make_thread(setup: AccountSetup, _runtime: ExchangeRuntime) -> AccountThread:
            fault = self.fault if setup.account == BAD else None
            if fault is not None and not in_start:
                raise fault
            return cast("AccountThread", Thread(setup.account, fault))

        def make_runtime(_exchange: Exchange, _poll_seconds: float) -> ExchangeRuntime:
            return cast("ExchangeRuntime", Runtime())

        journals = journals_in(folder, clock, self.log.logger)
        logger = self.log.logger
        self.roster = Roster(
            RosterTools(self.manager, journals, clock, logger, self.locks.take, make_runtime, make_thread)
        )

    def begin(self, account: AccountId) -> None:
        credentials = Credentials(account, ApiKey(f"key of {account}", "secret"), "", "")
        self.roster._wanted[account] = AccountSetup(credentials, trading_plan(Settings().for_account(account)))


@pytest.mark.parametrize("in_start", [False, True], ids=["made", "started"])
def test_an_account_that_cannot_be_started_holds_up_no_other_and_keeps_no_lock(
    tmp_path: Path, *, in_start: bool
) -> None:
    rig = Rig(tmp_path, in_start=in_start)
    rig.begin(BAD)
    rig.begin(GOOD)
    for _ in range(3):
        rig.roster.look()
    assert GOOD in [thread.account for thread in rig.roster.threads]
    assert rig.locks.held == len(rig.roster.threads)
    failed = rig.manager.snapshot(BAD)
    assert failed.state is AccountState.FAILED
    assert "Too many open files" in failed.reason
    assert len([line for line in rig.log.lines if "Too many open files" in line]) == 1

    rig.fault = None
    rig.roster.look()
    rig.roster.look()
    assert {thread.account for thread in rig.roster.threads} == {BAD, GOOD}
    assert rig.locks.held == 2
