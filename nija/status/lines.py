"""The report's lines: those below the table, and the FIXED lines about the masters."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from brokers.figures import ago, amount, duration, money, number, percent, price, signed_money
from nija.status.report import AccountFaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from nija.risk.no_trade import NoTradeReason
    from nija.status.report import AccountStatus, HaltStatus, MarketStatus, PositionStatus, StatusReport
    from nija.trader.view import ProtectionView

_FAILED = "FAILED"
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
        asked = " Exchanges were queried directly." if report.accounts else ""
        yield f"NIJA is not running: start it with ./start.sh.{asked}"
    elif report.since is not None:
        running = duration(now - report.since)
        yield f"NIJA {report.version} · {report.mode} · running for {running} · process {report.pid}"


def details(account: AccountStatus, now: datetime) -> Iterator[str]:
    """What there is to say about an account beyond its row; nothing if all is well and nothing is open."""
    if account.reason:
        yield f"{account.state}: {account.reason}"
    for halt in account.latches:
        yield _halt(halt, account, now)
    for fault in account.faults:
        if fault.kind not in _SHOWN_ELSEWHERE:
            yield f"⚠️  {fault.text}"
    for position in account.positions:
        yield _position(position, account.currency)
    for order in account.resting_orders:
        yield (
            f"resting {order.purpose}: {order.side} {order.type} {order.market} {amount(order.amount)} "
            f"@ {price(order.price, order.market)}"
        )
    yield from map(_bare, (one for one in account.protection if one.bare_total >= 1))
    yield from _others(account, now)
    if account.state == _FAILED:
        # Its reason is shown above; what it last knew of its markets is out of date.
        return
    yield from map(_not_trading, account.not_trading)
    for limit in account.limits:
        yield (
            f"{limit.name.replace('_', ' ')}: {percent(limit.value)} of {percent(limit.limit)}, "
            f"{percent(limit.left)} left"
        )


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
    if halt.name == AccountFaultKind.ANOTHER_PROGRAM.value:
        return f"🛑 {halt.reason}, noticed {ago(now - halt.since)} (nija resume {account.id})"
    return f"🛑 {halt.name} set {ago(now - halt.since)}: {halt.reason} (nija resume {account.id})"


def _position(position: PositionStatus, currency: str) -> str:
    market, percentage = position.market, position.profit_percent
    fraction = None if percentage is None else percentage / 100
    stop = "no stop yet" if position.stop is None else f"stop {price(position.stop, market)}"
    return (
        f"{market}: {amount(position.amount)} bought @ {price(position.entry_price, market)}, "
        f"now {price(position.price, market)}, {stop}, "
        f"profit {signed_money(position.profit, currency)} ({percent(fraction, signed=True)})"
    )


def _not_trading(reason: NoTradeReason) -> str:
    where = f"{reason.market}: " if reason.market else ""
    has_figures = reason.value or reason.limit
    figures = f": value {_figure(reason.value)}, limit {_figure(reason.limit)}" if has_figures else ""
    return f"not trading - {where}{reason.text} [{reason.rule}{figures}]"


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
