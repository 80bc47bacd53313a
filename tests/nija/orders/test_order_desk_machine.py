"""A desk and its adversary, driven by hypothesis: lost answers, late orders, kills at any journal step."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING


from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accounts.identity import AccountId
from brokers.client_order_id import Purpose, purpose_of
from brokers.errors import BrokerError
from brokers.model import Exchange, Side
from nija.journal.opening import Journals
from nija.orders.desk import OrderDesk
from tests.fakes import ManualClock
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.orders.exchange_model import BTC, ETH, ExchangeModel, Fault, Killed
from tests.nija.orders.order_judge import entries_per_signal, oversold, violations

if TYPE_CHECKING:
    from collections.abc import Callable

    from nija.journal.steps import Step

MARKETS = {"BTC/USD": BTC, "ETH/USD": ETH}
markets = st.sampled_from(sorted(MARKETS))
ACCOUNT = AccountId.parse("kraken:daivon_frazier")


class DeskMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = ManualClock()
        self.log = CapturedLog().logger
        self.journals = Journals(self.folder, self.clock, self.log)
        self.exchange = ExchangeModel(self.clock)
        self.steps_left: int | None = None
        self.signals: dict[str, tuple[str, object]] = {}
        self.candle = datetime.fromtimestamp(self.clock.time(), UTC)

    @initialize(exchange=st.sampled_from(Exchange), base_fees=st.booleans())
    def begin(self, exchange: Exchange, base_fees: bool) -> None:  # noqa: FBT001 drawn by name
        self.exchange = ExchangeModel(self.clock, exchange, base_fees=base_fees)
        self.start()

    def start(self) -> None:
        self.journal = self.journals.open(ACCOUNT, on_step=self.on_step)
        self.desk = OrderDesk(ACCOUNT, self.exchange, self.journal, self.clock, self.log)
        self.do(self.desk.recover)

    def on_step(self, step: Step, committed: bool) -> None:  # noqa: FBT001 the shape of StepHook
        del step, committed
        if self.steps_left is None:
            return
        self.steps_left -= 1
        if self.steps_left <= 0:
            self.steps_left = None
            raise Killed

    def do(self, action: Callable[[], object]) -> None:
        """Whatever the trader does; a kill is followed by a new process over the same disk."""
        try:
            with suppress(BrokerError):
                action()
        except Killed:
            self.journal.close()
            self.start()

    @rule(kind=st.sampled_from(["place", "read", "cancel", "amend"]), fault=st.sampled_from(Fault))
    def a_fault_waits(self, kind: str, fault: Fault) -> None:
        self.exchange.faults[kind].append(fault)

    @rule(steps=st.integers(1, 12))
    def a_kill_waits(self, steps: int) -> None:
        self.steps_left = steps

    @rule(lag=st.sampled_from([0.0, 0.1, 4.0, 30.0]))
    def fills_lag(self, lag: float) -> None:
        self.exchange.fill_lag = lag

    @rule(market=markets, amount=st.integers(1, 5000), distance=st.integers(1, 30))
    def enter(self, market: str, amount: int, distance: int) -> None:
        known = len(self.exchange.book.requests)
        stop = self.exchange.price[market] * (100 - distance) / 100
        signal = self.candle
        self.do(lambda: self.desk.enter(MARKETS[market], Decimal(amount) / 1000, stop, signal, "trend"))
        for request in self.exchange.book.requests[known:]:
            if purpose_of(request.client_id) is Purpose.ENTRY:
                self.signals[request.client_id] = (market, signal)

    @rule()
    def a_candle_closes(self) -> None:
        self.clock.advance(60)
        self.candle = datetime.fromtimestamp(self.clock.time(), UTC)

    @rule(market=markets)
    def exit(self, market: str) -> None:
        self.do(lambda: self.desk.exit(market, "exit signal"))

    @rule(market=markets, part=st.integers(60, 99))
    def trail(self, market: str, part: int) -> None:
        self.do(lambda: self.desk.trail(market, self.exchange.price[market] * part / 100))

    @rule(market=markets, part=st.sampled_from([50, 85, 95, 99, 101, 105, 120]))
    def the_price_moves(self, market: str, part: int) -> None:
        self.exchange.set_price(market, (self.exchange.price[market] * part / 100).quantize(Decimal("0.01")))

    @rule(seconds=st.sampled_from([1, 5, 20, 60, 400]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(with_prices=st.booleans())
    def refresh(self, with_prices: bool) -> None:  # noqa: FBT001 drawn by name
        self.do(lambda: self.desk.refresh(dict(self.exchange.price) if with_prices else None))

    @rule()
    def working_orders_fill(self) -> None:
        self.exchange.finish_half_open()

    @rule(market=markets, amount=st.integers(1, 3000))
    def the_owner_buys(self, market: str, amount: int) -> None:
        with suppress(BrokerError):
            self.exchange.owner_order(market, Side.BUY, Decimal(amount) / 1000)

    @rule()
    def flatten(self) -> None:
        self.do(self.desk.flatten)

    @precondition(lambda self: not self.exchange.in_flight())
    @rule()
    def the_disk_is_lost(self) -> None:
        self.journal.close()
        shutil.rmtree(self.folder)
        self.start()

    @invariant()
    def nothing_is_oversold(self) -> None:
        assert oversold(self.exchange) == []

    def teardown(self) -> None:
        try:
            self.come_to_rest()
            assert violations(self.exchange, self.journal, self.desk) == []
            assert entries_per_signal(self.exchange, self.signals) == []
        finally:
            self.journal.close()
            self.journals.close()
            shutil.rmtree(self.folder)

    def come_to_rest(self) -> None:
        self.exchange.calm()
        self.steps_left = None
        self.exchange.finish_half_open()
        for _ in range(50):
            self.clock.advance(15)
            self.do(self.desk.refresh)


TestOrderDesk = DeskMachine.TestCase
TestOrderDesk.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
