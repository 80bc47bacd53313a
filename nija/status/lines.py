"""The report in lines: what stands under the table, and the FIXED lines on the masters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.status.money import ago, money, number, percent, signed_money, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from nija.status.report import AccountStatus, StatusReport

_FAILED = "FAILED"
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
        asked = " The accounts were asked directly." if report.accounts else ""
        yield f"NIJA is not running: start it with ./start.sh.{asked}"
    elif report.since is not None:
        yield f"NIJA {report.version} · {report.mode} · running for {span(now - report.since)} · process {report.pid}"


def details(account: AccountStatus, now: datetime) -> Iterator[str]:
    """Everything worth saying of an account beyond its row; nothing where all is well and nothing is open."""
    if account.reason:
        yield f"{account.state}: {account.reason}"
    for latch in account.latches:
        yield f"🛑 {latch.name} set {ago(latch.since, now)}: {latch.reason} (nija resume {account.id})"
    for position in account.positions:
        yield (
            f"{position.market}: {number(position.amount)} bought @ {number(position.entry_price)}, "
            f"now {number(position.price)}, stop {number(position.stop)}, "
            f"profit {signed_money(position.profit, account.currency)} ({_percent_text(position.profit_percent)})"
        )
    for order in account.resting_orders:
        yield (
            f"resting {order.purpose}: {order.side} {order.type} {order.market} {number(order.amount)} "
            f"@ {number(order.price)}"
        )
    if account.state == _FAILED:
        # Its reason stands above; what it last thought of its markets is past.
        return
    for why in account.not_trading:
        where = f"{why.market}: " if why.market else ""
        figures = f": value {why.value}, limit {why.limit}" if why.value or why.limit else ""
        yield f"not trading - {where}{why.text} [{why.rule}{figures}]"
    for limit in account.limits:
        yield (
            f"{limit.name.replace('_', ' ')}: {percent(limit.value)} of {percent(limit.limit)}, "
            f"{percent(limit.left)} left"
        )


def _percent_text(value: object) -> str:
    return "–" if value is None else f"{value:+.2f} %"
