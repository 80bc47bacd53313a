"""The one view of each account, made from snapshots: no exchange is queried, and no trader waits.

`nija status`, health, metrics and notifications all use it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.manager import AccountState
from brokers.client_order_id import purpose_of
from nija.health.judgement import faults
from nija.status.report import (
    AccountStatus,
    HaltStatus,
    LimitDistance,
    MarketStatus,
    PositionStatus,
    RefusedMarket,
    RestingOrder,
    StatusReport,
)
from nija.trader.halts import paused_by
from nija.trader.plan import SWITCHED_OFF
from nija.trader.view import UNKNOWN_STEPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from accounts.manager import AccountManager, AccountSnapshot
    from brokers.model import OrderRequest
    from nija.journal.positions import Position
    from nija.journal.records import Halt, HaltName
    from nija.market_data.snapshot import FeedSnapshot
    from nija.supervisor.account import AccountThread
    from nija.trader.view import TraderView


@dataclass(frozen=True, slots=True)
class ReportMoment:
    """One moment; `steady` is the same in seconds of the steady clock."""

    now: datetime
    steady: float


def status_report(
    accounts: tuple[AccountStatus, ...], *, version: str, since: datetime, mode: str, market_speed: float = 1.0
) -> StatusReport:
    return StatusReport(os.getpid(), version, since, mode, accounts, market_speed=market_speed)


def account_views(
    manager: AccountManager, threads: Iterable[AccountThread], moment: ReportMoment
) -> tuple[AccountStatus, ...]:
    """All accounts, in the order in which they were added."""
    running = {thread.account: thread for thread in threads}
    views: list[AccountStatus] = []
    for snapshot in manager.snapshots():
        thread = running.get(snapshot.account)
        if thread is None:
            views.append(account_view(snapshot, None, None, moment))
        else:
            views.append(account_view(snapshot, thread.view, thread.feed, moment, thread.halts))
    return tuple(views)


def account_view(
    snapshot: AccountSnapshot,
    view: TraderView | None,
    feed: FeedSnapshot | None,
    moment: ReportMoment,
    halts: Mapping[HaltName, Halt] | None = None,
) -> AccountStatus:
    """Everything that is known of an account, and what is wrong with it. `view` is None before it first trades.

    `halts` may be newer than the view, which is that of the last cycle.
    """
    account = snapshot.account
    if halts is None:
        halts = {} if view is None else view.halts
    state, reason = _state(snapshot, view, halts)
    balance = snapshot.balances.get(snapshot.quote)
    known = AccountStatus(
        id=str(account),
        label=account.label,
        exchange=str(account.exchange),
        state=state.value,
        reason=reason,
        currency=snapshot.quote,
        balance=None if balance is None else balance.total,
        equity=snapshot.equity,
        last_useful_work=snapshot.last_work,
        since=snapshot.since,
        latches=tuple(HaltStatus(name.value, halt.reason, halt.since) for name, halt in halts.items()),
    )
    if view is not None:
        known = _with_view(known, view, moment)
        if feed is not None:
            known = replace(known, markets=tuple(_markets(view, feed, moment)))
    return replace(known, faults=faults(known, moment.now))


def _state(
    snapshot: AccountSnapshot, view: TraderView | None, halts: Mapping[HaltName, Halt]
) -> tuple[AccountState, str]:
    """The account's state and its reason; a halt counts from the command on, not from the next cycle."""
    if view is None or snapshot.state not in (AccountState.TRADING, AccountState.PAUSED):
        return snapshot.state, snapshot.reason
    paused = SWITCHED_OFF if view.plan.is_switched_off else paused_by(halts)
    return (AccountState.PAUSED, paused) if paused else (AccountState.TRADING, "")


