"""What the bot says about accounts, as blocks of Telegram's HTML. Reports in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.figures import amount, money, percent, price, signed_money
from nija.risk.no_trade import Rule
from nija.status.lines import headline, summary, troubles
from nija.telegram.markup import bold, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from nija.status.report import AccountStatus, PositionStatus, StatusReport

# With more accounts than these, each is one line.
_IN_FULL = 6
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


def status_blocks(report: StatusReport, now: datetime) -> Iterator[str]:
    """All accounts of the report: in full if they are few, else a line each."""
    notices = (f"⚠️ {notice}" for notice in report.notices)
    yield "\n".join(map(plain, (*headline(report, now), summary(report), *notices)))
    if len(report.accounts) > _IN_FULL:
        yield "\n".join(
            f"{_title(account)} {_worth(account)}{_short_positions(account)}" for account in report.accounts
        )
        yield "More about one account: /status ACCOUNT"
        return
    for account in report.accounts:
        lines = [*troubles(account, now), *(_position(position, account.currency) for position in account.positions)]
        lines += [] if account.positions else ["no open position" if account.is_known else "positions not known yet"]
        yield "\n".join((_title(account), _worth(account), *map(plain, lines)))


def why_blocks(accounts: Sequence[AccountStatus], now: datetime) -> Iterator[str]:
    """Why each account opens nothing, in its own words."""
    for account in accounts:
        lines = [*troubles(account, now), *_not_trading(account)]
        yield "\n".join((_title(account), *map(plain, lines or ("nothing keeps it from trading",))))


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
    market, percentage, steps = position.market, position.profit_percent, position.steps
    fraction = None if percentage is None else percentage / 100
    bought, now = (price(one, market, steps.price) for one in (position.entry_price, position.price))
    stop = "no stop yet" if position.stop is None else f"stop {price(position.stop, market, steps.price)}"
    return (
        f"{market}: {amount(position.amount, steps.amount)} bought @ {bought}, now {now}, {stop}, "
        f"profit {signed_money(position.profit, currency)} ({percent(fraction, signed=True)})"
    )


def _not_trading(account: AccountStatus) -> Iterator[str]:
    """Each reason once, with its markets. What a halt pauses is said with the halt."""
    markets: dict[str, list[str]] = {}
    for reason in account.not_trading:
        if reason.rule is not Rule.PAUSED or not account.latches:
            markets.setdefault(reason.text, []).append(reason.market or "")
    for text, where in markets.items():
        named = ", ".join(filter(None, where))
        yield f"{named}: {text}" if named else text
