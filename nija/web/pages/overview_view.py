"""The overview as plain values, made from one report."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.figures import money, number, percent, signed_money
from nija.status.report import TRADING, UNDERFUNDED, AccountFaultKind
from nija.web.pages.words import (
    FAILED,
    Tone,
    address_of,
    exchange_of,
    limit_share,
    owner_of,
    sentence,
    tone_of,
    tone_of_change,
    tone_of_limit,
    why_not_trading,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nija.status.report import AccountStatus, LimitDistance, StatusReport

_NAMED_AT_MOST = 3
_DAY_SECONDS = 86_400.0
_SHOWN_WITH_HALTS = AccountFaultKind.ANOTHER_PROGRAM
_MODES = {"demo": "Demo: no real money moves", "paper": "Paper: no order is sent"}


@dataclass(frozen=True, slots=True)
class Bar:
    """A limit: `value` of `limit` is used, which is `share` in percent."""

    name: str
    value: str
    limit: str
    share: int
    tone: Tone

    @classmethod
    def of(cls, limit: LimitDistance) -> Bar:
        return cls(
            sentence(limit.name), percent(limit.value), percent(limit.limit), limit_share(limit), tone_of_limit(limit)
        )


@dataclass(frozen=True, slots=True)
class AccountRow:
    id: str
    address: str
    owner: str
    exchange: str
    state: str
    tone: Tone
    why: str
    equity: str
    today: str
    today_tone: Tone
    open: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """All accounts of one currency. `missing` says whose equity is not known and so not counted."""

    currency: str
    equity: str
    today: str
    today_percent: str
    tone: Tone
    missing: str


@dataclass(frozen=True, slots=True)
class Urgent:
    """Something that needs a person. `address` is the page of the one account, or empty if there are several."""

    tone: Tone
    who: str
    text: str
    address: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    totals: tuple[Total, ...]
    trading: str
    open: str


def mode_words(report: StatusReport) -> str:
    """What to know about an unreal mode; empty in real trading."""
    words = _MODES.get(report.mode, "")
    if report.market_speed <= 1:
        return words
    return f"{words}, and a market day lasts {number(round(_DAY_SECONDS / report.market_speed, 1))} s"


def account_row(account: AccountStatus) -> AccountRow:
    return AccountRow(
        id=account.id,
        address=address_of(account.id),
        owner=owner_of(account),
        exchange=exchange_of(account),
        state=account.shown_state,
        tone=tone_of(account),
        why=why_not_trading(account),
        equity=money(account.equity, account.currency),
        today=signed_money(account.equity_change, account.currency),
        today_tone=tone_of_change(account.equity_change),
        open=str(len(account.positions)) if account.is_known else "unknown",
        bars=tuple(Bar.of(limit) for limit in account.limits[:2]),
    )


def summary(report: StatusReport) -> Summary:
    by_currency: dict[str, list[AccountStatus]] = {}
    for account in report.accounts:
        by_currency.setdefault(account.currency, []).append(account)
    trading = sum(account.shown_state == TRADING for account in report.accounts)
    known = [account for account in report.accounts if account.is_known]
    held = sum(len(account.positions) for account in known)
    unknown = len(report.accounts) - len(known)
    return Summary(
        totals=tuple(_total(currency, accounts) for currency, accounts in by_currency.items()),
        trading=f"{trading} of {len(report.accounts)}",
        open=f"{held}, {unknown} unknown" if unknown else str(held),
    )


def urgent(accounts: Iterable[AccountStatus], notices: Iterable[str] = ()) -> tuple[Urgent, ...]:
    """What needs a person, the worst first. The same trouble of several accounts is one entry.

    `notices` say what was written to NIJA's files and is not in force.
    """
    found: dict[tuple[Tone, str, str], list[AccountStatus]] = {}
    for account in accounts:
        for tone, text, remedy in _troubles(account):
            affected = found.setdefault((tone, text, remedy), [])
            if account not in affected:
                affected.append(account)
    entries = [
        Urgent(tone, _names(affected), text, address_of(affected[0].id) if len(affected) == 1 else "", remedy)
        for (tone, text, remedy), affected in found.items()
    ]
    entries += [Urgent(Tone.WARN, "Settings", notice, "") for notice in notices]
    return tuple(sorted(entries, key=lambda entry: entry.tone is not Tone.BAD))


def _total(currency: str, accounts: list[AccountStatus]) -> Total:
    equities = [account.equity for account in accounts if account.equity is not None]
    changes = [account.equity_change for account in accounts if account.equity_change is not None]
    equity = sum(equities, Decimal(0)) if equities else None
    change = sum(changes, Decimal(0)) if changes else None
    before = None if equity is None or change is None else equity - change
    missing = len(accounts) - len(equities)
    return Total(
        currency=currency,
        equity=money(equity, currency),
        today=signed_money(change, currency),
        today_percent=percent(change / before, signed=True) if change is not None and before else "",
        tone=tone_of_change(change),
        missing=f"without {missing} of {len(accounts)} accounts, whose equity is not known yet" if missing else "",
    )


def _troubles(account: AccountStatus) -> Iterator[tuple[Tone, str, str]]:
    """Tone, text and remedy."""
    if account.state == FAILED:
        yield Tone.BAD, sentence(account.reason) or "Failed", "The Health page says how to mend it"
    for fault in account.faults:
        if fault.kind is not _SHOWN_WITH_HALTS:
            tone = Tone.WARN if fault.kind is AccountFaultKind.NO_MARKET_DATA else Tone.BAD
            yield tone, sentence(fault.text), ""
    for halt in account.latches:
        another = halt.name == AccountFaultKind.ANOTHER_PROGRAM.value
        yield (
            Tone.BAD if another else Tone.WARN,
            sentence(halt.reason or halt.name.replace("_", " ")),
            "Nothing new is opened until trading is resumed",
        )
    if account.shown_state == UNDERFUNDED:
        yield Tone.WARN, sentence(why_not_trading(account)), ""
    for refused in account.refused_markets:
        yield Tone.WARN, f"{refused.market} is refused to this account", refused.remedy


def _names(accounts: list[AccountStatus]) -> str:
    names = [account.id for account in accounts]
    if len(names) <= _NAMED_AT_MOST:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED_AT_MOST])} and {len(names) - _NAMED_AT_MOST} more"
