"""The master's exchanges as a tree: which are connected and trade, and why the others are not and do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.identity import short_name
from brokers.exchanges import exchange_named, exchanges
from brokers.figures import money
from nija.status.report import TRADING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nija.status.report import AccountStatus, StatusReport

_CONNECTED = ("CONNECTED", TRADING, "PAUSED")
_WAITING = ("CONFIGURED", "CONNECTING")


def master_tree(report: StatusReport) -> Iterator[str]:
    """`Master Exchanges: 2`, and `├─ Kraken: $123.45 (trading) ✅` for each exchange, connected or not."""
    masters = {account.exchange: account for account in report.accounts if account.is_master}
    connected = [account for account in masters.values() if account.state in _CONNECTED]
    yield f"Master Exchanges: {len(connected)}"
    names = sorted(map(str, exchanges()))
    for name in names:
        branch = "└─" if name == names[-1] else "├─"
        yield f"{branch} {short_name(exchange_named(name))}: {_words(masters.get(name))}"


def _words(account: AccountStatus | None) -> str:
    if account is None:
        return "NOT CONNECTED ❌ (not set up)"
    if account.state in _WAITING:
        return "connecting ⏳"
    if account.state not in _CONNECTED:
        return f"NOT CONNECTED ❌ {account.reason}".rstrip()
    balance = money(account.balance, account.currency)
    if account.shown_state == TRADING:
        return f"{balance} (trading) ✅"
    return f"{balance} ({_why_not(account)}) ⚠️"


def _why_not(account: AccountStatus) -> str:
    if account.state == "CONNECTED":
        return "connected, not trading"
    if account.is_underfunded:
        return "connected, UNDERFUNDED"
    return f"paused: {account.reason}" if account.reason else "paused"
