"""What the bot says about accounts, as blocks of Telegram's HTML. Reports in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.figures import ago, amount, duration, money, percent, price, signed_money
from nija.risk.no_trade import Rule
from nija.status.report import TRADING
from nija.telegram.markup import bold, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from nija.status.report import AccountStatus, HaltStatus, PositionStatus, StatusReport

# With more accounts than these, each is one line.
_IN_FULL = 6
_UNREAL = {"demo": "🎭 DEMO - no real money moves", "paper": "📝 PAPER - no order is sent"}
_READING = (
    ("status", "what each account is doing"),
    ("why", "why an account does not trade"),
    ("history", "the last trades and what they earned"),
)
_ACTING = (
    ("stop", "open nothing new; exits and stops go on"),
    ("resume", "trade again"),
    ("flatten", "sell NIJA's positions at market, then open nothing new"),
)
_HELP = (("help", "what you can ask"),)


def menu(*, may_act: bool) -> tuple[tuple[str, str], ...]:
    """Commands and what they do."""
    return (*_READING, *(_ACTING if may_act else ()), *_HELP)


def help_text(*, may_act: bool) -> str:
    lines = [f"/{name} - {plain(meaning)}" for name, meaning in menu(may_act=may_act)]
    example = "/stop coinbase:master" if may_act else "/why kraken:daivon_frazier"
    lines.append(f"\nFor one account, add its name: {example}")
    if may_act:
        lines.append("What changes something asks first; its button works for one minute.")
    return "\n".join(lines)


def status_blocks(report: StatusReport, accounts: Sequence[AccountStatus], now: datetime) -> Iterator[str]:
    yield _headline(report, accounts, now)
    if len(accounts) > _IN_FULL:
        yield "\n".join(f"{_title(account)} {_worth(account)}{_short_positions(account)}" for account in accounts)
        yield "More about one account: /status ACCOUNT"
        return
    for account in accounts:
        lines = [_title(account), _worth(account)]
        lines += [plain(account.reason)] if account.reason else []
        lines += [f"⚠️ {plain(fault.text)}" for fault in account.faults]
        lines += [plain(_position(position, account.currency)) for position in account.positions]
        lines += [] if account.positions else ["no open position" if account.is_known else "positions not known yet"]
        yield "\n".join(lines)


def why_blocks(accounts: Sequence[AccountStatus], now: datetime) -> Iterator[str]:
    """Why each account opens nothing, in its own words."""
    for account in accounts:
        lines = list(dict.fromkeys(_reasons(account, now)))
        yield "\n".join((_title(account), *map(plain, lines or ("nothing keeps it from trading",))))


def _headline(report: StatusReport, accounts: Sequence[AccountStatus], now: datetime) -> str:
    trading = sum(account.shown_state == TRADING for account in accounts)
    lines = [_UNREAL[report.mode]] if report.mode in _UNREAL else []
    running = "" if report.since is None else f" · running for {duration(now - report.since)}"
    notices = (f"⚠️ {plain(notice)}" for notice in report.notices)
    return "\n".join((*lines, f"Trading: {trading} of {len(accounts)}{running}", *notices))


def _title(account: AccountStatus) -> str:
    return f"{bold(account.id)} {plain(account.shown_state)}"


def _worth(account: AccountStatus) -> str:
    if account.equity is None:
        return "equity unknown"
    today = "" if account.equity_change is None else f" ({signed_money(account.equity_change, account.currency)} today)"
    return f"equity {money(account.equity, account.currency)}{today}"


def _short_positions(account: AccountStatus) -> str:
    held = ", ".join(position.market for position in account.positions)
    return f", holds {plain(held)}" if held else ""


def _position(position: PositionStatus, currency: str) -> str:
    market, percentage = position.market, position.profit_percent
    fraction = None if percentage is None else percentage / 100
    stop = "no stop yet" if position.stop is None else f"stop {price(position.stop, market)}"
    return (
        f"{market}: {amount(position.amount)} bought @ {price(position.entry_price, market)}, "
        f"now {price(position.price, market)}, {stop}, "
        f"profit {signed_money(position.profit, currency)} ({percent(fraction, signed=True)})"
    )


def _reasons(account: AccountStatus, now: datetime) -> Iterator[str]:
    # Halts say more than the state's reason, which repeats them, as each market does.
    if account.reason and not account.latches:
        yield account.reason
    for halt in account.latches:
        yield _halt(halt, now)
    for fault in account.faults:
        yield f"⚠️ {fault.text}"
    markets: dict[str, list[str]] = {}
    for reason in account.not_trading:
        if reason.rule is Rule.PAUSED and account.latches:
            continue
        markets.setdefault(reason.text, []).append(reason.market or "")
    for text, where in markets.items():
        named = ", ".join(filter(None, where))
        yield f"{named}: {text}" if named else text


def _halt(halt: HaltStatus, now: datetime) -> str:
    return f"🛑 {halt.reason}, {ago(now - halt.since)}; /resume ends it"
