"""The wording of each event: what happened, and what it means for the reader."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.identity import short_name
from brokers.figures import amount, duration, money, percent, price, signed_money
from nija.events import (
    AccountDay,
    AccountFailed,
    AccountMonth,
    AccountRecovered,
    AnotherProgram,
    DaemonStarted,
    DaemonStopped,
    DailySummary,
    FeedBack,
    FeedSilent,
    LimitReached,
    MonthlyReport,
    PositionBare,
    PositionCertain,
    PositionClosed,
    PositionIncreased,
    PositionInDoubt,
    PositionOpened,
    PositionProtected,
    PositionReduced,
    PositionWrittenOff,
)

if TYPE_CHECKING:
    from accounts.identity import AccountId

NotifiedEvent = (
    AccountFailed
    | AccountRecovered
    | PositionOpened
    | PositionIncreased
    | PositionReduced
    | PositionClosed
    | PositionWrittenOff
    | PositionBare
    | PositionProtected
    | PositionInDoubt
    | PositionCertain
    | LimitReached
    | AnotherProgram
    | FeedSilent
    | FeedBack
    | DaemonStarted
    | DaemonStopped
    | DailySummary
    | MonthlyReport
)
"""The events that people are notified of."""


class Severity(StrEnum):
    """apprise's names, least severe first."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Wording:
    title: str
    text: str
    severity: Severity = Severity.INFO


def wording_of(event: NotifiedEvent) -> Wording:
    match event:
        case DaemonStarted() | DaemonStopped() | DailySummary() | MonthlyReport():
            return _daemon(event)
        case FeedSilent() | FeedBack():
            return _feed(event)
        case PositionIncreased() | PositionReduced():
            return _resize(event)
        case PositionOpened() | PositionClosed() | PositionWrittenOff():
            return _position(event)
        case PositionBare() | PositionProtected() | PositionInDoubt() | PositionCertain():
            return _protection(event)
        case _:
            return _account(event)


def _daemon(event: DaemonStarted | DaemonStopped | DailySummary | MonthlyReport) -> Wording:
    match event:
        case DaemonStarted():
            return Wording("🚀 started", f"mode {event.mode}; accounts: {_names(event)}")
        case DaemonStopped():
            return Wording("👋 stopped", "No new orders; protective stops rest on the exchange", Severity.WARNING)
        case DailySummary():
            return Wording(f"📅 {event.day:%Y-%m-%d}", "\n".join(map(_account_day, event.accounts)) or "no accounts")
        case MonthlyReport():
            text = "\n".join(map(_account_month, event.accounts)) or "no accounts"
            return Wording(f"📆 {event.month:%Y-%m}: what NIJA earned", text)


def _account(event: AccountFailed | AccountRecovered | LimitReached | AnotherProgram) -> Wording:
    who = _who(event.account)
    match event:
        case AccountFailed():
            text = f"{event.reason}. NIJA keeps trying; protective stops rest on the exchange"
            return Wording(f"❌ {who} is not trading", text, Severity.FAILURE)
        case AccountRecovered():
            return Wording(f"✅ {who} trades again", "Everything works again", Severity.SUCCESS)
        case LimitReached():
            return Wording(
                f"🛑 {who} opens nothing new", event.reason or event.limit.replace("_", " "), Severity.WARNING
            )
        case AnotherProgram():
            text = (
                f"{event.reason}. NIJA opens nothing there and leaves its stops where they are. "
                f"Stop the other program, or give NIJA a key of its own; then run: nija resume {event.account}"
            )
            return Wording(f"🛑 Another NIJA or other program trades {who}", text, Severity.FAILURE)


def _position(event: PositionOpened | PositionClosed | PositionWrittenOff) -> Wording:
    who = _who(event.account)
    match event:
        case PositionOpened():
            return Wording(f"📈 {who} bought {event.market}", _opened(event), Severity.SUCCESS)
        case PositionClosed():
            verb = "sold" if event.sold else "closed"
            return Wording(f"📉 {who} {verb} {event.market}", _closed(event), Severity.SUCCESS)
        case PositionWrittenOff():
            text = f"{amount(event.amount)} left the account without a sale by NIJA: {event.reason}"
            return Wording(f"✍️ {who}: {event.market} was booked out", text, Severity.WARNING)


