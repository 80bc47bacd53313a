"""The simulator, played candle by candle: prices go where the candles say, through every stop on the way."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.book import DepthProfile, Quote
from brokers.simulator.engine.market_data import CandleRow, Tick
from brokers.simulator.server import running_simulator
from brokers.simulator.world import Prices
from tests.fakes import ManualClock
from tests.simulator_fixtures import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from brokers.model import Exchange
    from brokers.simulator.config import SimulatedAccount
    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.engine.board import PriceBoard
    from brokers.simulator.engine.engine import Engine
    from brokers.simulator.server import Simulator
    from tests.parity.made_candles import MadeCandles

# The best level alone takes any order of these tests.
_SHORTEST_SLEEP = 0.001
_DEEP = DepthProfile(levels=1, level_value=Decimal(10) ** 9)


class PatientClock(ManualClock):
    """No sleep is so short that a float of the time stays the same: whoever waits in a loop would wait for ever."""

    def sleep(self, seconds: float) -> None:
        super().sleep(max(seconds, _SHORTEST_SLEEP))


@dataclass(slots=True)
class PlayedClock:
    """Market time, which stands still until it is moved."""

    now: float

    def market_time(self, wall: float) -> float:
        return self.now


class PlayedPrices:
    """A PriceSource: the candles that have closed, and a flat open one at the last price that was traded."""

    def __init__(self, markets: Mapping[str, MadeCandles]) -> None:
        self._markets = markets
        self._last: dict[str, Decimal] = {}
        self._waiting: dict[str, list[Tick]] = {symbol: [] for symbol in markets}

    def trade(self, symbol: str, price: Decimal) -> None:
        self._last[symbol] = price
        self._waiting[symbol].append(Tick(0.0, price, Decimal(1)))

    def symbols(self) -> tuple[str, ...]:
        return tuple(self._markets)

    def advance(self, symbol: str, until: float) -> Iterable[Tick]:
        ticks, self._waiting[symbol] = self._waiting[symbol], []
        return ticks

    def candles(self, symbol: str, seconds: int, until: float) -> list[CandleRow]:
        """Those of the market's own timeframe; of any other only the open one."""
        made, price = self._markets[symbol], self._last[symbol]
        bucket = int(until) // seconds * seconds
        running = CandleRow(bucket, price, price, price, price, price, Decimal(1), 1)
        if seconds != made.timeframe.seconds:
            return [running]
        closed = (bucket - made.rows[0].time) // seconds
        return [*made.rows[:closed], running]


@dataclass(frozen=True, slots=True)
class SlippedQuotes(Mapping[str, Quote]):
    """The best prices lie as far from the last one as a backtest's fills do from the price of a candle."""

    board: PriceBoard
    slippage: Mapping[str, Decimal]

    def __getitem__(self, symbol: str) -> Quote:
        price, slipped = self.board.last(symbol), self.slippage[symbol]
        if price is None:
            raise KeyError(symbol)
        return Quote(bid=price * (1 - slipped), ask=price * (1 + slipped))

    def __iter__(self) -> Iterator[str]:
        return iter(self.slippage)

    def __len__(self) -> int:
        return len(self.slippage)


@dataclass(frozen=True, slots=True)
class PlayedExchange:
    """One exchange of a running simulator. `clock` is the wall clock of all, `market` the time of its candles."""

    simulator: Simulator
    exchange: Exchange
    clock: ManualClock
    market: PlayedClock
    prices: PlayedPrices
    markets: Mapping[str, MadeCandles] = field(repr=False)

    @property
    def engine(self) -> Engine:
        return self.simulator.world.faces[self.exchange].engine

    def account(self, owner: str) -> Account:
        return self.engine.accounts[owner]

    def open(self, index: int) -> None:
        """The candle at this index begins: the one before has closed, and every market trades at its open."""
        for symbol, made in self.markets.items():
            self.market.now = float(made.rows[index].time)
            self.prices.trade(symbol, made.rows[index].open)
        self._tick()

    def play(self, index: int) -> None:
        """Every market falls to the low of the candle through each stop, then rises to the high."""
        for symbol, made in self.markets.items():
            row = made.rows[index]
            for price in (*self._stops_above(symbol, row.low), row.low, row.high):
                self.prices.trade(symbol, price)
                self._tick()

    def close(self, index: int) -> None:
        for symbol, made in self.markets.items():
            self.prices.trade(symbol, made.rows[index].close)
        self._tick()

    def stops(self, owner: str) -> dict[str, Decimal]:
        """The prices of the stops of an account that rest now, by market."""
        orders = list(self.account(owner).open_orders())
        return {order.symbol: order.stop_price for order in orders if order.stop_price is not None}

    def _stops_above(self, symbol: str, low: Decimal) -> list[Decimal]:
        resting = (self.stops(owner).get(symbol) for owner in self.engine.accounts)
        return sorted({stop for stop in resting if stop is not None and stop >= low}, reverse=True)

    def _tick(self) -> None:
        self.simulator.call(self.simulator.world.tick)


@contextlib.contextmanager
def played_exchange(
    exchange: Exchange,
    accounts: Sequence[SimulatedAccount],
    markets: Mapping[str, MadeCandles],
    slippage: Mapping[str, Decimal],
    *,
    wall_start: float,
    changes: Mapping[str, Mapping[str, Decimal]],
) -> Iterator[PlayedExchange]:
    """At the open of the first candles. `changes` are other steps or minimums of markets, by market and name."""
    clock, market = PatientClock(wall_start), PlayedClock(float(next(iter(markets.values())).rows[0].time))
    prices = PlayedPrices(markets)
    for symbol, made in markets.items():
        prices.trade(symbol, made.rows[0].open)
    config = SimulatorConfig(tuple(accounts), limits=UNLIMITED, depth=_DEEP)
    with running_simulator(config, clock=clock, prices=Prices(market, {exchange: prices})) as simulator:
        face = simulator.world.faces[exchange]
        books = face.engine.exchange
        books.quotes = SlippedQuotes(books.board, slippage)
        for symbol, change in changes.items():
            books.change_market(face.list_anew(books.spec(symbol).changed(change)))
        yield PlayedExchange(simulator, exchange, clock, market, prices, markets)
