"""The report's lines: those below the table, and the FIXED lines about the masters."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from rich.text import Text

from brokers.figures import ago, amount, duration, money, number, percent, price, signed_money
from nija.risk.no_trade import Rule
from nija.status.columns import StatusColumn, at_the_point
from nija.status.report import AccountFaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from nija.status.report import AccountStatus, HaltStatus, MarketStatus, PositionStatus, RestingOrder, StatusReport
    from nija.trader.view import ProtectionView

_FAILED = "FAILED"
_PAUSED = "PAUSED"
_STOP = "stop"
_DAY = 86_400.0
# Balances are asked for once a minute.
_ORDINARY_SILENCE = 120.0
# Shown with the halts, and with the market data.
_SHOWN_ELSEWHERE = frozenset({AccountFaultKind.ANOTHER_PROGRAM, AccountFaultKind.NO_MARKET_DATA})
_CONNECTED = ("CONNECTED", "TRADING", "PAUSED")
_UNREAL_MODES = {
    "demo": "🎭 DEMO - no real money moves",
    "paper": "📝 PAPER - no order is sent",
}


def masters(report: StatusReport) -> Iterator[str]:
    """`Master Exchanges Connected: 2`, and a line `  - kraken: $123.45` for each."""
    connected = [account for account in report.accounts if account.is_master and account.state in _CONNECTED]
    yield f"Master Exchanges Connected: {len(connected)}"
    for account in sorted(connected, key=lambda one: one.exchange):
        yield f"  - {account.exchange}: {money(account.balance, account.currency)}"


def headline(report: StatusReport, now: datetime) -> Iterator[str]:
    if report.mode in _UNREAL_MODES:
        yield _UNREAL_MODES[report.mode]
    if report.pid is None:
        yield "NIJA is not running: start it with ./start.sh."
        if report.accounts:
            yield "Balances: asked now. Positions, stops, halts and equity: from the journals."
    elif report.since is not None:
        running = duration(now - report.since)
        yield f"NIJA {report.version} · {report.mode} · running for {running} · process {report.pid}"
        if report.market_speed > 1:
            yield _market_time(report.market_speed, report.since, now)


def _market_time(speed: float, since: datetime, now: datetime) -> str:
    """What "today" means where a market day is shorter than a day."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (now - max(since, midnight)).total_seconds() * speed / _DAY
    return f'A market day lasts {number(round(_DAY / speed, 1))} s here: "Today" is the last {int(days)} market days'


def summary(report: StatusReport) -> str:
    """All accounts in one line: how many are in which state, their money, their positions."""
    accounts = report.accounts
    states = Counter(account.shown_state for account in accounts)
    parts = [f"{len(accounts)} {'account' if len(accounts) == 1 else 'accounts'}: "]
    parts[0] += ", ".join(f"{count} {state}" for state, count in states.most_common())
    for name, figure, shown in (("equity", "equity", money), ("today", "equity_change", signed_money)):
        by_currency: dict[str, list[Decimal | None]] = {}
        for account in accounts:
            by_currency.setdefault(account.currency, []).append(getattr(account, figure))
        totals = [shown(_total(figures), currency) for currency, figures in by_currency.items()]
        unknown = sum(getattr(account, figure) is None for account in accounts)
        without = f" ({unknown} unknown)" if 0 < unknown < len(accounts) else ""
        parts.append(f"{name} {', '.join(totals)}{without}")
    positions = sum(len(account.positions) for account in accounts)
    parts.append(f"{positions} {'position' if positions == 1 else 'positions'}")
    return " · ".join(parts)


def _total(figures: list[Decimal | None]) -> Decimal | None:
    """The sum of the known ones; None if none is known."""
    known = [figure for figure in figures if figure is not None]
    return sum(known, Decimal(0)) if known else None


def troubles(account: AccountStatus, now: datetime) -> Iterator[str]:
    """What needs a person: why it failed, what keeps it from entering, what is wrong."""
    if account.last_seen is not None:
        yield f"the journal was last written {ago(now - account.last_seen)}"
    shown_below = {halt.reason for halt in account.latches}
    if account.reason and not (account.state == _PAUSED and shown_below.issuperset(account.reason.split("; "))):
        yield f"{account.shown_state}: {account.reason}"
    for halt in account.latches:
        yield _halt(halt, account, now)
    for fault in account.faults:
        if fault.kind not in _SHOWN_ELSEWHERE:
            yield f"⚠️  {fault.text}"


def positions(account: AccountStatus) -> list[StatusColumn]:
    """The columns of the account's positions; none if it has none."""
    held = account.positions
    if not held:
        return []
    fractions = [None if one.profit_percent is None else one.profit_percent / 100 for one in held]
    return [
        _column("Market", 9, [one.market for one in held], is_left=True),
        _column("Amount", 2, [amount(one.amount, one.steps.amount) for one in held]),
        _column("Bought at", 5, [price(one.entry_price, one.market, one.steps.price) for one in held]),
        _column("Now", 6, [price(one.price, one.market, one.steps.price) for one in held]),
        _column("Stop", 8, [_stop(one) for one in held]),
        _column("Profit", 7, [signed_money(one.profit, account.currency) for one in held]),
        _column("", 1, [percent(fraction, signed=True) for fraction in fractions]),
    ]


