"""Backtests: the daemon's own decisions on past candles. The fill rules are in docs/backtest.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nija.backtest.account_run import AccountRun
from nija.backtest.assumptions import Assumptions
from nija.backtest.curve import equity_curve
from nija.backtest.records import BacktestResult
from nija.backtest.traded_market import traded_market
from nija.market_data.snapshot import Subscription
from nija.strategy.base import Signals
from nija.strategy.evaluation import signals_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nija.backtest.records import BacktestAccount, MarketHistory
    from nija.backtest.traded_market import TradedMarket

SignalTable = Mapping[Subscription, Signals]
_DEFAULT = Assumptions()


class BacktestError(ValueError):
    """A backtest cannot run. The text names the account and the market, and what to do."""


def evaluate(accounts: Iterable[BacktestAccount], histories: Mapping[str, MarketHistory]) -> SignalTable:
    """The signals of every strategy on every market that an account trades; each is computed once.

    Raises BacktestError, and StrategyError for a strategy that fails.
    """
    table: dict[Subscription, Signals] = {}
    for account in accounts:
        for history in _traded(account, histories):
            wanted = account.plan.subscription(history.market.symbol)
            if wanted not in table:
                table[wanted] = signals_of(wanted.strategy, history.candles)
    return table


def backtest(
    accounts: Sequence[BacktestAccount],
    histories: Mapping[str, MarketHistory],
    *,
    start: int | None = None,
    end: int | None = None,
    assumptions: Assumptions = _DEFAULT,
    signals: SignalTable | None = None,
) -> tuple[BacktestResult, ...]:
    """One result for each account, in their order. `histories` are by market.

    The first candle of the backtest opens at `start` or later, the last one at `end` or earlier (Unix seconds); None
    takes all there are. Candles before `start` warm the strategies up. `signals` replaces `evaluate`. Raises
    BacktestError and StrategyError.
    """
    table = evaluate(accounts, histories) if signals is None else signals
    return tuple(_run(account, _traded(account, histories), start, end, assumptions, table) for account in accounts)


def _traded(account: BacktestAccount, histories: Mapping[str, MarketHistory]) -> tuple[MarketHistory, ...]:
    """The account's markets in the order of its plan. Disabled ones need no candles."""
    plan = account.plan
    if account.cash <= 0:
        raise BacktestError(f"{account.name} starts with {account.cash} {plan.quote}: give it more than 0")
    for market in plan.settings.markets:
        history = histories.get(market)
        if history is None or len(history.candles) == 0:
            raise BacktestError(f"{account.name} trades {market}, of which there are no candles")
        if history.candles.timeframe is not plan.timeframe:
            raise BacktestError(
                f"{account.name} trades {plan.timeframe} candles, but those of {market} are"
                f" {history.candles.timeframe}: resample them, or set timeframe in [trading]"
            )
    return tuple(histories[market] for market in plan.markets if market in histories)


def _run(
    account: BacktestAccount,
    histories: tuple[MarketHistory, ...],
    start: int | None,
    end: int | None,
    assumptions: Assumptions,
    table: SignalTable,
) -> BacktestResult:
    start = min(int(one.candles.time[0]) for one in histories) if start is None else start
    end = max(int(one.candles.time[-1]) for one in histories) if end is None else end
    markets = [
        traded_market(
            one.market,
            one.candles,
            table[account.plan.subscription(one.market.symbol)],
            assumptions.slippage_of(one.market),
            start,
            end,
        )
        for one in histories
    ]
    first, last = _span(account, markets)
    run = AccountRun(account, markets, assumptions, first)
    run.run()
    return BacktestResult(
        account=account,
        timeframe=account.plan.timeframe,
        start=first,
        end=last,
        histories=histories,
        slippage={one.market.symbol: assumptions.slippage_of(one.market) for one in histories},
        trades=tuple(sorted(run.trades, key=lambda trade: trade.opened)),
        curve=equity_curve(markets, run.ledger.bookings, account.cash, first, last),
        not_opened=run.not_opened,
    )


def _span(account: BacktestAccount, markets: Sequence[TradedMarket]) -> tuple[int, int]:
    """The openings of the first and the last candle of any market."""
    traded = [market for market in markets if market.first <= market.last]
    if not traded:
        raise BacktestError(f"{account.name}: no candle of its markets opens between start and end")
    return min(one.time(one.first) for one in traded), max(one.time(one.last) for one in traded)
