"""The desk with the real brokers and client libraries, against an exchange on a socket whose books are compared."""

from __future__ import annotations

import contextlib
import shutil
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from brokers.coinbase.broker import CoinbaseBroker
from brokers.errors import BrokerError
from brokers.exchanges import exchanges
from brokers.kraken.broker import KrakenBroker
from brokers.model import Exchange
from brokers.nonce import Nonce
from brokers.simulator.faults import FaultKind
from brokers.simulator.state import state_parts
from nija.orders.desk import OrderDesk
from nija.orders.state import Timings
from tests.invariants import books_and_journal_agree, each_position_has_its_stop, recorded
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog
from tests.simulated_books import simulated_books
from tests.simulator_fixtures import Rig, manual_rig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from brokers.base import Broker
    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.engine.orders import EngineOrder
    from tests.invariants import Stop

BTC = "BTC/USD"
AMOUNT = Decimal("0.01")
PLACE = {Exchange.KRAKEN: "AddOrder", Exchange.COINBASE: "POST /orders"}
CANCEL = {Exchange.KRAKEN: "CancelOrder", Exchange.COINBASE: "POST /orders/batch_cancel"}


class Trading:
    """One account's broker, disk and desk."""

    def __init__(self, rig: Rig, exchange: Exchange, folder: Path) -> None:
        self.rig = rig
        self.account = AccountId(exchange, "master")
        self.folder = folder / "data"
        self.log = CapturedLog()
        self.broker = self._broker(folder)
        self.broker.connect()
        self.journals = journals_in(self.folder, rig.clock, self.log.logger)
        self.start()

    def _broker(self, folder: Path) -> Broker:
        key = self.rig.simulated(str(self.account)).api_key
        if self.account.exchange == Exchange.KRAKEN:
            nonce = Nonce(folder / "nonce", clock=self.rig.clock)
            url = self.rig.simulator.kraken_url
            return KrakenBroker(key, base_url=url, nonce=nonce, clock=self.rig.clock, timeout=5.0, tier="pro")
        return CoinbaseBroker(key, base_url=self.rig.simulator.coinbase_url, clock=self.rig.clock, timeout=5.0)

    def start(self) -> None:
        self.journal = self.journals.open(self.account)
        timings = replace(Timings(), polls=(0.0, 0.2, 0.5))
        self.desk = OrderDesk(
            self.account, self.broker, self.journal, self.rig.clock, self.log.logger, self.log.events, timings=timings
        )
        with suppress(BrokerError):
            self.desk.recover()

    def restart(self, *, on_an_empty_disk: bool = False) -> None:
        self.journal.close()
        if on_an_empty_disk:
            shutil.rmtree(self.folder)
        self.start()

    def close(self) -> None:
        self.journal.close()
        self.journals.close()
        self.broker.close()

    def enter(self) -> None:
        market = self.broker.markets()[BTC]
        signal = self.broker.exchange_time()
        self.desk.enter(market, AMOUNT, Decimal(45_000), signal, "trend")

    def fault(self, kind: FaultKind, endpoint: str, *, seconds: float = 0.0) -> None:
        exchange = self.account.exchange
        self.rig.fault(kind, exchange=exchange, endpoint=endpoint, count=1, seconds=seconds)

    def later(self, times: int = 9, seconds: float = 30.0) -> None:
        for _ in range(times):
            self.rig.advance(seconds)
            with suppress(BrokerError):
                self.desk.refresh()

    @property
    def books(self) -> Account:
        return self.rig.account(str(self.account))

    def stops(self) -> list[EngineOrder]:
        return [order for order in self.books.open_orders() if order.kind.has_trigger]

    def assert_books_agree(self) -> None:
        """The journal's orders, fills and positions are those of the exchange, and each position has its stop."""
        name = str(self.account)
        books = simulated_books(self.rig.simulator.call(state_parts(self.rig.simulator.world)["accounts"])[name])
        record = replace(recorded(self.journal), positions=self.desk.positions())
        wanted: dict[str, Stop] = {market: (one.amount, one.stop_price) for market, one in record.positions.items()}
        assert [*books_and_journal_agree(books, record)] == []
        assert [*each_position_has_its_stop(books, wanted)] == []


@pytest.fixture(params=exchanges())
def trading(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trading]:
    with manual_rig() as rig:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", rig.simulator.ca_file)
        with contextlib.closing(Trading(rig, request.param, tmp_path)) as trading:
            yield trading


