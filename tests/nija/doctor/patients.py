"""Set-ups to be examined: a folder, an environment, and whatever a test breaks in them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from nija.doctor.examination import Patient, examine
from nija.doctor.render import lines

if TYPE_CHECKING:
    from pathlib import Path

    from brokers.clock import Clock
    from brokers.model import ApiKey
    from nija.doctor.finding import DoctorReport, Finding
    from tests.simulator_fixtures import Rig


def requests_seen(rig: Rig) -> int:
    """How many requests the exchange has had; it notes one only after it was answered."""
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
        return examine(Patient(self.environ, self.folder, self.clock, wanted))

    def first(self, account: str | None = None) -> Finding:
        """The first ❌, which must name the true cause."""
        found = self.examine(account).first_broken()
        assert found is not None, "nothing was found to be broken"
        return found

    def text(self, account: str | None = None) -> list[str]:
        return list(lines(self.examine(account)))
