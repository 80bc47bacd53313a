"""A line when something is wrong with an account, and one when it is no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.status.report import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structlog.typing import FilteringBoundLogger

    from nija.status.report import AccountStatus, Fault

    Wrong = tuple[str, FaultKind, str]
    """Whose it is (an account or an exchange), the kind, and the market."""


class FaultLog:
    """Used by one thread."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._told: dict[Wrong, Fault] = {}

    def tell(self, accounts: Iterable[AccountStatus]) -> None:
        """Market data is told once, however many accounts follow it."""
        found = {
            (one.exchange if fault.kind is FaultKind.NO_MARKET_DATA else one.id, fault.kind, fault.market): fault
            for one in accounts
            for fault in one.faults
        }
        for wrong, fault in found.items():
            if wrong not in self._told and not fault.is_logged:
                self._log.warning(f"⚠️  {fault.text}", **_whose(wrong))
        for wrong, fault in self._told.items():
            if wrong not in found:
                self._log.info(f"No longer: {fault.text}", **_whose(wrong))
        self._told = found


def _whose(wrong: Wrong) -> dict[str, str]:
    return {"exchange" if wrong[1] is FaultKind.NO_MARKET_DATA else "account": wrong[0]}
