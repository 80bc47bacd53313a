"""The same candles through the daemon and through the backtest."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from accounts.settings import load_settings
from accounts.toml_source import TomlText
from brokers.model import Exchange, Timeframe
from nija.backtest.assumptions import Assumptions
from nija.backtest.engine import backtest
from nija.backtest.records import BacktestAccount, MarketHistory
from nija.strategy.registry import STRATEGY_TABLES
from nija.trader.plan import trading_plan
from tests.made_up import accounts
from tests.parity.comparison import CUT, Tolerance, differences
from tests.parity.made_candles import made_candles
from tests.parity.played_exchange import played_exchange
from tests.parity.stepped_daemon import stepped_daemon
from tests.parity.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nija.backtest.records import BacktestResult
    from nija.trader.plan import TradingPlan
    from tests.parity.made_candles import MadeCandles
    from tests.parity.played_exchange import PlayedExchange
    from tests.parity.stepped_daemon import SteppedDaemon
    from tests.parity.tape import TapedTrade

MARKETS = ("BTC/USD", "ETH/USD", "SOL/USD", "LTC/USD")
# The volatility of trend_ensemble needs 91 candles.
HISTORY = 110
_MOST_CANDLES = 24
# Wall time per candle where candles pass faster than the clock: a price is asked for again after half a minute.
_FAST_SECONDS = 31.0
_MEMORY = "/dev/shm"  # noqa: S108 a folder of its own is made in it


@dataclass(frozen=True, slots=True)
class Trading:
    """`settings` is the account's table in nija.toml; `fee_tier` the row of the exchange's fee table."""

    owner: str
    settings: str
    cash: Decimal = Decimal(10_000)
    fee_tier: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """`seed` makes the candles. `real_time`: a candle lasts as long as on an exchange, else half a minute.

    `candles` are played, at most 24. `changes` are steps and minimums of markets that differ from the exchange's.
    """

    seed: int
    exchange: Exchange
    traders: tuple[Trading, ...]
    timeframe: Timeframe = Timeframe.D1
    candles: int = 18
    slippage: Decimal = Decimal("0.001")
    real_time: bool = False
    changes: Mapping[str, Mapping[str, Decimal]] = field(default_factory=lambda: MappingProxyType({}))

    def markets(self) -> dict[str, MadeCandles]:
        made = {
            symbol: made_candles(symbol, self.timeframe, HISTORY + _MOST_CANDLES, (self.seed, number))
            for number, symbol in enumerate(MARKETS)
        }
        return {symbol: replace(one, rows=one.rows[: HISTORY + self.candles]) for symbol, one in made.items()}

    def plan(self, trader: Trading) -> TradingPlan:
        account = AccountId(self.exchange, trader.owner)
        shared = f'[trading]\nmarkets = {list(MARKETS)}\ntimeframe = "{self.timeframe}"\n'
        tier = 'kraken_tier = "pro"\n' if self.exchange is Exchange.KRAKEN else ""
        # Where candles pass faster than the clock their age means nothing; else nothing is entered late in a candle.
        age = f"max_candle_age = {0.5 if self.real_time else 0}\n"
        text = f'{shared}{age}[accounts."{account}"]\n{tier}{trader.settings}'
        return trading_plan(load_settings(TomlText(text), STRATEGY_TABLES).for_account(account))


@dataclass(frozen=True, slots=True)
class Both:
    """One account's trades, as the daemon and as the backtest made them."""

    daemon: tuple[TapedTrade, ...]
    backtest: BacktestResult
    tolerances: dict[str, Tolerance]

    def differences(self) -> list[str]:
        return differences(self.daemon, self.backtest.trades, self.tolerances)


def through_both(world: World) -> dict[str, Both]:
    """By account."""
    with ExitStack() as stack:
        # No process is killed here, so memory is enough of a disk, and many times faster.
        memory = _MEMORY if Path(_MEMORY).is_dir() else None
        folder = Path(stack.enter_context(TemporaryDirectory(dir=memory, prefix="nija-parity-")))
        return _through_both(world, folder, stack.enter_context(pytest.MonkeyPatch.context()))


def _through_both(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Both]:
    markets = world.markets()
    simulated = [
        made
        for trader in world.traders
        for made in accounts(
            f"{world.exchange}:{trader.owner}",
            seed=sum(trader.owner.encode()),
            balances={"USD": trader.cash},
            fee_tier=trader.fee_tier,
        )
    ]
    plans = list(map(world.plan, world.traders))
    slippage = dict.fromkeys(MARKETS, world.slippage)
    begins = float(markets[MARKETS[0]].rows[HISTORY].time)
    with played_exchange(
        world.exchange,
        simulated,
        markets,
        slippage,
        wall_start=begins if world.real_time else float(markets[MARKETS[0]].rows[-1].time),
        changes=world.changes,
    ) as exchange:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", exchange.simulator.ca_file)
        exchange.open(HISTORY)
        with stepped_daemon(exchange, list(zip(simulated, plans, strict=True)), folder) as daemon:
            taped = _stepped(exchange, daemon, world)
            results = _tested(world, daemon, markets)
    return {
        account.name: Both(tuple(tape.trades), result, _tolerances(world, result))
        for account, tape, result in zip(daemon.accounts, taped, results, strict=True)
    }


def _stepped(exchange: PlayedExchange, daemon: SteppedDaemon, world: World) -> list[Tape]:
    tapes = [Tape(exchange, account.owner) for account in daemon.accounts]
    rows = exchange.markets[MARKETS[0]].rows
    for index in range(HISTORY, len(rows)):
        exchange.open(index)
        _pass_time_to(exchange, world, float(rows[index].time))
        daemon.act()
        _note(tapes, rows[index].time)
        for tape in tapes:
            tape.note_stops(rows[index - 1].time)
        exchange.play(index)
        _note(tapes, rows[index].time)
        daemon.follow()
        exchange.close(index)
        if world.real_time:
            _pass_time_to(exchange, world, float(rows[index].time) + world.timeframe.seconds - 120)
            daemon.watch()
    return tapes


def _note(tapes: list[Tape], candle: int) -> None:
    for tape in tapes:
        tape.note(candle)


def _pass_time_to(exchange: PlayedExchange, world: World, moment: float) -> None:
    if world.real_time:
        exchange.clock.advance(max(0.0, moment - exchange.clock.time()))
    else:
        exchange.clock.advance(_FAST_SECONDS)


def _tested(world: World, daemon: SteppedDaemon, markets: Mapping[str, MadeCandles]) -> tuple[BacktestResult, ...]:
    """With the markets and fees that the exchange states to the daemon."""
    listed = daemon.accounts[0].broker.markets()
    histories = {symbol: MarketHistory(listed[symbol], made.candles()) for symbol, made in markets.items()}
    tested = [
        BacktestAccount(account.name, account.plan, account.broker.fees(MARKETS[0]), trader.cash)
        for account, trader in zip(daemon.accounts, world.traders, strict=True)
    ]
    start = markets[MARKETS[0]].rows[HISTORY - 1].time
    return backtest(tested, histories, start=start, assumptions=Assumptions(slippage=world.slippage))


def _tolerances(world: World, result: BacktestResult) -> dict[str, Tolerance]:
    cash = result.account.cash
    return {one.market.symbol: Tolerance(CUT[world.exchange], cash, one.market.amount_step) for one in result.histories}
