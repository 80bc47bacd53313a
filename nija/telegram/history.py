"""The last trades of some accounts, from their journals."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.figures import amount, price, signed_money
from nija.journal.errors import JournalError
from nija.performance.trades import closed_trades
from nija.telegram.markup import bold, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nija.journal.journal import Journal
    from nija.performance.trades import ClosedTrade
    from nija.status.report import AccountStatus

_SHOWN = 10


def history_blocks(accounts: Sequence[AccountStatus], open_journal: Callable[[AccountId], Journal]) -> Iterator[str]:
    """The newest trades of all these accounts, oldest first. A journal that cannot be read hides no other."""
    trades: list[ClosedTrade] = []
    unread: list[str] = []
    for account in accounts:
        try:
            with closing(open_journal(AccountId.parse(account.id))) as journal:
                trades += closed_trades(journal)
        except JournalError as error:
            unread.append(f"⚠️ {account.id}: {error}")
    trades.sort(key=lambda trade: trade.closed)
    shown = trades[-_SHOWN:]
    if shown:
        yield f"The last {len(shown)} of {len(trades)} trades; results are after all fees, times are UTC:"
    elif not unread:
        yield "NIJA has not closed a trade there yet."
    yield from map(_trade, shown)
    yield from map(plain, unread)


def _trade(trade: ClosedTrade) -> str:
    head = f"{trade.closed:%Y-%m-%d %H:%M} {trade.account} {trade.market}"
    result = f"{signed_money(trade.net, trade.currency)}"
    how = (
        f"{amount(trade.amount)} @ {price(trade.entry_price, trade.market)} → {price(trade.exit_price, trade.market)}"
        f": {trade.reason}"
    )
    return f"{bold(result)} {plain(head)}\n{plain(how)}"
