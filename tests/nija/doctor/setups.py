"""Setups for doctor to examine: a folder, an environment, and what a test breaks in them."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.model import Exchange
from brokers.simulator.config import TRADING_PERMISSIONS, SimulatedAccount, kraken_key
from nija.doctor.examination import ExaminationScope, examine
from nija.doctor.render import lines

if TYPE_CHECKING:
    from pathlib import Path

    from brokers.clock import Clock
    from brokers.model import ApiKey
    from nija.doctor.finding import DoctorReport, Finding
    from tests.simulator_fixtures import Rig


_CHANCE = random.Random(11)


def _account(owner: str, **changes: object) -> SimulatedAccount:
    balances = {"USD": Decimal("1234.56")}
    made = SimulatedAccount(Exchange.KRAKEN, owner, kraken_key(_CHANCE), balances, account_uid=f"AA00 {owner}")
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields of a SimulatedAccount


ACCOUNTS = (
    _account("master"),
    _account("poor", balances={"USD": Decimal("3.10")}),
    _account("coins", balances={"SOL": Decimal(50)}),
    _account("no_cancel", permissions=TRADING_PERMISSIONS - {"close-trades"}),
    _account("no_funds", permissions=TRADING_PERMISSIONS - {"query-funds"}),
    _account("withdraws", permissions=TRADING_PERMISSIONS | {"withdraw-funds"}),
    _account("twin", account_uid="AA00 master"),
)
KEYS = {account.owner: account.api_key for account in ACCOUNTS}
STRANGER = kraken_key(_CHANCE)


def requests_seen(rig: Rig) -> int:
    """How many requests the exchange has received; it records one only after answering it."""
    time.sleep(0.1)
    return len(rig.simulator.world.records.requests)


@dataclass(slots=True)
class BrokenSetUp:
    """An environment that points at the simulator; tests add credentials and faults to `environ`."""

    folder: Path
    clock: Clock
    environ: dict[str, str] = field(default_factory=dict)

    def credentials(self, account: str, key: ApiKey) -> None:
        prefix = AccountId.parse(account).env_prefix
        self.environ[f"{prefix}_API_KEY"] = key.key
        self.environ[f"{prefix}_API_SECRET"] = key.secret

    def examine(self, account: str | None = None) -> DoctorReport:
        wanted = AccountId.parse(account) if account is not None else None
        return examine(ExaminationScope(self.environ, self.folder, self.clock, wanted))

    def first(self, account: str | None = None) -> Finding:
        """The first ❌, which must name the cause."""
        found = self.examine(account).first_broken()
        assert found is not None, "nothing was found to be broken"
        return found

    def text(self, account: str | None = None) -> list[str]:
        return list(lines(self.examine(account)))
