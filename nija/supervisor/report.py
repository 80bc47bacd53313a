"""The daemon's answer to `nija status`, put together from snapshots: no exchange is asked, no trader waits."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import TYPE_CHECKING

from nija.status.report import (
    AccountStatus,
    LatchStatus,
    LimitDistance,
    PositionStatus,
    RestingOrder,
    StatusReport,
    WhyNot,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from accounts.manager import AccountManager, AccountSnapshot
    from nija.journal.positions import Position
    from nija.supervisor.account import AccountThread
    from nija.trader.view import TraderView


def status_report(
    manager: AccountManager, threads: Iterable[AccountThread], *, version: str, since: datetime, mode: str
) -> StatusReport:
    views = {thread.account: thread.view for thread in threads}
    accounts = tuple(_account(snapshot, views.get(snapshot.account)) for snapshot in manager.snapshots())
    return StatusReport(pid=os.getpid(), version=version, since=since, mode=mode, accounts=accounts)


def _account(snapshot: AccountSnapshot, view: TraderView | None) -> AccountStatus:
    account = snapshot.account
    balance = snapshot.balances.get(snapshot.quote)
    known = AccountStatus(
        id=str(account),
        label=account.label,
        exchange=account.exchange.value,
        state=snapshot.state.value,
        reason=snapshot.reason,
        currency=snapshot.quote,
        balance=None if balance is None else balance.total,
        equity=snapshot.equity,
        last_useful_work=snapshot.last_work,
    )
    return known if view is None else _with_view(known, view)


def _with_view(known: AccountStatus, view: TraderView) -> AccountStatus:
    equity = view.equity
    return AccountStatus(
        id=known.id,
        label=known.label,
        exchange=known.exchange,
        state=known.state,
        reason=known.reason,
        currency=view.quote,
        balance=known.balance,
        equity=known.equity,
        equity_change=None if equity is None else equity.current - equity.day.start,
        positions=tuple(_position(position, view) for position in view.positions.values()),
        resting_orders=tuple(
            RestingOrder(order.market, order.side.value, order.type.value, order.amount, order.stop_price, "stop")
            for order in view.resting
        ),
        last_useful_work=known.last_useful_work,
        not_trading=tuple(
            WhyNot(market, still.rule, still.value, still.limit, still.text) for market, still in view.stillness.items()
        ),
        rate_budget=Decimal(f"{view.budget_left:.2f}"),
        limits=tuple(_limits(view)),
        latches=tuple(LatchStatus(name.value, latch.reason, latch.since) for name, latch in view.latches.items()),
    )


def _position(position: Position, view: TraderView) -> PositionStatus:
    price = view.prices.get(position.market)
    profit = None if price is None else position.profit_at(price)
    return PositionStatus(
        market=position.market,
        amount=position.amount,
        entry_price=position.entry_price,
        stop=position.stop_price,
        price=price,
        profit=profit,
        profit_percent=_percent(profit, position.cost),
    )


def _percent(profit: Decimal | None, cost: Decimal) -> Decimal | None:
    return None if profit is None or cost == 0 else 100 * profit / cost


def _limits(view: TraderView) -> Iterator[LimitDistance]:
    if view.equity is not None:
        yield LimitDistance("daily loss", view.equity.daily_loss, view.plan.limits.max_daily_loss)
        yield LimitDistance("drawdown", view.equity.drawdown, view.plan.limits.max_drawdown)
