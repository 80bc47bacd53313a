"""Each event in words: what happened, and what it means for the reader."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.identity import short_name
from nija.log import lines
from nija.notify.events import (
    AccountDay,
    AccountFailed,
    AccountRecovered,
    DaemonStarted,
    DaemonStopped,
    DailySummary,
    LimitReached,
    PositionClosed,
    PositionOpened,
)

if TYPE_CHECKING:
    from decimal import Decimal

    from accounts.identity import AccountId
    from nija.notify.events import Event


class Severity(StrEnum):
    """In apprise's words, the least first."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    text: str
    severity: Severity = Severity.INFO


def words(event: Event) -> Words:  # noqa: PLR0911  one answer for each kind of event
    match event:
        case AccountFailed():
            text = f"{event.reason}. NIJA keeps trying; protective stops rest on the exchange"
            return Words(f"❌ {_who(event.account)} is not trading", text, Severity.FAILURE)
        case AccountRecovered():
            return Words(f"✅ {_who(event.account)} trades again", "All is as it should be", Severity.SUCCESS)
        case PositionOpened():
            return Words(f"📈 {_who(event.account)} bought {event.market}", _opened(event), Severity.SUCCESS)
        case PositionClosed():
            return Words(f"📉 {_who(event.account)} sold {event.market}", _closed(event), Severity.SUCCESS)
        case LimitReached():
            return Words(f"🛑 {_who(event.account)} opens nothing new", event.reason or event.limit, Severity.WARNING)
        case DaemonStarted():
            return Words("🚀 started", f"mode {event.mode}; accounts: {_names(event)}")
        case DaemonStopped():
            return Words("👋 stopped", "No new orders; protective stops rest on the exchange", Severity.WARNING)
        case DailySummary():
            return Words(f"📅 {event.day:%Y-%m-%d}", "\n".join(map(_account_day, event.accounts)) or "no accounts")


def _who(account: AccountId) -> str:
    return f"{short_name(account.exchange)} {account.label}"


def _names(event: DaemonStarted) -> str:
    return ", ".join(map(_who, event.accounts)) or "none"


def _opened(event: PositionOpened) -> str:
    quote = event.market.partition("/")[2]
    stop = "no stop yet" if event.stop is None else f"stop {lines.price(event.stop, quote)}"
    return f"{lines.amount(event.amount)} @ {lines.price(event.price, quote)}, {stop}"


def _closed(event: PositionClosed) -> str:
    quote = event.market.partition("/")[2]
    made = "" if event.profit is None else f", about {_signed(event.profit, quote)}"
    reason = event.reason or "most likely by its stop"
    return f"{lines.amount(event.amount)}{made}: {reason}"


def _account_day(day: AccountDay) -> str:
    equity = "equity unknown" if day.equity is None else lines.money(day.equity, day.currency)
    change = "" if day.change is None else f" ({_signed(day.change, day.currency)} today)"
    why = f"; {day.not_trading}" if day.not_trading else ""
    return f"{_who(day.account)}: {day.state}, {equity}{change}, open positions: {day.positions}{why}"


def _signed(value: Decimal, currency: str) -> str:
    return f"{'+' if value >= 0 else ''}{lines.money(value, currency)}"
