"""Why an account is paused, in the words of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.journal.records import HaltName

if TYPE_CHECKING:
    from datetime import datetime

    from nija.status.report import HaltStatus

_STOPPED_BY, _SOLD_BY = "stopped by ", "to be sold by "
# What `nija stop-trading` and `nija flatten` write as the one who gave the command.
_A_COMMAND = "command"


def pause_words(halt: HaltStatus, now: datetime) -> str:
    """`paused by your command of 21:14 UTC`."""
    since = _moment(halt.since, now)
    if halt.reason.startswith(_STOPPED_BY):
        return f"paused by {_giver(halt.reason.removeprefix(_STOPPED_BY), since)}"
    if halt.reason.startswith(_SOLD_BY):
        return f"all positions are to be sold by {_giver(halt.reason.removeprefix(_SOLD_BY), since)}"
    if halt.name == HaltName.STOP_TRADING:
        return f"paused since everything was sold at {since}"
    return f"{halt.reason or halt.name.replace('_', ' ')}, since {since}"


def _giver(who: str, since: str) -> str:
    return f"your command of {since}" if who == _A_COMMAND else f"the command of {since} ({who})"


def _moment(time: datetime, now: datetime) -> str:
    return f"{time:%H:%M} UTC" if time.date() == now.date() else f"{time:%Y-%m-%d %H:%M} UTC"
