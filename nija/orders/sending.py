"""The one place that sends an order: journaled as intended, journaled as sent, sent, outcome journaled."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import (
    BrokerError,
    MarketRefused,
    OrderRejected,
    OutcomeUnknown,
    PermissionDenied,
    Unauthorized,
)
from brokers.model import ZERO, OrderRequest, OrderType, Side
from nija.journal.order_state import OrderState
from nija.journal.records import Intent, Plan
from nija.journal.steps import Step

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from nija.orders.asking import DeskContext


class Sender:
    def __init__(self, context: DeskContext) -> None:
        self._broker = context.broker
        self._open = context.open
        self._timings = context.timings
        self._clock = context.clock
        self.refused_markets: dict[str, tuple[MarketRefused, float]] = {}

    def entry(
        self, market: str, amount: Decimal, stop_price: Decimal | None, signal_time: datetime, strategy: str
    ) -> Intent:
        """Buy at market, with a plan of its own. Raises BrokerError where the exchange's time is not known."""
        self._broker.sync_clock()
        client_id = new_client_id(Purpose.ENTRY)
        now = self._broker.exchange_time()
        plan = Plan(client_id, market, now, strategy, signal_time=signal_time, stop_price=stop_price)
        intent = Intent(
            request=OrderRequest(
                client_id, market, Side.BUY, OrderType.MARKET, amount, self._deadline(self._timings.entry_deadline)
            ),
            position_id=client_id,
            purpose=Purpose.ENTRY,
            state=OrderState.INTENDED,
            created=now,
            filled=ZERO,
            strategy=strategy,
            reason="entry signal",
            signal_time=signal_time,
        )
        return self._send(intent, plan)

    def sale(self, plan: Plan, amount: Decimal, reason: str) -> Intent:
        """Sell at market."""
        return self._send(self._selling(plan, amount, Purpose.EXIT, reason))

    def stop(self, plan: Plan, amount: Decimal, stop_price: Decimal) -> Intent:
        """Place a resting stop."""
        return self._send(self._selling(plan, amount, Purpose.STOP, "protective stop", stop_price))

    def preview_stop(self, plan: Plan, amount: Decimal, stop_price: Decimal) -> None:
        """Ask whether this stop would be taken. Raises OrderRejected or MarketRefused where it would not."""
        self._broker.preview(self._selling(plan, amount, Purpose.STOP, "protective stop", stop_price).request)

    def _selling(
        self, plan: Plan, amount: Decimal, purpose: Purpose, reason: str, stop_price: Decimal | None = None
    ) -> Intent:
        """What protects or sells does not wait for a clock that cannot be asked."""
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

    def _send(self, intent: Intent, plan: Plan | None = None) -> Intent:
        self._open.intend(intent, plan)
        sent = self._open.move(intent, replace(intent, state=OrderState.SENT), Step.SENT)
        try:
            exchange_id = self._broker.place(sent.request)
        except OutcomeUnknown as error:
            unknown = replace(sent, state=OrderState.UNKNOWN, outcome=str(error))
            return self._open.move(sent, unknown, Step.OUTCOME, str(error))
        except OrderRejected as error:
            return self._refused(sent, error.reason, passing=False)
        except MarketRefused as error:
            self.refused_markets[sent.market] = (error, self._clock.monotonic())
            return self._refused(sent, str(error), passing=True)
        except (Unauthorized, PermissionDenied) as error:
            self._refused(sent, str(error), passing=True)
            raise
        except BrokerError as error:
            return self._refused(sent, str(error), passing=True)
        self.refused_markets.pop(sent.market, None)
        placed = replace(sent, state=OrderState.OPEN, exchange_id=exchange_id)
        return self._open.move(sent, placed, Step.OUTCOME)

    def _refused(self, sent: Intent, reason: str, *, passing: bool) -> Intent:
        refused = replace(sent, state=OrderState.REJECTED, settled=True, passing=passing, outcome=reason)
        return self._open.move(sent, refused, Step.OUTCOME, reason)
