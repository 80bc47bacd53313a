"""The month of every account, for the report that people are sent."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from nija.events import AccountMonth, MonthlyReport
from nija.journal.errors import JournalError
from nija.performance.account import account_performance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from accounts.identity import AccountId
    from nija.journal.journal import Journal
    from nija.performance.account import AccountPerformance


def monthly_report(
    open_journal: Callable[[AccountId], Journal], accounts: Iterable[AccountId], month: date
) -> MonthlyReport:
    """`month` is its first day. A journal that cannot be read hides no other account."""
    return MonthlyReport(month, tuple(row for account in accounts for row in _rows(open_journal, account, month)))


def _rows(open_journal: Callable[[AccountId], Journal], account: AccountId, month: date) -> tuple[AccountMonth, ...]:
    try:
        with closing(open_journal(account)) as journal:
            return tuple(_of_month(account_performance(journal), month))
    except JournalError as error:
        return (AccountMonth(account, "", unknown=str(error)),)


def _of_month(known: AccountPerformance, month: date) -> Iterator[AccountMonth]:
    period = known.month(month)
    if period is None:
        yield AccountMonth(known.account, known.currency, unknown="NIJA did not trade it in this month")
        return
    for totals in period.totals_or_none(known.currency):
        yield AccountMonth(
            account=known.account,
            currency=totals.currency,
            trades=totals.trades,
            won=totals.won,
            net=totals.net,
            fees=totals.fees,
            return_rate=None if period.returned is None else period.returned.rate,
            drawdown=None if period.returned is None else period.returned.drawdown,
            buy_and_hold=period.buy_and_hold,
        )
