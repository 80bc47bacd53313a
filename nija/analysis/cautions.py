"""What to keep in mind beside these figures: the texts of the strategy evidence's section 6, with the run's numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from brokers.figures import money, number, percent
from nija.analysis.curve import DAY, YEAR
from nija.analysis.expectations import PLAN_FOR
from nija.analysis.figures import FEW, changes_of_equity
from nija.analysis.looked_at import variants_looked_at
from nija.risk.costs import cost_of, round_trip_cost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nija.analysis.analysis import Analysis
    from nija.analysis.figures import Figures

_USUAL_CERTAINTY = 0.95
_SMALL_ACCOUNT = 100
_LEFT_OUT = 3
# The strategy of which the evidence says what to plan for.
_DEFAULT = "trend"


def cautions(analysis: Analysis) -> tuple[str, ...]:
    """Sentences for people, the gravest first."""
    return tuple(
        text
        for part in (_evidence, _sample, _variants, _comparison, _few_best, _losses, _rhythm, _costs, _size, _limits)
        for text in part(analysis)
    )


def rate(value: float | None, *, signed: bool = False) -> str:
    """A fraction as `3.25 %`, or `+3.25 %`."""
    return percent(None if value is None else Decimal(repr(value)), signed=signed)


def day(time: int) -> str:
    return f"{datetime.fromtimestamp(time, tz=UTC):%Y-%m-%d}"


def _evidence(analysis: Analysis) -> Iterator[str]:
    figures = analysis.figures
    if figures.trades == 0:
        yield "No trade: this backtest says nothing about the strategy."
        return
    if figures.is_few:
        yield f"{_counted(figures.trades, 'trade')}: few. Below {FEW} trades, luck decides what such figures show."
    if figures.interval is not None and figures.interval.low <= 0 <= figures.interval.high:
        yield (
            f"The average trade of {rate(figures.mean_net, signed=True)} may be chance: drawn anew from the same"
            f" months, 95 % of the averages lie between {rate(figures.interval.low, signed=True)} and"
            f" {rate(figures.interval.high, signed=True)}."
        )
    if figures.until - figures.since < YEAR:
        yield "Less than a year was tested: no figure here can be taken as a yearly one."


def _sample(analysis: Analysis) -> Iterator[str]:
    """Which of the candles the strategy was chosen on."""
    name, split = analysis.result.account.plan.strategy_name, analysis.questions.split
    if split is None:
        yield (
            f"Which candles were looked at when {name} was chosen is not known here; on those, any figure flatters."
            " --split DATE reports them apart."
        )
    elif analysis.result.end < split:
        yield f"All of these candles, before {day(split)}, were looked at when {name} was chosen: they flatter it."
    elif analysis.result.start >= split:
        yield f"{name} was chosen on candles before {day(split)}: none of them is among these."


def _variants(analysis: Analysis) -> Iterator[str]:
    name, counted = analysis.result.account.plan.strategy_name, analysis.questions.variants
    tried = variants_looked_at(name)
    split = analysis.questions.split
    is_in_sample = split is None or analysis.result.start < split
    if analysis.deflated is not None and is_in_sample and tried is not None and counted < tried:
        yield (
            f"The deflated Sharpe ratio counts {_counted(counted, 'variant')}, but about {tried} were tried when {name}"
            f" was chosen: --variants {tried} counts them."
        )


def _comparison(analysis: Analysis) -> Iterator[str]:
    if analysis.held is not None:
        yield (
            f"Holding the same coins made {rate(analysis.held.net_return, signed=True)} in that time, and fell by"
            f" {rate(analysis.held.max_drawdown)} on the way."
        )
    random = analysis.random
    if random is not None and random.beaten < _USUAL_CERTAINTY:
        yield (
            f"Its entries beat {rate(random.beaten)} of {random.runs} random ones with the same exits: that is no proof"
            " that they are better than chance."
        )


def _few_best(analysis: Analysis) -> Iterator[str]:
    currency = analysis.result.account.plan.quote
    for without in analysis.without_best:
        if without.left_out == _LEFT_OUT:
            lost = "lost" if without.net < 0 else "made"
            yield (
                f"Without its best {_LEFT_OUT} trades, all the others together {lost}"
                f" {money(abs(without.net), currency)}. Switching NIJA off after losses, adding money after wins or"
                " selling winners by hand removes the few trades that pay for all the others."
            )


def _losses(analysis: Analysis) -> Iterator[str]:
    changes = changes_of_equity(analysis.result)
    lost = sum(change <= 0 for change in changes)
    if lost:
        yield (
            f"{lost} of {_counted(len(changes), 'trade')} lost; the largest loss took {rate(-min(changes))} of the"
            " account. A stop is an order, not a guarantee: a price that jumps past it costs more."
        )
    water = analysis.figures.under_water
    if changes and water.days:
        ended = "" if water.is_over else ", and had not made one when the candles ended"
        yield (
            f"From {day(water.since)} it went {_counted(water.days, 'day')} without a new high{ended}. It can lose"
            " money for years, and coins can fall for ever."
        )


def _rhythm(analysis: Analysis) -> Iterator[str]:
    figures = analysis.figures
    opened = sorted(trade.opened for trade in analysis.result.trades)
    if len(opened) > 1:
        longest = max(later - sooner for sooner, later in pairwise(opened))
        yield (
            f"It opened a trade every {_time(figures.days * DAY / len(opened))} on average, and once none for"
            f" {_time(longest)}. Such pauses are correct behaviour."
        )


def _costs(analysis: Analysis) -> Iterator[str]:
    result, figures = analysis.result, analysis.figures
    fee, currency = result.account.fees.taker, result.account.plan.quote
    slippage = max(result.slippage.values(), default=Decimal(0))
    round_trip = round_trip_cost(fee, fee, slippage)
    share = "" if figures.fee_share is None else f", {rate(figures.fee_share)} of the winners' gross profit"
    yield (
        f"The fee is {percent(fee)} a side, a round trip with slippage {percent(round_trip)}. Fees and slippage took"
        f" {money(figures.fees + figures.slippage, currency)}{share}."
    )
    slow = cost_of(result.timeframe, fee, round_trip)
    if slow is not None:
        yield f"{slow[0].upper()}{slow[1:]}."


def _size(analysis: Analysis) -> Iterator[str]:
    account = analysis.result.account
    if account.cash < _SMALL_ACCOUNT:
        yield (
            f"{money(account.cash, account.plan.quote)} is little: minimum orders distort what is bought, and a server"
            f" of {money(Decimal(5), account.plan.quote)} a month costs more than such an account can be expected to"
            " earn."
        )


def _limits(analysis: Analysis) -> Iterator[str]:
    yield (
        f"The candles end on {day(analysis.figures.until - 1)}, and their coins survived until then; coins that did not"
        " are in no backtest. Spread and slippage are assumed, taxes are left out, and the past does not repeat itself."
    )
    if analysis.result.account.plan.strategy_name == _DEFAULT:
        yield PLAN_FOR


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _time(seconds: float) -> str:
    return f"{round(seconds / DAY)} days" if seconds >= 2 * DAY else f"{number(round(seconds / 3600, 1))} hours"


def few(figures: Figures) -> str:
    """` (few)` beside a count that is small."""
    return " (few)" if figures.is_few else ""