def test_a_position_is_opened_trailed_and_sold(trading: Trading) -> None:
    trading.enter()
    trading.assert_books_agree()
    assert len(trading.stops()) == 1
    trading.desk.trail(BTC, Decimal(47_000))
    trading.assert_books_agree()
    assert [stop.stop_price for stop in trading.stops()] == [47_000]
    trading.later(1)
    trading.desk.exit(BTC, "exit signal")
    trading.assert_books_agree()
    assert trading.desk.positions() == {}


def test_a_position_is_bought_more_of_sold_in_part_and_found_again_on_an_empty_disk(trading: Trading) -> None:
    trading.enter()
    trading.later(1)
    market = trading.broker.markets()[BTC]
    trading.desk.increase(market, AMOUNT, trading.broker.exchange_time(), "trend")
    assert [stop.amount for stop in trading.stops()] == [2 * AMOUNT]
    trading.later(1)
    trading.desk.reduce(BTC, AMOUNT / 2, trading.broker.exchange_time(), "trend reduce")
    assert [stop.amount for stop in trading.stops()] == [AMOUNT / 2]
    trading.assert_books_agree()
    trading.later(4)
    trading.restart(on_an_empty_disk=True)
    trading.later(3)
    assert trading.desk.positions()[BTC].amount == AMOUNT / 2
    trading.assert_books_agree()


def test_a_stop_that_triggered_is_booked(trading: Trading) -> None:
    trading.enter()
    trading.rig.price(BTC, "44900")
    trading.later(3)
    trading.assert_books_agree()
    assert trading.desk.positions() == {}


def test_a_stop_that_the_price_jumped_past_is_sold_all_the_same(trading: Trading) -> None:
    trading.enter()
    trading.rig.price(BTC, "30000")
    trading.rig.advance(15)
    trading.desk.refresh({BTC: Decimal(30_000)})
    trading.later(3)
    trading.assert_books_agree()
    assert trading.desk.positions() == {}


@pytest.mark.parametrize(
    ("which", "kind"),
    [
        (0, FaultKind.DROP_BEFORE),
        (0, FaultKind.DROP_AFTER),
        (0, FaultKind.LATE_VISIBLE),
        (1, FaultKind.ERROR_AFTER),
        (1, FaultKind.DROP_BEFORE),
        (2, FaultKind.TRUNCATE),
        (2, FaultKind.UNAVAILABLE_AFTER),
    ],
)
def test_an_order_met_by_a_fault_is_neither_lost_nor_doubled(trading: Trading, which: int, kind: FaultKind) -> None:
    """`which` of the three orders of a position's life: entry, stop or exit."""
    exchange = trading.account.exchange
    trading.rig.fault(kind, exchange=exchange, endpoint=PLACE[exchange], count=1, skip=which, seconds=8.0)
    with suppress(BrokerError):
        trading.enter()
    if which < 2:
        trading.later()
        trading.assert_books_agree()
    with suppress(BrokerError):
        trading.desk.exit(BTC, "exit signal")
    trading.later()
    trading.assert_books_agree()
    assert trading.desk.positions() == {}


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.SLOW_CANCEL])
def test_a_cancel_met_by_a_fault_sells_nothing_twice(trading: Trading, kind: FaultKind) -> None:
    trading.enter()
    trading.fault(kind, CANCEL[trading.account.exchange], seconds=6.0)
    with suppress(BrokerError):
        trading.desk.exit(BTC, "exit signal")
    trading.later()
    trading.assert_books_agree()
    assert trading.desk.positions() == {}


def test_positions_and_stops_are_found_again_on_an_empty_disk(trading: Trading) -> None:
    trading.enter()
    trading.desk.trail(BTC, Decimal(47_000))
    before = trading.desk.positions()[BTC]
    trading.later(4)
    trading.restart(on_an_empty_disk=True)
    trading.later(3)
    after = trading.desk.positions()[BTC]
    assert (after.amount, after.entry_price, after.cost, after.stop_price) == (
        before.amount,
        before.entry_price,
        before.cost,
        Decimal(47_000),
    )
    trading.assert_books_agree()
    assert trading.desk.acted_on(BTC, before.opened)
    trading.desk.exit(BTC, "exit signal")
    trading.later(1)
    trading.assert_books_agree()


def test_a_restart_goes_on_where_the_last_process_ended(trading: Trading) -> None:
    trading.fault(FaultKind.DROP_AFTER, PLACE[trading.account.exchange])
    with suppress(BrokerError):
        trading.enter()
    trading.restart()
    trading.later(2)
    trading.assert_books_agree()
    assert trading.desk.positions()[BTC].amount == AMOUNT
