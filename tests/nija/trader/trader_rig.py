"""One account's trader on its own: the exchange in memory below it, candles closed by the test."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from accounts.identity import AccountId
from accounts.manager import AccountManager, AccountState
from accounts.settings import Settings
from brokers.model import Candles, Exchange, Ticker, Timeframe
from nija.feed import Feed
from nija.log.event_log import EventLog
from nija.orders.desk import OrderDesk
from nija.strategy.base import Signals
from nija.trader.commands import CommandQueue
from nija.trader.context import TraderContext
from nija.trader.halts import HaltReporter
from nija.trader.plan import TradingPlan
from nija.trader.trader import Trader
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.orders.exchange_model import ExchangeModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from brokers.model import Market
    from nija.risk.no_trade import NoTradeReason
    from nija.risk.portfolio import PortfolioState

ACCOUNT = AccountId.parse("kraken:tania_gilbert")
DAY = 86_400
BAND = 0.10


class Script:
    """The signals at the last closed candle of each market, set by the test."""

    def __init__(self) -> None:
        self.entry: set[str] = set()
        self.exit: set[str] = set()
        self.stop: dict[str, float] = {}
        self.trail: dict[str, float] = {}
        # Makes it a strategy with weights, which enters and exits by them.
        self.weight: dict[str, float] = {}


class Scripted:
    """A strategy that returns the signals of its script."""

    name = "scripted"
    warmup = 1
    fee_gate = 0.0

    def __init__(self, script: Script) -> None:
        self._script = script

    def evaluate(self, candles: Candles) -> Signals:
        script, market = self._script, candles.market
        count, weight = len(candles), script.weight.get(market, np.nan)
        return Signals(
            entry=np.full(count, market in script.entry or weight >= BAND),
            exit=np.full(count, market in script.exit or weight == 0),
            initial_stop=np.full(count, script.stop.get(market, np.nan)),
            trail=np.full(count, script.trail.get(market, np.nan)),
            weight=np.full(count, weight) if script.weight else None,
            band=BAND,
        )


class Candlestick:
    """Market data whose candles close when the test says so; prices are the exchange's."""

    exchange = Exchange.KRAKEN

    def __init__(self, model: ExchangeModel) -> None:
        self._model = model
        self.closed = 20

    def server_time(self) -> datetime:
        return self._model.exchange_time()

    def markets(self) -> Mapping[str, Market]:
        return self._model.markets()

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        last = int(self._model.clock.time()) // DAY * DAY
        time = last + (np.arange(self.closed, dtype=np.int64) - 20) * DAY
        time = time[time > since] if since is not None else time
        price = np.full(len(time), float(self._model.price[market]))
        return Candles(market, timeframe, time, price, price.copy(), price.copy(), price.copy(), price.copy())

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
        now = self._model.exchange_time()
        prices = {market: self._model.price[market] for market in markets}
        return {market: Ticker(market, price, price, price, now) for market, price in prices.items()}

    def close(self) -> None:
        pass


class TraderRig:
    def __init__(self, folder: Path, overrides: Mapping[str, Mapping[str, object]] | None = None) -> None:
        self.clock = ManualClock()
        self.log = CapturedLog()
        self.model = ExchangeModel(self.clock)
        self.script = Script()
        self.plan = self.planned(overrides or {})
        self.data = Candlestick(self.model)
        self.manager = AccountManager(self.clock)
        self.manager.add(ACCOUNT)
        self.portfolio: Callable[[], PortfolioState | None] = lambda: None
        self.journals = journals_in(folder, self.clock, self.log.logger)
        self.commands = CommandQueue(ACCOUNT, self.clock, self.log.logger, lambda: None)
        self.halt_reporter = HaltReporter(ACCOUNT, self.log.events, self.now())
        self.start()

    def planned(self, overrides: Mapping[str, Mapping[str, object]]) -> TradingPlan:
        settings = Settings().for_account(ACCOUNT)
        trading = {"strategy": "scripted", "max_candle_age": 0.0, **overrides.get("trading", {})}
        changed = replace(
            settings,
            trading=settings.trading.model_copy(update=trading),
            risk=settings.risk.model_copy(update=dict(overrides.get("risk", {}))),
            own=settings.own.model_copy(update=dict(overrides.get("own", {}))),
        )
        return TradingPlan(changed, Scripted(self.script))

    def start(self) -> None:
        """A new process over the same disk."""
        self.feed = Feed(self.data, self.clock, 30.0, EventLog(self.log.logger))
        self.journal = self.journals.open(ACCOUNT)
        desk = OrderDesk(ACCOUNT, self.model, self.journal, self.clock, self.log.logger, self.log.events)
        if self.manager.snapshot(ACCOUNT).state is not AccountState.CONNECTING:
            self.manager.transition(ACCOUNT, AccountState.CONNECTING)
        self.manager.register(ACCOUNT, self.model, self.model.connect())
        self.desk = desk
        self.trader = Trader(
            TraderContext(
                account=ACCOUNT,
                plan=self.plan,
                broker=self.model,
                desk=desk,
                journal=self.journal,
                feed=self.feed,
                manager=self.manager,
                clock=self.clock,
                log=self.log.logger,
                events=self.log.events,
                halt_reporter=self.halt_reporter,
                wake=threading.Event(),
                commands=self.commands,
                portfolio=self.portfolio,
            )
        )
        self.trader.start()

    def close(self) -> None:
        self.journal.close()
        self.journals.close()

    def cycle(self, count: int = 1) -> None:
        for _ in range(count):
            self.feed.poll()
            self.trader.cycle()
            self.clock.advance(1.0)

    def next_candle(self) -> None:
        self.data.closed += 1
        self.clock.advance(30.0)

    def move(self, market: str, price: int | str) -> None:
        self.model.set_price(market, Decimal(price))
        self.clock.advance(30.0)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.time(), UTC)

    def why_not_traded(self, market: str) -> NoTradeReason:
        (reason,) = (one for one in self.trader.view.not_trading if one.market == market)
        return reason

    def sent(self, market: str) -> list[str]:
        """Side and type of every order that was sent for a market."""
        return [
            f"{request.side.value} {request.type.value}"
            for request in self.model.book.requests
            if request.market == market
        ]
