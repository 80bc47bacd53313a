"""Everything a report says of one account: figures, comparisons and controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.analysis.buy_and_hold import held_coins
from nija.analysis.curve import account_curve, daily_returns, monthly_returns
from nija.analysis.deflated import deflated_sharpe
from nija.analysis.figures import changes_of_equity, figures
from nija.analysis.random_entries import random_entries
from nija.analysis.trade_order import shuffled_drawdowns
from nija.analysis.without_best import without_best

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nija.analysis.buy_and_hold import HeldCoins
    from nija.analysis.curve import Curve, MonthReturn
    from nija.analysis.figures import Figures
    from nija.analysis.random_entries import RandomEntries
    from nija.analysis.trade_order import TradeOrder
    from nija.analysis.without_best import WithoutBest
    from nija.backtest.records import BacktestResult
    from nija.market_data.snapshot import Subscription
    from nija.strategy.base import Signals


@dataclass(frozen=True, slots=True)
class Questions:
    """What a report is asked. The same questions about the same candles have the same answers.

    `split`: what lies before it was looked at when the strategy was chosen (Unix seconds). `variants`: how many were
    tried. `runs`: of random entries, and of trades in another order.
    """

    split: int | None = None
    variants: int = 1
    runs: int = 500
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """`before` and `after` are the parts on either side of the split, if the backtest has both.

    `late` has the figures with every signal one candle late. `deflated` is a probability. None: it was not asked for,
    or there is nothing to compute.
    """

    result: BacktestResult
    questions: Questions
    curve: Curve
    figures: Figures
    before: Figures | None
    after: Figures | None
    held: HeldCoins | None
    random: RandomEntries | None
    late: Figures | None
    without_best: tuple[WithoutBest, ...]
    deflated: float | None
    order: TradeOrder | None
    months: tuple[MonthReturn, ...]


def analyse(
    result: BacktestResult,
    table: Mapping[Subscription, Signals],
    questions: Questions,
    late: BacktestResult | None = None,
) -> Analysis:
    """`table` has the signals of the backtest; `late` is the same backtest with every signal one candle later."""
    curve = account_curve(result)
    before, after = _parts(result, questions)
    return Analysis(
        result=result,
        questions=questions,
        curve=curve,
        figures=figures(result, questions.seed),
        before=before,
        after=after,
        held=held_coins(result),
        random=random_entries(result, table, questions.runs, questions.seed),
        late=None if late is None else figures(late, questions.seed),
        without_best=without_best(result),
        deflated=deflated_sharpe(daily_returns(curve), questions.variants),
        order=shuffled_drawdowns(changes_of_equity(result), questions.runs, questions.seed),
        months=monthly_returns(curve),
    )


def _parts(result: BacktestResult, questions: Questions) -> tuple[Figures | None, Figures | None]:
    split = questions.split
    if split is None or not result.start < split <= result.end:
        return None, None
    return figures(result, questions.seed, until=split), figures(result, questions.seed, since=split)
