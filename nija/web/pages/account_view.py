"""One account's page as plain values, made from the report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from brokers.figures import UNKNOWN, ago, amount, duration, money, percent, price, signed_money
from brokers.model import Timeframe
from nija.web.pages.overview_view import Bar
from nija.web.pages.words import (
    FAILED,
    Tone,
    exchange_of,
    moment,
    owner_of,
    sentence,
    tone_of,
    tone_of_change,
    why_not_trading,
)

if TYPE_CHECKING:
    from datetime import datetime

    from nija.status.report import AccountStatus, MarketStatus, PositionStatus
    from nija.trader.view import ProtectionView

_CANDLES = {Timeframe.D1: "daily", Timeframe.H1: "hourly"}
_BARE_SHOWN = 1.0


@dataclass(frozen=True, slots=True)
class Heading:
    id: str
    owner: str
    exchange: str
    state: str
    tone: Tone
    why: str
    since: str


@dataclass(frozen=True, slots=True)
class AccountFigures:
    equity: str
    today: str
    today_tone: Tone
    balance: str
    budget: str
    answered: str
    worked: str


@dataclass(frozen=True, slots=True)
class PositionCard:
    """`bare` is how long it has been without a stop; it should be 0 s."""

    market: str
    amount: str
    entry: str
    price: str
    stop: str
    risk: str
    profit: str
    profit_percent: str
    tone: Tone
    bare: str
    bare_tone: Tone
    opened: str
    selling: str
    trouble: str
    close_address: str


@dataclass(frozen=True, slots=True)
class MarketCard:
    market: str
    timeframe: str
    why: str
    next: str
    data: str
    chart: str
    slot: str


@dataclass(frozen=True, slots=True)
class RestingRow:
    market: str
    what: str
    amount: str
    price: str


def heading(account: AccountStatus) -> Heading:
    return Heading(
        id=account.id,
        owner=owner_of(account),
        exchange=exchange_of(account),
        state=account.shown_state,
        tone=tone_of(account),
        why=why_not_trading(account) if account.state == FAILED or not account.is_known else "",
        since=moment(account.since),
    )


def account_figures(account: AccountStatus) -> AccountFigures:
    return AccountFigures(
        equity=money(account.equity, account.currency),
        today=signed_money(account.equity_change, account.currency),
        today_tone=tone_of_change(account.equity_change),
        balance=money(account.balance, account.currency),
        budget=percent(account.rate_budget),
        answered=UNKNOWN if account.last_answer_age is None else _coarse(account.last_answer_age),
        worked="never" if account.last_useful_work is None else f"{account.last_useful_work:%H:%M} UTC",
    )


def bars(account: AccountStatus) -> tuple[Bar, ...]:
    return tuple(Bar.of(limit) for limit in account.limits)


def position_cards(account: AccountStatus) -> tuple[PositionCard, ...]:
    protection = {one.market: one for one in account.protection}
    return tuple(_position(account, one, protection.get(one.market)) for one in account.positions)


def market_cards(account: AccountStatus, now: datetime) -> tuple[MarketCard, ...]:
    """The markets that the account follows, with why nothing is bought and when that is decided next."""
    whys = {reason.market: reason.text for reason in account.not_trading}
    everywhere = whys.get(None, "")
    exchange, _, owner = account.id.partition(":")
    return tuple(
        MarketCard(
            market=one.market,
            timeframe=one.timeframe,
            why=sentence(whys.get(one.market, everywhere)) or "Nothing keeps it from buying at the next signal",
            next=next_decision(one, now),
            data=sentence(one.problem) or f"Price {_coarse(one.price_age)}",
            chart=f"/data/price/{exchange}/{owner}/{one.market}",
            slot=f"market-{one.market.replace('/', '-')}",
        )
        for one in account.markets
    )


def resting_rows(account: AccountStatus) -> tuple[RestingRow, ...]:
    return tuple(
        RestingRow(
            one.market, f"{one.purpose}: {one.side} {one.type}", amount(one.amount), price(one.price, one.market)
        )
        for one in account.resting_orders
    )


def next_decision(market: MarketStatus, now: datetime) -> str:
    """When the next candle closes, after which the strategy decides."""
    timeframe = Timeframe(market.timeframe)
    candle = f"{_CANDLES.get(timeframe, timeframe.value)} candle"
    if market.candle_age is None:
        return f"once the first {candle} is there"
    if market.candle_limit is None:
        return f"with the next {candle}; market time runs faster than the clock here"
    left = timeframe.seconds - market.candle_age
    if left <= 0:
        return f"now: the {candle} has ended, and its figures are awaited"
    return f"{moment(now + timedelta(seconds=left + 30))} UTC, when the {candle} closes"


def _position(account: AccountStatus, position: PositionStatus, protection: ProtectionView | None) -> PositionCard:
    market, steps = position.market, position.steps
    fraction = None if position.profit_percent is None else position.profit_percent / 100
    return PositionCard(
        market=market,
        amount=f"{amount(position.amount, steps.amount)} {market.partition('/')[0]}",
        entry=price(position.entry_price, market, steps.price),
        price=price(position.price, market, steps.price),
        stop="none yet" if position.stop is None else price(position.stop, market, steps.price),
        risk=_distance(position),
        profit=signed_money(position.profit, account.currency),
        profit_percent=percent(fraction, signed=True),
        tone=tone_of_change(position.profit),
        bare=_bare(protection),
        bare_tone=Tone.BAD if protection is not None and protection.bare_seconds >= _BARE_SHOWN else Tone.CALM,
        opened=moment(position.opened),
        selling=sentence(position.exit_reason),
        trouble=_trouble(protection),
        close_address="/act/close?" + urlencode({"account": account.id, "market": market}),
    )


def _distance(position: PositionStatus) -> str:
    """How far the stop is below the price."""
    if position.stop is None or not position.price:
        return ""
    return f"{percent((position.price - position.stop) / position.price)} below the price"


def _bare(protection: ProtectionView | None) -> str:
    if protection is None:
        return UNKNOWN
    if protection.bare_seconds >= _BARE_SHOWN:
        return f"{duration(protection.bare_seconds)} now"
    total = protection.bare_total
    return f"0 s now, {duration(total)} in all" if total >= _BARE_SHOWN else "0 s"


def _trouble(protection: ProtectionView | None) -> str:
    if protection is None:
        return ""
    return sentence("; ".join(text for text in (protection.doubt, protection.trouble) if text))


def _coarse(age: float | None) -> str:
    """An age that does not change with every look."""
    if age is None:
        return UNKNOWN
    return "less than a minute ago" if age < 60 else ago(age - age % 60)  # noqa: PLR2004  a minute
