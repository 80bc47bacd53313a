"""Sums over closed trades: by account, market or month (UTC) of their end, and never over two currencies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from brokers.model import ZERO
from nija.performance.equity import month_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal

    from nija.performance.trades import ClosedTrade


@dataclass(frozen=True, slots=True)
class Totals:
    """`name` is the account, market or month (`2026-11`). `net` is after all fees; all money is in `currency`.

    `fees` are those in base or quote, the former at their fill's price.
    """

    name: str
    currency: str
    trades: int = 0
    won: int = 0
    net: Decimal = ZERO
    fees: Decimal = ZERO
    best: Decimal = ZERO
    worst: Decimal = ZERO

    def plus(self, others: Totals) -> Totals:
        """Both together, under the name of `others`. They must be in one currency."""
        return replace(
            others,
            trades=self.trades + others.trades,
            won=self.won + others.won,
            net=self.net + others.net,
            fees=self.fees + others.fees,
            best=max(self.best, others.best) if others.trades else self.best,
            worst=min(self.worst, others.worst) if others.trades else self.worst,
        )


def by_account(trades: Iterable[ClosedTrade]) -> tuple[Totals, ...]:
    return totals(trades, lambda trade: str(trade.account))


def by_market(trades: Iterable[ClosedTrade]) -> tuple[Totals, ...]:
    return totals(trades, lambda trade: trade.market)


def by_month(trades: Iterable[ClosedTrade]) -> tuple[Totals, ...]:
    """Of the month in which each trade ended."""
    return totals(trades, lambda trade: f"{month_of(trade.closed):%Y-%m}")


def overall(trades: Iterable[ClosedTrade]) -> tuple[Totals, ...]:
    """One for each currency."""
    return totals(trades, lambda _trade: "all")


def totals(trades: Iterable[ClosedTrade], name: Callable[[ClosedTrade], str]) -> tuple[Totals, ...]:
    """One for each name and currency, sorted by them."""
    groups: dict[tuple[str, str], list[ClosedTrade]] = {}
    for trade in trades:
        groups.setdefault((name(trade), trade.currency), []).append(trade)
    return tuple(_sum(*key, groups[key]) for key in sorted(groups))


def _sum(name: str, currency: str, trades: list[ClosedTrade]) -> Totals:
    nets = [trade.net for trade in trades]
    return Totals(
        name=name,
        currency=currency,
        trades=len(trades),
        won=sum(trade.is_won for trade in trades),
        net=sum(nets, ZERO),
        fees=sum((trade.fee_value for trade in trades), ZERO),
        best=max(nets),
        worst=min(nets),
    )
