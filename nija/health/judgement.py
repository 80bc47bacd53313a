"""Alive in the one sense that matters: useful work is done. A process that merely exists is not healthy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from accounts.manager import AccountSnapshot

# A trader works every few seconds; an exchange's short maintenance is no reason to restart anything.
SILENT_SECONDS = 300.0
START_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """When one account last did useful work; None before the first."""

    account: str
    state: str
    last_work: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    healthy: bool
    reason: str


def pulses(snapshots: Collection[AccountSnapshot]) -> tuple[Pulse, ...]:
    return tuple(Pulse(str(one.account), one.state.value, one.last_work) for one in snapshots)


def judge(accounts: Collection[Pulse], now: datetime, uptime: float) -> Verdict:
    """Healthy while any account works: one that fails is not cured by restarting the others. `uptime` in seconds."""
    if any(works(pulse, now) for pulse in accounts):
        return Verdict(healthy=True, reason="useful work is done")
    if uptime < START_SECONDS:
        return Verdict(healthy=True, reason="starting: no account has done useful work yet")
    if not accounts:
        return Verdict(healthy=False, reason="no account takes part: set credentials, or enable one in nija.toml")
    states = ", ".join(f"{pulse.account} {pulse.state}" for pulse in accounts)
    return Verdict(healthy=False, reason=f"{_since(accounts, now)} ({states}); look at nija.log")


def works(pulse: Pulse, now: datetime) -> bool:
    """Whether the account did useful work lately.

    A moment far ahead is as stale as one far behind: the clock was set back, and a trader at work would have
    reported again since.
    """
    return pulse.last_work is not None and abs((now - pulse.last_work).total_seconds()) <= SILENT_SECONDS


def _since(accounts: Collection[Pulse], now: datetime) -> str:
    worked = [pulse.last_work for pulse in accounts if pulse.last_work is not None]
    if not worked:
        return "no account has done useful work since the start"
    minutes = max(0.0, (now - max(worked)).total_seconds()) / 60
    return f"no account has done useful work for {minutes:.0f} minutes"
