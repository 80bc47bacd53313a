"""Why a trade was made by NIJA or by the backtest alone: the first reason that the journal or the backtest gives."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.figures import money
from nija.explain.times import written
from nija.risk.sizing import min_notional

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nija.backtest.records import BacktestResult, BacktestTrade
    from nija.explain.account_past import AccountPast
    from nija.explain.live_trades import LiveTrade

_A_FAST_MARKET = "market time runs faster than the clock here: this candle may have passed between two looks"


def why_not_live(tested: BacktestTrade, result: BacktestResult, live: Sequence[LiveTrade], past: AccountPast) -> str:
    """Why NIJA did not buy what the backtest bought. `live` are NIJA's trades in this market."""
    reasons = _reasons(tested, result, live, past)
    return next(
        reasons, _A_FAST_MARKET if past.is_replay else "the journal does not say why; the log of that time does"
    )


def _reasons(
    tested: BacktestTrade, result: BacktestResult, live: Sequence[LiveTrade], past: AccountPast
) -> Iterator[str]:
    since, until = float(tested.opened), float(tested.opened + result.timeframe.seconds)
    if past.started is None or past.started >= until:
        yield "NIJA did not trade this account yet"
    held = next((one for one in live if one.opened < until and (one.closed is None or one.closed > since)), None)
    if held is not None:
        yield f"NIJA already held a position, bought {written(held.opened)}"
    refused = past.refusal_between(tested.market, since, until)
    if refused is not None:
        yield f"the exchange refused the order: {refused.reason}"
    if not past.was_running(since, until):
        yield "NIJA was not running"
    pause = past.pause_at(since)
    if pause is not None and (pause.until is None or pause.until >= until):
        yield f"paused since {written(pause.since)}: {pause.reason}"
    yield from _too_little_money(tested, result, past)


def _too_little_money(tested: BacktestTrade, result: BacktestResult, past: AccountPast) -> Iterator[str]:
    plan, equity = result.account.plan, past.equity_at(float(tested.opened))
    if equity is None:
        return
    least = plan.settings.risk.min_balance
    if equity < least:
        yield f"the account had {money(equity, plan.quote)}, less than min_balance = {money(least, plan.quote)}"
    market = next(one.market for one in result.histories if one.market.symbol == tested.market)
    entry, supposed = tested.fills[0], _equity_of(result, tested.opened)
    smallest = min_notional(market, entry.price)
    if supposed > 0 and entry.value * equity / supposed < smallest:
        yield (
            f"not enough money: the account had {money(equity, plan.quote)}, and the smallest order is"
            f" {money(smallest, plan.quote)}"
        )


def _equity_of(result: BacktestResult, time: int) -> Decimal:
    """The backtest's own equity before a candle."""
    index = bisect_right(result.curve.time, time - 1) - 1
    if index < 0:
        return result.account.cash
    return Decimal(repr(float(result.curve.equity[index])))


def why_not_tested(live: LiveTrade, result: BacktestResult) -> str:
    """Why the backtest did not buy what NIJA bought."""
    time = live.opened
    held = next(
        (
            trade
            for trade in result.trades
            if trade.market == live.market and trade.opened < time and (trade.is_unfinished or time <= trade.closed)
        ),
        None,
    )
    if held is not None:
        return f"the backtest already held a position, bought {written(held.opened)}"
    refused = next((one for one in result.not_opened if one.market == live.market), None)
    if refused is not None:
        return f"the backtest has no entry there; it left out {refused.count} by {refused.rule}: {refused.example}"
    return "by the present settings and candles there was no entry: the settings were others, or a candle was corrected"
