"""A desk, its disk and its exchange, with one method for each action of trader, owner and adversary."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.client_order_id import Purpose, purpose_of
from brokers.errors import BrokerError
from brokers.model import Exchange, OrderType, Side
from nija.orders.desk import OrderDesk
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.orders.exchange_model import BTC, ETH, ExchangeModel, Fault, Killed
from tests.nija.orders.order_checker import entries_per_signal, reductions_leave_what_they_keep, violations

if TYPE_CHECKING:
    from collections.abc import Callable

    from nija.journal.connection import CommitPoint

MARKETS = {"BTC/USD": BTC, "ETH/USD": ETH}
_MEMORY = "/dev/shm"  # noqa: S108 a folder of its own is made in it
ACCOUNT = AccountId.parse("kraken:daivon_frazier")


class DeskWorld:
    def __init__(self, exchange: Exchange = Exchange.KRAKEN, *, base_fees: bool = False, local: bool = False) -> None:
        # Only processes are killed here, never the power: memory is enough of a disk, and many times faster.
        self.folder = Path(tempfile.mkdtemp(dir=_MEMORY if Path(_MEMORY).is_dir() else None))
        self.clock = ManualClock()
        self.log = CapturedLog()
        self.journals = journals_in(self.folder, self.clock, self.log.logger)
        self.exchange = ExchangeModel(self.clock, exchange, base_fees=base_fees)
        self.local = local
        self.steps: list[tuple[CommitPoint, bool]] = []
        self.steps_left: int | None = None
        self.kills = 0
        self.signals: dict[str, tuple[str, object]] = {}
        self.kept: dict[tuple[str, datetime], Decimal] = {}
        self.candle = datetime.fromtimestamp(self.clock.time(), UTC)
        self.start()

    def start(self) -> None:
        """A new process over the same disk."""
        self.journal = self.journals.open(ACCOUNT, on_commit=self._on_commit)
        self.desk = OrderDesk(
            ACCOUNT,
            self.exchange,
            self.journal,
            self.clock,
            self.log.logger,
            self.log.events,
            protective_stops="local" if self.local else "exchange",
        )
        self.do(self.desk.recover)

    def close(self) -> None:
        self.journal.close()
        self.journals.close()
        shutil.rmtree(self.folder)

    def _on_commit(self, step: CommitPoint, committed: bool) -> None:  # noqa: FBT001 the shape of CommitHook
        self.steps.append((step, committed))
        if self.steps_left is None:
            return
        self.steps_left -= 1
        if self.steps_left <= 0:
            self.steps_left = None
            raise Killed

    def do(self, action: Callable[[], object]) -> None:
        """Run an action of the trader; after a kill, start a new process."""
        try:
            with suppress(BrokerError):
                action()
        except Killed:
            self.kills += 1
            self.journal.close()
            self.start()

    # The trader.

    def enter(self, market: str, amount: Decimal, distance: int = 10) -> None:
        """`distance` of the stop is in percent."""
        stop = self.exchange.price[market] * (100 - distance) / 100
        signal = self.candle
        self._buy(market, lambda: self.desk.enter(MARKETS[market], amount, stop, signal, "trend"))

    def increase(self, market: str, amount: Decimal) -> None:
        signal = self.candle
        self._buy(market, lambda: self.desk.increase(MARKETS[market], amount, signal, "trend"))

    def _buy(self, market: str, action: Callable[[], object]) -> None:
        known, signal = len(self.exchange.book.requests), self.candle
        self.do(action)
        for request in self.exchange.book.requests[known:]:
            if purpose_of(request.client_id) is Purpose.ENTRY:
                self.signals[request.client_id] = (market, signal)

    def reduce(self, market: str, percent: int) -> None:
        """To this share of what is held; a second call for one candle says the same."""
        position = self.desk.positions().get(market)
        if position is not None:
            keep, signal = self.kept.setdefault((market, self.candle), position.amount * percent / 100), self.candle
            self.do(lambda: self.desk.reduce(market, keep, signal, "trend reduce"))

    def exit(self, market: str) -> None:
        self.do(lambda: self.desk.exit(market, "exit signal"))

    def trail(self, market: str, percent: int) -> None:
        self.do(lambda: self.desk.trail(market, self.exchange.price[market] * percent / 100))

    def refresh(self, *, with_prices: bool = False) -> None:
        self.do(lambda: self.desk.refresh(dict(self.exchange.price) if with_prices else None))

    def flatten(self) -> None:
        self.do(self.desk.flatten)

    # The world.

    def fault(self, kind: str, fault: Fault) -> None:
        self.exchange.faults[kind].append(fault)

    def kill_after(self, steps: int) -> None:
        self.steps_left = steps

    def candle_closes(self) -> None:
        self.clock.advance(60)
        self.candle = datetime.fromtimestamp(self.clock.time(), UTC)

    def move_price(self, market: str, percent: int) -> None:
        moved = (self.exchange.price[market] * percent / 100).quantize(Decimal("0.01"))
        self.exchange.set_price(market, max(moved, Decimal(1)))

    def owner_buys(self, market: str, amount: Decimal) -> None:
        with suppress(BrokerError):
            self.exchange.owner_order(market, Side.BUY, amount)

    def owner_sells(self, market: str, amount: Decimal) -> None:
        """He cancels everything first, so that NIJA's coins are free for him."""
        self.exchange.owner_cancels_all()
        with suppress(BrokerError):
            self.exchange.owner_sells(market, amount)

    def owner_withdraws(self, market: str, amount: Decimal) -> None:
        with suppress(BrokerError):
            self.exchange.owner_withdraws(market.partition("/")[0], amount)

    def owner_moves_stop(self, market: str, percent: int) -> None:
        price = (self.exchange.price[market] * percent / 100).quantize(Decimal("0.1"))
        for order in self.exchange.ours():
            if order.market == market and order.type is OrderType.STOP and not order.status.is_final:
                with suppress(BrokerError):
                    self.exchange.owner_moves_stop(order.exchange_id, price)

    def lose_disk(self) -> None:
        self.journal.close()
        shutil.rmtree(self.folder)
        self.start()

    # Results.

    def come_to_rest(self) -> None:
        """No more faults, and enough time for everything to settle."""
        self.exchange.calm()
        self.exchange.modes.clear()
        self.steps_left = None
        self.exchange.finish_half_open()
        for _ in range(25):
            self.clock.advance(30)
            self.refresh()

    def violations(self) -> list[str]:
        return [
            *violations(self.exchange, self.journal, self.desk),
            *entries_per_signal(self.exchange, self.signals),
            *reductions_leave_what_they_keep(self.journal, self.kept),
        ]