def _column(title: str, rank: int, figures: list[str], *, is_left: bool = False) -> StatusColumn:
    cells = figures if is_left else at_the_point(figures)
    return StatusColumn(title, rank, tuple(map(Text, cells)), is_left)


def _stop(position: PositionStatus) -> str:
    return "no stop yet" if position.stop is None else price(position.stop, position.market, position.steps.price)


def details(account: AccountStatus, now: datetime) -> Iterator[str]:
    """What else there is to say about an account; nothing if all is well and nothing is open."""
    for position in account.positions:
        if position.exit_reason:
            yield f"{position.market} is being sold: {position.exit_reason}"
    yield from (_resting(order) for order in account.resting_orders if not _is_shown(order, account))
    yield from map(_bare, (one for one in account.protection if one.bare_total >= 1))
    yield from _others(account, now)
    if account.state == _FAILED:
        # Its reason is shown above; what it last knew of its markets is out of date.
        return
    yield from _not_trading(account)
    limits = [
        f"{limit.name.replace('_', ' ')} {percent(limit.value)} of {percent(limit.limit)}" for limit in account.limits
    ]
    if limits:
        yield f"limits: {', '.join(limits)}"


def _is_shown(order: RestingOrder, account: AccountStatus) -> bool:
    """Whether the table of positions shows this stop already."""
    mine = (one for one in account.positions if one.market == order.market)
    return order.purpose == _STOP and any((one.stop, one.amount) == (order.price, order.amount) for one in mine)


def _resting(order: RestingOrder) -> str:
    figures = f"{amount(order.amount, order.steps.amount)} @ {price(order.price, order.market, order.steps.price)}"
    return f"resting {order.purpose}: {order.side} {order.type} {order.market} {figures}"


def market_data(report: StatusReport) -> Iterator[str]:
    """How old each market's data is, once for all accounts that follow it."""
    followed = {
        (account.exchange, market.market, market.timeframe): (account, market)
        for account in report.accounts
        for market in account.markets
    }
    for (exchange, *_), (account, market) in sorted(followed.items()):
        wrong = {fault.market: fault.text for fault in account.faults if fault.kind is AccountFaultKind.NO_MARKET_DATA}
        if market.market in wrong:
            yield f"⚠️  {exchange}: {wrong[market.market]}"
        else:
            yield f"{exchange} {_ages(market)}"


def _ages(market: MarketStatus) -> str:
    # In a replay, market time differs from the clock, so a candle has no age; whether the exchange answers matters.
    is_replay = market.candle_limit is None
    candle = f"candles {ago(market.answer_age)}" if is_replay else f"candle {ago(market.candle_age)}"
    ages = f"{market.market}: price {ago(market.price_age)}, {market.timeframe} {candle}"
    return f"{ages}; {market.problem}" if market.problem else ages


def _halt(halt: HaltStatus, account: AccountStatus, now: datetime) -> str:
    return f"🛑 {halt.reason}, {ago(now - halt.since)} (nija resume {account.id})"


def _not_trading(account: AccountStatus) -> Iterator[str]:
    """One line per reason, with its markets."""
    held = {position.market for position in account.positions}
    markets: dict[tuple[str, ...], list[str]] = {}
    for reason in account.not_trading:
        # The table of positions says it.
        if not (reason.rule is Rule.POSITION_OPEN and reason.market in held):
            has_figures = reason.value or reason.limit
            figures = f": value {_figure(reason.value)}, limit {_figure(reason.limit)}" if has_figures else ""
            markets.setdefault((reason.text, reason.rule, figures), []).append(reason.market or "")
    for (text, rule, figures), where in markets.items():
        named = ", ".join(filter(None, where))
        yield f"not trading - {f'{named}: ' if named else ''}{text} [{rule}{figures}]"


def _figure(text: str) -> str:
    """A number formatted for people; a name unchanged."""
    try:
        return number(Decimal(text))
    except InvalidOperation:
        return text


def _bare(protection: ProtectionView) -> str:
    now = f"{duration(protection.bare_seconds)} now, " if protection.bare_seconds else ""
    return (
        f"{protection.market}: without a stop for {now}{duration(protection.bare_total)} in total, "
        f"{duration(protection.longest)} at the longest"
    )


def _others(account: AccountStatus, now: datetime) -> Iterator[str]:
    """Things that are not, or no longer, NIJA's, and what the exchange refuses or does not answer."""
    for lost in account.written_off:
        yield f"{lost.market}: {amount(lost.amount)} booked out {ago(now - lost.time)}: {lost.reason}"
    if account.foreign_orders:
        orders = "open order is" if account.foreign_orders == 1 else "open orders are"
        yield f"{account.foreign_orders} {orders} not NIJA's, and left alone"
    if account.unread:
        rows = "row" if account.unread == 1 else "rows"
        yield f"{account.unread} {rows} of the exchange's answers could not be read; see nija.log"
    for refused in account.refused_markets:
        yield f"{refused.market} is refused to this account: {refused.remedy}"
    if account.last_answer_age is not None and account.last_answer_age > _ORDINARY_SILENCE:
        yield f"last answer from the exchange {ago(account.last_answer_age)}"
