"""The kill switch: latches in the accounts' journals, which a running trader reads anew every cycle.

So the same acts serve the daemon's control socket and a command without a daemon.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.clock import utc_now
from nija.control.values import from_plain, to_plain
from nija.journal.records import LatchName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from brokers.clock import Clock
    from nija.journal.journal import Journal
    from nija.journal.opening import Journals

    Handler = Callable[[dict[str, object]], dict[str, object]]

BY_COMMAND = "stopped by command"


class Switch(StrEnum):
    STOP_TRADING = "stop_trading"
    FLATTEN = "flatten"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Switched:
    """What became of one account; `changed` is false where it was so already."""

    account: str
    changed: bool
    latches: tuple[str, ...] = ()


def switch_handlers(
    journals: Journals, accounts: Callable[[], Iterable[AccountId]], clock: Clock
) -> Mapping[str, Handler]:
    """For the control socket: `stop_trading`, `flatten` and `resume`, each of `account` or, without it, of all."""

    def handler(switch: Switch) -> Handler:
        def handle(arguments: dict[str, object]) -> dict[str, object]:
            chosen = _chosen(arguments.get("account"), tuple(accounts()))
            return {"accounts": to_plain(turn(switch, journals, chosen, clock))}

        return handle

    return {switch.value: handler(switch) for switch in Switch}


def read_switched(answer: Mapping[str, object]) -> tuple[Switched, ...]:
    """Raises ValueError."""
    accounts = answer.get("accounts")
    return tuple(from_plain(Switched, one) for one in accounts) if isinstance(accounts, list) else ()


def turn(switch: Switch, journals: Journals, accounts: Iterable[AccountId], clock: Clock) -> tuple[Switched, ...]:
    """Raises JournalError."""
    return tuple(_turn_one(switch, journals, account, utc_now(clock)) for account in accounts)


def _turn_one(switch: Switch, journals: Journals, account: AccountId, now: datetime) -> Switched:
    with closing(journals.open(account)) as journal:
        changed = _resume(journal, now) if switch is Switch.RESUME else _stop(journal, switch, now)
        return Switched(str(account), changed, tuple(sorted(journal.latches.all())))


def _stop(journal: Journal, switch: Switch, now: datetime) -> bool:
    changed = journal.latches.set(LatchName.STOP_TRADING, BY_COMMAND, now)
    if switch is Switch.FLATTEN:
        changed = journal.latches.set(LatchName.FLATTEN, "to be sold by command", now) or changed
    if changed:
        journal.events.add(switch.value, now, detail={"by": "command"})
    return changed


def _resume(journal: Journal, now: datetime) -> bool:
    """Every latch goes, those of the loss limits too; what was lost until now no longer counts against them."""
    cleared = [name for name in LatchName if journal.latches.reset(name)]
    today = journal.equity.latest()
    if today is not None and (LatchName.DAILY_LOSS in cleared or LatchName.DRAWDOWN in cleared):
        journal.equity.reset_peak(today.latest, now)
    if cleared:
        journal.events.add(Switch.RESUME.value, now, detail={"by": "command", "cleared": ", ".join(cleared)})
    return bool(cleared)


def _chosen(wanted: object, known: tuple[AccountId, ...]) -> tuple[AccountId, ...]:
    """Raises ValueError that names the accounts there are."""
    if wanted is None:
        return known
    account = AccountId.parse(str(wanted))
    if account not in known:
        raise ValueError(f"{account} is no account of this NIJA; there are: {', '.join(map(str, known)) or 'none'}")
    return (account,)
