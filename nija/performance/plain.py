"""Trades and figures as plain values, for programs: JSON and CSV have the same names and every digit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.figures import exact

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from nija.performance.account import AccountPerformance, MarketPerformance, Period
    from nija.performance.equity import Return
    from nija.performance.totals import Totals
    from nija.performance.trades import ClosedTrade, OpenTrade


CLOSED_FIELDS = (
    "account",
    "market",
    "opened",
    "closed",
    "amount",
    "sold",
    "written_off",
    "entry_price",
    "exit_price",
    "cost",
    "net",
    "fees",
    "currency",
    "ending",
    "reason",
    "strategy",
    "id",
)
"""The names of `plain_closed`, in their order."""


def plain_closed(trade: ClosedTrade) -> dict[str, object]:
    return {
        "account": str(trade.account),
        "market": trade.market,
        "opened": plain_time(trade.opened),
        "closed": plain_time(trade.closed),
        "amount": exact(trade.amount),
        "sold": exact(trade.sold),
        "written_off": exact(trade.written_off),
        "entry_price": exact(trade.entry_price),
        "exit_price": _figure(trade.exit_price),
        "cost": exact(trade.cost),
        "net": exact(trade.net),
        "fees": exact(trade.fee_value),
        "currency": trade.currency,
        "ending": trade.ending.value,
        "reason": trade.reason,
        "strategy": trade.strategy,
        "id": trade.id,
    }


def plain_open(trade: OpenTrade) -> dict[str, object]:
    return {
        "account": str(trade.account),
        "market": trade.market,
        "opened": plain_time(trade.opened),
        "amount": exact(trade.amount),
        "sold": exact(trade.sold),
        "entry_price": exact(trade.entry_price),
        "stop_price": _figure(trade.stop_price),
        "price": _figure(trade.price),
        "price_time": plain_time(trade.price_time),
        "cost": exact(trade.cost),
        "realised": exact(trade.realised),
        "unrealised": _figure(trade.unrealised),
        "fees": exact(trade.fee_value),
        "currency": trade.currency,
        "strategy": trade.strategy,
        "id": trade.id,
    }


def plain_performance(known: AccountPerformance) -> dict[str, object]:
    """Returns, drawdowns and buy and hold are fractions; None is unknown."""
    return {
        "account": str(known.account),
        "currency": known.currency,
        "since": plain_time(known.since),
        "equity": None if known.equity is None else exact(known.equity.equity),
        "equity_time": None if known.equity is None else plain_time(known.equity.time),
        **_returned(known.returned),
        "buy_and_hold": _figure(known.buy_and_hold),
        "totals": [
            {**_totals(one), "open": _figure(known.open_result(one.currency))} for one in known.totals_with_open()
        ],
        "markets": [_market(one) for one in known.markets],
        "months": [_month(one) for one in known.months],
        "open": [plain_open(one) for one in known.open],
    }


def plain_time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _totals(totals: Totals) -> dict[str, object]:
    return {
        "currency": totals.currency,
        "trades": totals.trades,
        "won": totals.won,
        "net": exact(totals.net),
        "fees": exact(totals.fees),
    }


def _market(known: MarketPerformance) -> dict[str, object]:
    return {"market": known.totals.name, **_totals(known.totals), "buy_and_hold": _figure(known.buy_and_hold)}


def _month(period: Period) -> dict[str, object]:
    return {
        "month": f"{period.month:%Y-%m}",
        "totals": [_totals(one) for one in period.totals],
        **_returned(period.returned),
        "buy_and_hold": _figure(period.buy_and_hold),
    }


def _returned(returned: Return | None) -> dict[str, object]:
    return {
        "return": None if returned is None else exact(returned.rate),
        "drawdown": None if returned is None else exact(returned.drawdown),
    }


def _figure(value: Decimal | None) -> str | None:
    return None if value is None else exact(value)
