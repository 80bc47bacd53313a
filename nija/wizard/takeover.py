"""Lets a running daemon take up what the wizard wrote, and shows the account until it trades: no restart."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from brokers.figures import duration
from nija.control.client import ask
from nija.control.reload import ReloadReport
from nija.control.wire import ControlError
from nija.status.report import TRADING, StatusReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from nija.status.report import AccountStatus

_POLL_SECONDS = 0.5
# Even with many accounts before it in the queue, this long is worth waiting for.
_PATIENCE_SECONDS = 60.0
_AT_THE_END = MappingProxyType(
    {
        TRADING: "✅ {} trades after {passed}, without a restart. To watch it: nija status",
        "PAUSED": "⚠️  {} is connected and trades nothing new: {reason}",
        "FAILED": "❌ {} failed: {reason}",
    }
)
_RESTART = "   The running NIJA could not take it up ({}): restart it"


class Takeover:
    """`say` prints one line. No method raises for a daemon that does not answer: it is told to restart it instead."""

    def __init__(self, data_dir: Path, clock: Clock, say: Callable[[str], None]) -> None:
        self._data_dir = data_dir
        self._clock = clock
        self._say = say

    def added(self, account: AccountId) -> bool:
        """Take up an account that was written; show its state until it trades. Whether it does."""
        began = utc_now(self._clock)
        report = self._reload("   Start NIJA with ./start.sh")
        if report is None:
            return False
        self._say_all(report.notices)
        if all(note.account != str(account) for note in report.accounts):
            return False
        return self._watch(account, began)

    def removed(self, account: AccountId) -> None:
        """Take up that an account was removed."""
        report = self._reload()
        if report is not None:
            self._say_all(report.notices)
            self._say_all(note.text for note in report.accounts if note.account == str(account))

    def _reload(self, not_running: str = "") -> ReloadReport | None:
        """What the daemon took up; None if none runs, or if it could not, which was said."""
        try:
            answer = ask(self._data_dir, "reload")
            report = None if answer is None else ReloadReport.from_json(answer)
        except (ControlError, ValueError) as error:
            self._say(_RESTART.format(error))
            return None
        if answer is None and not_running:
            self._say(not_running)
        return report

    def _watch(self, account: AccountId, began: datetime) -> bool:
        """States from before `began` are those of a former key."""
        until, shown = self._clock.monotonic() + _PATIENCE_SECONDS, ""
        while self._clock.monotonic() < until:
            known = self._status(account)
            if known is not None and known.since is not None and known.since >= began:
                passed = duration((utc_now(self._clock) - began).total_seconds())
                if known.state in _AT_THE_END:
                    self._say(_AT_THE_END[known.state].format(account, passed=passed, reason=known.reason))
                    return known.state == TRADING
                if known.state != shown:
                    shown = known.state
                    self._say(f"   {account}: {shown} ...")
            self._clock.sleep(_POLL_SECONDS)
        self._say(f"   {account} does not trade yet: nija status shows how it goes on")
        return False

    def _status(self, account: AccountId) -> AccountStatus | None:
        try:
            answer = ask(self._data_dir, "status")
            accounts = () if answer is None else StatusReport.from_json(answer).accounts
        except (ControlError, ValueError):
            return None
        return next((one for one in accounts if one.id == str(account)), None)

    def _say_all(self, texts: Iterable[str]) -> None:
        for text in texts:
            self._say(f"⚠️  {text[:1].upper()}{text[1:]}")
