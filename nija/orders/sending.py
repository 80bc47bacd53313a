"""The one place that sends an order: journaled as intended, journaled as sent, sent, outcome journaled."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, new_client_id, new_increase_id
from brokers.errors import (
    BrokerError,
    MarketRefused,
    OrderRejected,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    Unauthorized,
)
from brokers.figures import duration
from brokers.model import ZERO, OrderRequest, OrderType, Side
from nija.events import OrderRefused
from nija.journal.connection import CommitPoint
from nija.journal.order_state import OrderState
from nija.journal.records import Intent, PositionPlan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from nija.orders.tracking import DeskContext


class Sender:
    def __init__(self, context: DeskContext, retries: EntryRetries) -> None:
        self._broker = context.broker
        self._open = context.open
        self._timings = context.timings
        self._events = context.events
        self._account = context.journal.account
        self._retries = retries

    def entry(
        self, market: str, amount: Decimal, stop_price: Decimal | None, signal_time: datetime, strategy: str
    ) -> Intent:
        """Buy at market and open a position plan. Raises BrokerError if the exchange's time is unknown."""
        self._broker.sync_clock()
        client_id = new_client_id(Purpose.ENTRY)
        now = self._broker.exchange_time()
        plan = PositionPlan(client_id, market, now, strategy, signal_time=signal_time, stop_price=stop_price)
        intent = self._buying(plan, client_id, amount, signal_time, "entry signal")
        return self._send(intent, plan)

    def increase(self, plan: PositionPlan, amount: Decimal, signal_time: datetime, strategy: str) -> Intent:
        """Buy more of an open position at market. Raises BrokerError if the exchange's time is unknown."""
        self._broker.sync_clock()
        intent = self._buying(plan, new_increase_id(), amount, signal_time, "increase signal")
        return self._send(replace(intent, strategy=strategy))

    def sale(self, plan: PositionPlan, amount: Decimal) -> Intent:
        """Sell at market: all of it, or what the plan does not keep."""
        intent = self._selling(plan, amount, Purpose.EXIT, plan.exit_reason or plan.keep_reason or "")
        return self._send(replace(intent, signal_time=plan.keep_signal if plan.exit_reason is None else None))

    def stop(self, plan: PositionPlan, amount: Decimal, stop_price: Decimal) -> Intent:
        """Place a resting stop."""
        return self._send(self._selling(plan, amount, Purpose.STOP, "protective stop", stop_price))

    def preview_stop(self, plan: PositionPlan, amount: Decimal, stop_price: Decimal) -> None:
        """Check that the exchange would accept this stop. Raises OrderRejected or MarketRefused if not."""
        self._preview(self._selling(plan, amount, Purpose.STOP, "protective stop", stop_price))

    def preview_sale(self, plan: PositionPlan, amount: Decimal) -> None:
        """As `preview_stop`, for a sale at market."""
        self._preview(self._selling(plan, amount, Purpose.EXIT, "preview"))

    def _preview(self, intent: Intent) -> None:
        try:
            self._broker.preview(intent.request)
        except MarketRefused as error:
            self._retries.market_refused(intent.market, error)
            raise

    def _buying(
        self, plan: PositionPlan, client_id: str, amount: Decimal, signal_time: datetime, reason: str
    ) -> Intent:
        return Intent(
            request=OrderRequest(
                client_id, plan.market, Side.BUY, OrderType.MARKET, amount, self._deadline(self._timings.entry_deadline)
            ),
            position_id=plan.id,
            purpose=Purpose.ENTRY,
            state=OrderState.INTENDED,
            created=self._broker.exchange_time(),
            filled=ZERO,
            strategy=plan.strategy,
            reason=reason,
            signal_time=signal_time,
        )

    def _selling(
        self, plan: PositionPlan, amount: Decimal, purpose: Purpose, reason: str, stop_price: Decimal | None = None
    ) -> Intent:
        """Stops and sales are sent even if the exchange's clock cannot be read."""
        with suppress(BrokerError):
            self._broker.sync_clock()
        return Intent(
            request=OrderRequest(
                client_id=new_client_id(purpose),
                market=plan.market,
                side=Side.SELL,
                type=OrderType.MARKET if stop_price is None else OrderType.STOP,
                amount=amount,
                deadline=self._deadline(
                    self._timings.resent_sale_deadline if self._broker.resends_by_id else self._timings.sale_deadline
                ),
                stop_price=stop_price,
            ),
            position_id=plan.id,
            purpose=purpose,
            state=OrderState.INTENDED,
            created=self._broker.exchange_time(),
            filled=ZERO,
            strategy=plan.strategy,
            reason=reason,
        )

    def _deadline(self, seconds: float) -> datetime:
        return self._broker.exchange_time() + timedelta(seconds=seconds)

    def _send(self, intent: Intent, plan: PositionPlan | None = None) -> Intent:
        self._open.intend(intent, plan)
        sent = self._open.move(intent, replace(intent, state=OrderState.SENT), CommitPoint.SENT)
        try:
            exchange_id = self._broker.place(sent.request)
        except OutcomeUnknown as error:
            unknown = replace(sent, state=OrderState.UNKNOWN, outcome=str(error))
            return self._open.move(sent, unknown, CommitPoint.OUTCOME, str(error))
        except OrderRejected as error:
            return self._refused(sent, error.reason, transient=False)
        except MarketRefused as error:
            self._retries.market_refused(sent.market, error)
            return self._refused(sent, str(error), transient=True)
        except (Unauthorized, PermissionDenied) as error:
            self._refused(sent, str(error), transient=True)
            raise
        except BrokerError as error:
            self._retries.note_rate_limit(error)
            return self._refused(sent, str(error), transient=True)
        self._retries.market_accepted(sent.market)
        placed = replace(sent, state=OrderState.OPEN, exchange_id=exchange_id)
        return self._open.move(sent, placed, CommitPoint.OUTCOME)

    def _refused(self, sent: Intent, reason: str, *, transient: bool) -> Intent:
        refused = replace(sent, state=OrderState.REJECTED, settled=True, transient=transient, outcome=reason)
        refused = self._open.move(sent, refused, CommitPoint.OUTCOME, reason)
        request = sent.request
        self._events.publish(
            OrderRefused(self._account, sent.market, request.side, request.amount, sent.purpose, reason)
        )
        return refused