def _with_view(known: AccountStatus, view: TraderView, moment: ReportMoment) -> AccountStatus:
    equity = view.equity
    return replace(
        known,
        currency=view.quote,
        equity_change=None if equity is None else equity.change,
        positions=tuple(_position(position, view) for position in view.positions.values()),
        resting_orders=tuple(_resting(order, view) for order in view.resting),
        not_trading=view.not_trading,
        rate_budget=round(Decimal(view.budget_left), 2),
        limits=tuple(_limits(view)),
        is_underfunded=known.equity is not None and known.equity < view.plan.settings.risk.min_balance,
        is_known=view.worked,
        last_answer_age=None if view.answered is None else max(0.0, moment.steady - view.answered),
        protection=tuple(view.protection.values()),
        written_off=view.written_off,
        foreign_orders=view.foreign_orders,
        unread=view.unread,
        refused_markets=tuple(RefusedMarket(market, remedy) for market, remedy in view.refused_markets.items()),
    )


def _markets(view: TraderView, feed: FeedSnapshot, moment: ReportMoment) -> Iterator[MarketStatus]:
    """The markets that may be entered, and those with an open position."""
    plan = view.plan
    entered = [market for market in plan.markets if market not in plan.settings.own.disabled_markets]
    for market in dict.fromkeys([*entered, *view.positions]):
        subscription = plan.subscription(market)
        freshness = feed.freshness.get(subscription.series)
        # The last closed candle is up to one interval old, so a smaller limit would always be exceeded.
        most = plan.settings.trading.max_candle_age
        intervals = max(most, 1.0) if most else None
        yield MarketStatus(
            market=market,
            timeframe=str(plan.timeframe),
            price_age=feed.price_age(subscription.series, moment.steady),
            answer_age=None if freshness is None else freshness.silence(moment.steady),
            candle_age=None if freshness is None else freshness.candle_age(moment.steady),
            price_limit=feed.price_max_age,
            candle_limit=None if intervals is None else intervals * plan.timeframe.seconds,
            problem=feed.problems.get(subscription) or feed.unpriced.get(market, ""),
        )


def _resting(order: OrderRequest, view: TraderView) -> RestingOrder:
    steps = view.steps.get(order.market, UNKNOWN_STEPS)
    purpose = purpose_of(order.client_id)
    price = order.stop_price if order.stop_price is not None else order.limit_price
    return RestingOrder(
        order.market,
        order.side.value,
        order.type.value,
        order.amount,
        price,
        purpose.name.lower() if purpose is not None else "unknown",
        steps,
    )


def _position(position: Position, view: TraderView) -> PositionStatus:
    price = view.prices.get(position.market)
    return PositionStatus(
        market=position.market,
        amount=position.amount,
        entry_price=position.entry_price,
        stop=position.stop_price,
        price=price,
        profit=None if price is None else position.profit_at(price),
        profit_percent=None if price is None else position.profit_percent_at(price),
        id=position.id,
        opened=position.opened,
        exit_reason=position.exit_reason or "",
        steps=view.steps.get(position.market, UNKNOWN_STEPS),
    )


def _limits(view: TraderView) -> Iterator[LimitDistance]:
    """A limit of 100 % is none."""
    return (limit for limit in _all_limits(view) if limit.limit < 1)


def _all_limits(view: TraderView) -> Iterator[LimitDistance]:
    if view.equity is not None:
        yield LimitDistance("daily loss", view.equity.daily_loss, view.plan.settings.risk.max_daily_loss)
        yield LimitDistance("drawdown", view.equity.drawdown, view.plan.settings.risk.max_drawdown)
    together = view.portfolio
    if together is not None and together.unit is not None:
        whose = "all accounts"
        if together.left_out:
            # Not by name: an account's owner sees this, and may not learn of others. The log names them.
            whose += f" but {len(together.left_out)}"
        if together.limits.max_daily_loss is not None:
            yield LimitDistance(f"daily loss of {whose}", together.unit.daily_loss, together.limits.max_daily_loss)
        if together.limits.max_drawdown is not None:
            yield LimitDistance(f"drawdown of {whose}", together.unit.drawdown, together.limits.max_drawdown)
