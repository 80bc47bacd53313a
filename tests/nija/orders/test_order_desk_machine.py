"""A desk and an adversarial exchange, driven by hypothesis: lost answers, late orders, kills at any commit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from brokers.exchanges import exchanges
from brokers.simulator.engine.markets import Mode
from tests.nija.orders.desk_world import MARKETS, DeskWorld
from tests.nija.orders.exchange_model import Fault
from tests.nija.orders.order_checker import oversold, owners_coins_sold

if TYPE_CHECKING:
    from brokers.model import Exchange

markets = st.sampled_from(sorted(MARKETS))


class DeskMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = DeskWorld()

    @initialize(exchange=st.sampled_from(exchanges()), base_fees=st.booleans())
    def begin(self, exchange: Exchange, *, base_fees: bool) -> None:
        self.world.close()
        self.world = DeskWorld(exchange, base_fees=base_fees)

    @rule(kind=st.sampled_from(["place", "read", "cancel", "amend"]), fault=st.sampled_from(Fault))
    def a_fault_waits(self, kind: str, fault: Fault) -> None:
        self.world.fault(kind, fault)

    @rule(steps=st.integers(1, 12))
    def a_kill_waits(self, steps: int) -> None:
        self.world.kill_after(steps)

    @rule(lag=st.sampled_from([0.0, 0.1, 4.0, 30.0]))
    def fills_lag(self, lag: float) -> None:
        self.world.exchange.fill_lag = lag

    @rule(market=markets, amount=st.integers(1, 5000), distance=st.integers(1, 30))
    def enter(self, market: str, amount: int, distance: int) -> None:
        self.world.enter(market, Decimal(amount) / 1000, distance)

    @rule(market=markets, amount=st.integers(1, 3000))
    def increase(self, market: str, amount: int) -> None:
        self.world.increase(market, Decimal(amount) / 1000)

    @rule(market=markets, percent=st.integers(0, 100))
    def reduce(self, market: str, percent: int) -> None:
        self.world.reduce(market, percent)

    @rule()
    def a_candle_closes(self) -> None:
        self.world.candle_closes()

    @rule(market=markets)
    def exit(self, market: str) -> None:
        self.world.exit(market)

    @rule(market=markets, percent=st.integers(60, 99))
    def trail(self, market: str, percent: int) -> None:
        self.world.trail(market, percent)

    @rule(market=markets, percent=st.sampled_from([50, 85, 95, 99, 101, 105, 120]))
    def the_price_moves(self, market: str, percent: int) -> None:
        self.world.move_price(market, percent)

    @rule(seconds=st.sampled_from([1, 5, 20, 60, 400]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule(with_prices=st.booleans())
    def refresh(self, *, with_prices: bool) -> None:
        self.world.refresh(with_prices=with_prices)

    @rule()
    def working_orders_fill(self) -> None:
        self.world.exchange.finish_half_open()

    @rule(market=markets, amount=st.integers(1, 3000))
    def the_owner_buys(self, market: str, amount: int) -> None:
        self.world.owner_buys(market, Decimal(amount) / 1000)

    @rule(market=markets, amount=st.integers(1, 6000))
    def the_owner_sells(self, market: str, amount: int) -> None:
        self.world.owner_sells(market, Decimal(amount) / 1000)

    @rule(market=markets, amount=st.integers(1, 6000))
    def the_owner_withdraws(self, market: str, amount: int) -> None:
        self.world.owner_withdraws(market, Decimal(amount) / 1000)

    @rule()
    def the_owner_cancels_all(self) -> None:
        self.world.exchange.owner_cancels_all()

    @rule(market=markets, percent=st.integers(50, 99))
    def the_owner_moves_the_stop(self, market: str, percent: int) -> None:
        self.world.owner_moves_stop(market, percent)

    @rule(market=markets, mode=st.sampled_from([Mode.ONLINE, Mode.ONLINE, *Mode]))
    def the_market_s_mode_changes(self, market: str, mode: Mode) -> None:
        self.world.exchange.modes[market] = mode

    @rule()
    def flatten(self) -> None:
        self.world.flatten()

    @precondition(lambda self: not self.world.exchange.in_flight())
    @rule()
    def the_disk_is_lost(self) -> None:
        self.world.lose_disk()

    @invariant()
    def nothing_is_oversold(self) -> None:
        assert oversold(self.world.exchange) == []

    @invariant()
    def no_coin_of_the_owner_s_is_sold(self) -> None:
        assert owners_coins_sold(self.world.exchange) == []

    def teardown(self) -> None:
        try:
            self.world.come_to_rest()
            assert self.world.violations() == []
        finally:
            self.world.close()


TestOrderDesk = DeskMachine.TestCase
TestOrderDesk.settings = settings(
    max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