@dataclass(frozen=True, slots=True)
class _Retry:
    """The next attempt at an entry, in seconds of the steady clock, and why the last one was not sent."""

    signal_time: datetime
    due: float
    wait: float
    reason: str


class EntryRetries:
    """Retries entries that were certainly not sent, with increasing waits, while their candle is the latest."""

    def __init__(self, context: DeskContext) -> None:
        self._clock = context.clock
        self._timings = context.timings
        self._retries: dict[str, _Retry] = {}
        self._refused: dict[str, tuple[MarketRefused, float]] = {}
        self._capacity_at = float("-inf")

    def wait_reason(self, market: str, signal_time: datetime) -> str | None:
        """Why an entry for this candle must wait, or None."""
        now = self._clock.monotonic()
        if market in self._refused:
            error, since = self._refused[market]
            if now < since + self._timings.refused_market:
                return f"the exchange refuses this market to the account: {error}; {error.remedy}"
        retry = self._retries.get(market)
        if retry is None or retry.signal_time != signal_time or now >= retry.due:
            return None
        return f"the entry could not be sent ({retry.reason}); retrying in {duration(retry.due - now)}"

    def schedule(self, market: str, signal_time: datetime, error: BrokerError) -> str:
        """Schedule the next attempt after `error`; returns the text to report."""
        self.note_rate_limit(error)
        last = self._retries.get(market)
        wait = self._timings.entry_retry
        if last is not None and last.signal_time == signal_time:
            wait = min(last.wait * 2, self._timings.entry_retry_max)
        now = self._clock.monotonic()
        wait = max(wait, self._capacity_at - now)
        self._retries[market] = _Retry(signal_time, now + wait, wait, str(error))
        return f"{error}; retrying in {duration(wait)}"

    def note_rate_limit(self, error: BrokerError) -> None:
        """If `error` is a rate limit, remember how long there is no capacity for orders."""
        if isinstance(error, RateLimited):
            self._capacity_at = self._clock.monotonic() + error.retry_after

    def clear(self, market: str) -> None:
        self._retries.pop(market, None)

    def market_refused(self, market: str, error: MarketRefused) -> None:
        self._refused[market] = (error, self._clock.monotonic())

    def market_accepted(self, market: str) -> None:
        self._refused.pop(market, None)

    def refused_markets(self) -> Mapping[str, str]:
        """The exchange's refusal and its remedy, by market."""
        return {market: f"{error}; {error.remedy}" for market, (error, _) in self._refused.items()}
