"""What one account earned: everything that `nija performance`, the web page and the monthly report show of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from brokers.model import ZERO
from nija.performance.buy_and_hold import KnownPrices, known_prices
from nija.performance.equity import Return, equity_series, month_after, month_of, returns, start_of
from nija.performance.totals import Totals, by_account, by_market, by_month
from nija.performance.trades import ClosedTrade, OpenTrade, closed_trades, open_trades

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from accounts.identity import AccountId
    from nija.journal.journal import Journal
    from nija.journal.records import EquityPoint


@dataclass(frozen=True, slots=True)
class Period:
    """A month. `buy_and_hold` is what the same coins made meanwhile; unknown values are None. All are fractions."""

    month: date
    totals: tuple[Totals, ...]
    returned: Return | None
    buy_and_hold: Decimal | None

    def totals_or_none(self, currency: str) -> tuple[Totals, ...]:
        """`totals`, or empty ones in `currency` if no trade ended."""
        return self.totals or (Totals(f"{self.month:%Y-%m}", currency),)


@dataclass(frozen=True, slots=True)
class MarketPerformance:
    """`buy_and_hold`: what the coin made from NIJA's first purchase to its last known price, as a fraction."""

    totals: Totals
    buy_and_hold: Decimal | None


@dataclass(frozen=True, slots=True)
class AccountPerformance:
    """`totals` (one for each currency) are of closed trades; `open` is apart. `since` is NIJA's first fill.

    `series` is the equity curve, oldest first. Unknown values are None.
    """

    account: AccountId
    since: datetime | None
    totals: tuple[Totals, ...]
    markets: tuple[MarketPerformance, ...]
    months: tuple[Period, ...]
    open: tuple[OpenTrade, ...]
    series: tuple[EquityPoint, ...]
    returned: Return | None
    buy_and_hold: Decimal | None

    @property
    def equity(self) -> EquityPoint | None:
        """The last point of the curve."""
        return self.series[-1] if self.series else None

    @property
    def currency(self) -> str:
        """The one it counts in; of a journal without any figures it is USD."""
        if self.equity is not None:
            return self.equity.currency
        return self.totals[0].currency if self.totals else "USD"

    def totals_with_open(self) -> tuple[Totals, ...]:
        """`totals`, and empty ones for a currency in which nothing has closed yet."""
        counted = {one.currency for one in self.totals}
        others = sorted({trade.currency for trade in self.open} - counted)
        return (*self.totals, *(Totals(str(self.account), currency) for currency in others))

    def open_result(self, currency: str) -> Decimal | None:
        """Of the open trades in this currency, before the fee of selling; None if a price is missing."""
        results = [trade.result for trade in self.open if trade.currency == currency]
        known = [result for result in results if result is not None]
        return sum(known, ZERO) if len(known) == len(results) else None

    def priced(self, prices: Mapping[str, Decimal], time: datetime) -> AccountPerformance:
        """The same with newer prices of the open trades, by market."""
        return replace(
            self, open=tuple(one.at(prices[one.market], time) if one.market in prices else one for one in self.open)
        )

    def month(self, month: date) -> Period | None:
        return next((period for period in self.months if period.month == month), None)


def account_performance(journal: Journal) -> AccountPerformance:
    """Raises JournalError."""
    trades, series = closed_trades(journal), equity_series(journal)
    fills, days = journal.fills.all(), journal.equity.days()
    prices = known_prices(fills, days)
    return AccountPerformance(
        account=journal.account,
        since=fills[0].time if fills else None,
        totals=by_account(trades),
        markets=tuple(MarketPerformance(one, prices.market_rate(one.name)) for one in by_market(trades)),
        months=_months(trades, series, prices),
        open=open_trades(journal),
        series=series,
        returned=returns(series),
        buy_and_hold=prices.rate(),
    )


def together(accounts: Iterable[AccountPerformance]) -> tuple[Totals, ...]:
    """The totals of all accounts, one for each currency."""
    sums: dict[str, Totals] = {}
    for one in (totals for account in accounts for totals in account.totals):
        sums[one.currency] = one.plus(sums.get(one.currency, Totals("all", one.currency)))
    return tuple(sums[currency] for currency in sorted(sums))


def _months(trades: Sequence[ClosedTrade], series: Sequence[EquityPoint], prices: KnownPrices) -> tuple[Period, ...]:
    """Every month in which a trade ended or the equity was measured."""
    totals: dict[str, tuple[Totals, ...]] = {}
    for one in by_month(trades):
        totals[one.name] = (*totals.get(one.name, ()), one)
    months = {month_of(trade.closed) for trade in trades} | {month_of(point.time) for point in series}
    return tuple(_period(month, totals.get(f"{month:%Y-%m}", ()), series, prices) for month in sorted(months))


def _period(month: date, totals: tuple[Totals, ...], series: Sequence[EquityPoint], prices: KnownPrices) -> Period:
    since, until = start_of(month), start_of(month_after(month))
    return Period(month, totals, returns(series, since, until), prices.rate_between(since, until))
