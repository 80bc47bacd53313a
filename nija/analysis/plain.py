"""The report as plain values, for JSON. docs/backtest.md lists the keys; they do not change.

Money and prices are exact texts, rates fractions, times ISO 8601 in UTC. null is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from brokers.figures import exact
from nija.analysis.cautions import cautions
from nija.analysis.curve import DAY
from nija.analysis.trades_csv import iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nija.analysis.analysis import Analysis
    from nija.analysis.figures import Figures
    from nija.backtest.records import BacktestTrade, MarketHistory

_VERSION = 1


def plain_report(analyses: Sequence[Analysis], notes: Sequence[str]) -> dict[str, Any]:
    """`notes` are what was assumed because nobody said it."""
    return {"version": _VERSION, "notes": list(notes), "accounts": [_account(one) for one in analyses]}


def _account(analysis: Analysis) -> dict[str, Any]:
    result = analysis.result
    account = result.account
    split = analysis.questions.split
    return {
        "account": account.name,
        "strategy": account.plan.strategy_name,
        "parameters": {key: str(value) for key, value in account.plan.settings.parameters.items()},
        "timeframe": result.timeframe.value,
        "currency": account.plan.quote,
        "cash": exact(account.cash),
        "fees": {"maker": exact(account.fees.maker), "taker": exact(account.fees.taker)},
        "start": iso(result.start),
        "end": iso(analysis.figures.until),
        "markets": [_market(analysis, history) for history in result.histories],
        "figures": _figures(analysis.figures),
        "split": None if split is None else iso(split),
        "in_sample": None if analysis.before is None else _figures(analysis.before),
        "out_of_sample": None if analysis.after is None else _figures(analysis.after),
        "controls": _controls(analysis),
        "months": [{"month": f"{one.month:%Y-%m}", "return": one.rate} for one in analysis.months],
        "not_opened": [
            {"market": one.market, "rule": one.rule, "count": one.count, "example": one.example}
            for one in result.not_opened
        ],
        "cautions": list(cautions(analysis)),
        "trades": [_trade(trade) for trade in result.trades],
        "equity": list(_equity(analysis)),
    }


def _market(analysis: Analysis, history: MarketHistory) -> dict[str, Any]:
    market, candles = history.market, history.candles
    return {
        "market": market.symbol,
        "candles": len(candles),
        "first": iso(int(candles.time[0])),
        "last": iso(int(candles.time[-1])),
        "slippage": exact(analysis.result.slippage[market.symbol]),
        "min_amount": exact(market.min_amount),
        "min_cost": exact(market.min_cost),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    interval, month, water = figures.interval, figures.worst_month, figures.under_water
    return {
        "since": iso(figures.since),
        "until": iso(figures.until),
        "trades": figures.trades,
        "won": figures.won,
        "unfinished": figures.unfinished,
        "few": figures.is_few,
        "mean_net": figures.mean_net,
        "median_net": figures.median_net,
        "interval": None if interval is None else [interval.low, interval.high],
        "net_return": figures.net_return,
        "max_drawdown": figures.max_drawdown,
        "worst_month": None if month is None else {"month": f"{month.month:%Y-%m}", "return": month.rate},
        "under_water": {
            "since": iso(water.since),
            "until": iso(water.until),
            "days": water.days,
            "over": water.is_over,
        },
        "exposed": figures.exposed,
        "invested": figures.invested,
        "fees": exact(figures.fees),
        "slippage": exact(figures.slippage),
        "fee_share": figures.fee_share,
        "sharpe": figures.sharpe,
    }


def _controls(analysis: Analysis) -> dict[str, Any]:
    held, random, order = analysis.held, analysis.random, analysis.order
    return {
        "buy_and_hold": None if held is None else {"net_return": held.net_return, "max_drawdown": held.max_drawdown},
        "random_entries": None
        if random is None
        else {"runs": random.runs, "trades": random.trades, "mean_net": random.random_mean, "beaten": random.beaten},
        "one_candle_late": None if analysis.late is None else _figures(analysis.late),
        "without_best": [
            {"left_out": one.left_out, "mean_net": one.mean_net, "net": exact(one.net)} for one in analysis.without_best
        ],
        "deflated_sharpe": {"probability": analysis.deflated, "variants": analysis.questions.variants},
        "trade_order": None
        if order is None
        else {
            "runs": order.runs,
            "true": order.true,
            "quantiles": dict(zip(("low", "middle", "high"), order.quantiles, strict=True)),
        },
    }


def _trade(trade: BacktestTrade) -> dict[str, Any]:
    return {
        "market": trade.market,
        "opened": iso(trade.opened),
        "closed": iso(trade.closed),
        "unfinished": trade.is_unfinished,
        "cost": exact(trade.cost),
        "proceeds": exact(trade.proceeds),
        "fees": exact(trade.fees),
        "net": exact(trade.net),
        "net_return": exact(trade.net_return),
        "fills": [
            {
                "time": iso(fill.time),
                "side": fill.side.value,
                "amount": exact(fill.amount),
                "price": exact(fill.price),
                "fee": exact(fill.fee),
                "reason": fill.reason.value,
            }
            for fill in trade.fills
        ],
        "stops": [{"time": iso(move.time), "price": exact(move.price)} for move in trade.stops],
    }


def _equity(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """The first value, and the last of each day."""
    curve = analysis.curve
    days = (curve.time - 1) // DAY
    last = np.flatnonzero(np.append(days[1:] != days[:-1], True))
    for index in sorted({0, *last.tolist()}):
        yield {"time": iso(int(curve.time[index])), "equity": round(float(curve.equity[index]), 8)}
