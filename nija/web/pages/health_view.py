"""The health page as plain values: how old everything is, and what the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.identity import AccountId, short_name
from brokers.figures import UNKNOWN, ago, duration, percent
from nija.doctor.finding import Level
from nija.health.judgement import faults, stale, works
from nija.web.pages.words import Tone, address_of, tone_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from nija.doctor.finding import Finding, Section
    from nija.status.report import AccountStatus, MarketStatus, StatusReport

_TONES = {Level.OK: Tone.GOOD, Level.WARNING: Tone.WARN, Level.BROKEN: Tone.BAD}
_SIGNS = {Level.OK: "✓", Level.WARNING: "!", Level.BROKEN: "✕"}


@dataclass(frozen=True, slots=True)
class Daemon:
    version: str
    mode: str
    running: str
    process: str
    time: str


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """`state` says whether the exchange answers the accounts."""

    name: str
    accounts: str
    state: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class FeedRow:
    exchange: str
    market: str
    price: str
    candle: str
    problem: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class WorkRow:
    id: str
    address: str
    state: str
    tone: Tone
    worked: str
    answered: str
    budget: str
    journal: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    sign: str
    word: str
    tone: Tone
    title: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FindingGroup:
    title: str
    rows: tuple[FindingRow, ...]
    is_fine: bool


def daemon(report: StatusReport, now: datetime) -> Daemon:
    return Daemon(
        version=report.version,
        mode=report.mode,
        running=UNKNOWN if report.since is None else duration(now - report.since),
        process=UNKNOWN if report.pid is None else str(report.pid),
        time=f"{now:%Y-%m-%d %H:%M:%S} UTC",
    )


def exchange_rows(accounts: Iterable[AccountStatus], now: datetime) -> tuple[ExchangeRow, ...]:
    by_exchange: dict[str, list[AccountStatus]] = {}
    for account in accounts:
        by_exchange.setdefault(short_name(AccountId.parse(account.id).exchange), []).append(account)
    return tuple(_exchange(name, group, now) for name, group in sorted(by_exchange.items()))


def feed_rows(accounts: Iterable[AccountStatus]) -> tuple[FeedRow, ...]:
    """Each market once, however many accounts follow it."""
    followed = {
        (account.exchange, market.market, market.timeframe): market
        for account in accounts
        for market in account.markets
    }
    return tuple(_feed(exchange, market) for (exchange, *_), market in sorted(followed.items(), key=lambda one: one[0]))


def work_row(account: AccountStatus, now: datetime, journal: str) -> WorkRow:
    worked = account.last_useful_work
    return WorkRow(
        id=account.id,
        address=address_of(account.id),
        state=account.shown_state,
        tone=tone_of(account),
        worked="never" if worked is None else ago(now - worked),
        answered=ago(account.last_answer_age),
        budget=percent(account.rate_budget),
        journal=journal,
    )


def finding_groups(sections: Iterable[Section]) -> tuple[FindingGroup, ...]:
    """The same as `nija doctor` prints; those that need something come first."""
    groups = [
        FindingGroup(
            section.title,
            tuple(_finding(one) for one in section.findings),
            all(one.level is Level.OK for one in section.findings),
        )
        for section in sections
        if section.findings
    ]
    return tuple(sorted(groups, key=lambda group: group.is_fine))


def _exchange(name: str, accounts: list[AccountStatus], now: datetime) -> ExchangeRow:
    working = sum(works(account, now) for account in accounts)
    troubles = [fault.text for account in accounts for fault in faults(account, now)]
    if working == len(accounts):
        state, tone = "answers", Tone.GOOD
    elif working:
        state, tone = f"answers {working} of them", Tone.WARN
    else:
        state, tone = troubles[0] if troubles else "no answer yet", Tone.WARN
    count = len(accounts)
    return ExchangeRow(name, f"{count} account{'s' if count != 1 else ''}", state, tone)


def _feed(exchange: str, market: MarketStatus) -> FeedRow:
    is_replay = market.candle_limit is None
    problem = market.problem or stale(market)
    return FeedRow(
        exchange=exchange,
        market=f"{market.market} {market.timeframe}",
        price=ago(market.price_age),
        candle=f"answered {ago(market.answer_age)}" if is_replay else f"closed {ago(market.candle_age)}",
        problem=problem,
        tone=Tone.WARN if problem else Tone.GOOD,
    )


def _finding(finding: Finding) -> FindingRow:
    return FindingRow(_SIGNS[finding.level], finding.level.value, _TONES[finding.level], finding.title, finding.remedy)
