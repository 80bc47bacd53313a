"""The one place that sends an order: journaled as intended, journaled as sent, sent, outcome journaled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import BrokerError, OrderRejected, OutcomeUnknown, PermissionDenied, Unauthorized
from brokers.model import ZERO, OrderRequest, OrderType, Side
from nija.journal.records import Intent, Plan
from nija.journal.steps import Step
from nija.orders.state import OrderState

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from brokers.base import Broker
    from nija.orders.book import Book
    from nija.orders.pace import Pace


class Sender:
    def __init__(self, broker: Broker, book: Book, pace: Pace) -> None:
        self._broker = broker
        self._book = book
        self._pace = pace

    def entry(
        self, market: str, amount: Decimal, stop_price: Decimal | None, signal_time: datetime, strategy: str
    ) -> Intent:
        """Buy at market, with a plan of its own."""
        client_id = new_client_id(Purpose.ENTRY)
        now = self._broker.exchange_time()
        plan = Plan(client_id, market, now, strategy, signal_time=signal_time, stop_price=stop_price)
        intent = Intent(
            request=OrderRequest(
                client_id, market, Side.BUY, OrderType.MARKET, amount, self._deadline(self._pace.entry_deadline)
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

    def _selling(
        self, plan: Plan, amount: Decimal, purpose: Purpose, reason: str, stop_price: Decimal | None = None
    ) -> Intent:
        return Intent(
            request=OrderRequest(
                client_id=new_client_id(purpose),
                market=plan.market,
                side=Side.SELL,
                type=OrderType.MARKET if stop_price is None else OrderType.STOP,
                amount=amount,
                deadline=self._deadline(
                    self._pace.resent_sale_deadline if self._broker.resends_by_id else self._pace.sale_deadline
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
        self._book.intend(intent, plan)
        sent = self._book.move(intent, replace(intent, state=OrderState.SENT), Step.SENT)
        try:
            exchange_id = self._broker.place(sent.request)
        except OutcomeUnknown as error:
            unknown = replace(sent, state=OrderState.UNKNOWN, outcome=str(error))
            return self._book.move(sent, unknown, Step.OUTCOME, str(error))
        except OrderRejected as error:
            return self._refused(sent, error.reason, passing=False)
        except (Unauthorized, PermissionDenied) as error:
            self._refused(sent, str(error), passing=True)
            raise
        except BrokerError as error:
            return self._refused(sent, str(error), passing=True)
        placed = replace(sent, state=OrderState.OPEN, exchange_id=exchange_id)
        return self._book.move(sent, placed, Step.OUTCOME)

    def _refused(self, sent: Intent, reason: str, *, passing: bool) -> Intent:
        refused = replace(sent, state=OrderState.REJECTED, settled=True, passing=passing, outcome=reason)
        return self._book.move(sent, refused, Step.OUTCOME, reason)