def _resize(event: PositionIncreased | PositionReduced) -> Wording:
    who, held = _who(event.account), f"{amount(event.held)} held"
    traded = f"{amount(event.amount)} @ {price(event.price, event.market)}"
    if isinstance(event, PositionIncreased):
        stop = "no stop yet" if event.stop is None else f"stop {price(event.stop, event.market)}"
        return Wording(f"📈 {who} bought more {event.market}", f"{traded}, {held}, {stop}", Severity.SUCCESS)
    net = signed_money(event.net, event.market.partition("/")[2])
    text = f"{traded}, {net} after fees, {held}: {event.reason}"
    return Wording(f"📉 {who} sold part of {event.market}", text, Severity.SUCCESS)


def _protection(event: PositionBare | PositionProtected | PositionInDoubt | PositionCertain) -> Wording:
    where = f"{_who(event.account)}: {event.market}"
    match event:
        case PositionBare():
            text = f"{event.reason}. NIJA keeps trying; check nija status, and the exchange if this lasts"
            return Wording(f"⚠️ {where} is not protected", text, Severity.FAILURE)
        case PositionProtected():
            return Wording(f"✅ {where} is protected again", "Its stop is in place", Severity.SUCCESS)
        case PositionInDoubt():
            text = f"{event.reason}. NIJA sells nothing that may be yours while it finds out"
            return Wording(f"⚠️ {where} is in doubt", text, Severity.WARNING)
        case PositionCertain():
            return Wording(f"✅ {where} is certain again", "NIJA knows what it holds", Severity.SUCCESS)


def _feed(event: FeedSilent | FeedBack) -> Wording:
    exchange = short_name(event.exchange)
    what = f"market data of {event.market}" if event.market else "market data"
    match event:
        case FeedSilent():
            text = f"{event.reason}. Nothing new is opened on it; protective stops rest on the exchange"
            return Wording(f"📡 {exchange} gives no {what}", text, Severity.FAILURE)
        case FeedBack():
            text = f"It was missing for at least {duration(event.seconds)}"
            return Wording(f"✅ {exchange} gives {what} again", text, Severity.SUCCESS)


def _who(account: AccountId) -> str:
    return f"{short_name(account.exchange)} {account.label}"


def _names(event: DaemonStarted) -> str:
    return ", ".join(map(_who, event.accounts)) or "none"


def _opened(event: PositionOpened) -> str:
    stop = "no stop yet" if event.stop is None else f"stop {price(event.stop, event.market)}"
    return f"{amount(event.amount)} @ {price(event.price, event.market)}, {stop}"


def _closed(event: PositionClosed) -> str:
    quote = event.market.partition("/")[2]
    if not event.sold:
        return f"{amount(event.left)} stays in the account: too little to sell"
    reason = event.reason or "by its stop"
    return f"{amount(event.sold)}, {signed_money(event.net, quote)} after fees: {reason}"


def _account_day(day: AccountDay) -> str:
    equity = "equity unknown" if day.equity is None else money(day.equity, day.currency)
    change = "" if day.change is None else f" ({signed_money(day.change, day.currency)} today)"
    # A reason that applies to the whole account is repeated in each of its markets.
    reasons = (day.reason,) if day.reason else dict.fromkeys(reason.text for reason in day.not_trading)
    why = "; ".join(("", *reasons))
    return f"{_who(day.account)}: {day.state}, {equity}{change}, open positions: {day.positions}{why}"


def _account_month(month: AccountMonth) -> str:
    who = _who(month.account)
    if month.unknown:
        return f"{who}: unknown: {month.unknown}"
    trades = "1 trade" if month.trades == 1 else f"{month.trades} trades"
    return (
        f"{who}: {signed_money(month.net, month.currency)} after {money(month.fees, month.currency)} of fees, "
        f"{trades}, {month.won} won; return {percent(month.return_rate, signed=True)}, "
        f"largest drawdown {percent(month.drawdown)}; buy and hold {percent(month.buy_and_hold, signed=True)}"
    )
