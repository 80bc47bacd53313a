"""What a search means, in sentences: the same on the terminal and in the HTML file."""

from __future__ import annotations

from decimal import Decimal
from math import isnan
from typing import TYPE_CHECKING

from brokers import figures
from brokers.figures import money, percent
from nija.analysis.figures import FEW
from nija.analysis.looked_at import looked_at_until
from nija.optimize.folds import DAY
from nija.optimize.looks import LookKind, iso_day
from nija.optimize.scores import YEAR_DAYS, annualised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nija.optimize.chosen import RangeFigures
    from nija.optimize.findings import Findings
    from nija.optimize.folds import DayRange
    from nija.optimize.looks import Look
    from nija.optimize.study import StudyReport

NONE = "-"
# A probability of overfitting from here on says that choosing is no better than guessing.
_GUESS = 0.5
# A range of this many values or fewer has no inside.
_INNER = 2
_SURE = 0.95


def rate(value: float | None, *, signed: bool = True) -> str:
    """A fraction as a percentage."""
    return NONE if value is None else percent(Decimal(repr(value)), signed=signed)


def day_range(part: DayRange) -> str:
    return f"{iso_day(part.start)} to {iso_day(part.end - 1)}"


def is_annual(findings: Findings) -> bool:
    """Whether both maps cover a year: no figure of less is annualised."""
    return min(findings.in_sample.part.days, findings.walk_forward.part.days) >= YEAR_DAYS


def ratio(daily: float, *, annual: bool) -> str:
    if isnan(daily):
        return NONE
    return figures.ratio(annualised(daily)) if annual else figures.ratio(daily, places=3)


def ratio_name(*, annual: bool) -> str:
    return "Sharpe ratio a year" if annual else "Sharpe ratio of daily returns"


def heading(report: StudyReport) -> str:
    study = report.study
    account = study.conditions.account
    fee = percent(account.fees.taker)
    return f"{study.name}: {money(account.cash, account.plan.quote)} at the start, {fee} fee a side"


def counted(report: StudyReport) -> str:
    grid = report.study.grid
    text = f"{len(grid.variants)} {'variant' if len(grid.variants) == 1 else 'variants'}"
    return f"{text}; {grid.refused} more make no sense ({grid.refusal})" if grid.refused else text


def parts(report: StudyReport) -> Iterator[tuple[str, str]]:
    """Each part of the days with its name."""
    division = report.study.division
    tests = len(division.folds)
    yield "in sample", f"{day_range(division.in_sample)}, {division.in_sample.days} days"
    each = f"{tests} {'test' if tests == 1 else 'tests'} of {division.folds[0].test.days} days"
    yield "walk-forward", f"{day_range(division.walk_forward)}, {each}"
    if division.held_back is None:
        yield "held back", "nothing, so no figure here is out of sample"
    else:
        yield "held back", f"{day_range(division.held_back)}, {division.held_back.days} days"


def plateau_text(report: StudyReport) -> str:
    findings, middle, grid = report.findings, report.middle, report.study.grid
    if middle is None or findings.plateau is None:
        return "No variant traded in sample: there is no plateau. Widen the ranges or use more candles."
    cells, all_cells = len(findings.plateau.cells), len(grid.variants)
    level = ratio(findings.plateau.level, annual=is_annual(findings))
    text = (
        f"The widest plateau in sample has {cells} of {all_cells} variants, with a neighbours' median of at least"
        f" {level}: these days cannot tell them apart. Its middle is {grid.named(middle.variant)}."
    )
    for one, index in zip(grid.ranges, middle.variant.cell, strict=True):
        if len(one.values) > _INNER and index in (0, len(one.values) - 1):
            text += f" That is the end of the range of {one.key}: try a wider one."
    if report.peak is not None and report.peak.variant.cell != middle.variant.cell:
        text += f" The peak, {grid.named(report.peak.variant)}, is shown to compare, not to use."
    return text


def cautions(report: StudyReport) -> Iterator[str]:
    """How much of all this is luck, worst first."""
    findings = report.findings
    yield from _losing(report)
    yield from _few(report)
    yield from _luck(report)
    until = looked_at_until(report.study.grid.strategy)
    if until is not None and report.study.division.fitted.start * DAY < until:
        yield (
            f"{report.study.grid.strategy} itself was chosen on candles before {iso_day(until // DAY)}: before that day"
            " every figure flatters it."
        )
    chance = findings.overfitting
    if chance is None:
        yield "The probability of overfitting is unknown: it needs two variants and 40 days."
        return
    verdict = "no better than guessing" if chance.probability >= _GUESS else "better than guessing, no more"
    yield (
        f"Probability of overfitting {rate(chance.probability, signed=False)}: of {chance.splits} ways to choose the"
        f" best on one half of the days, that share was below the median on the other ({verdict});"
        f" {rate(chance.loss, signed=False)} lost money there."
    )


def held_back_text(report: StudyReport) -> Iterator[str]:
    """What is known of the part that was held back. A second look is said first, and loudly."""
    held_back, known = report.study.division.held_back, report.out_of_sample
    if held_back is None:
        return
    if report.looked_before:
        yield from _seen(report.looked_before)
    if known is None:
        if report.middle is not None:
            yield "The days held back are not in any figure above. --look shows them for the middle, once."
        return
    name = "Seen before" if known.before else "Out of sample"
    yield f"{name}, {day_range(held_back)}: {part_text(known.figures)}."
    strategy = report.study.grid.strategy
    until = looked_at_until(strategy)
    if not known.before and until is not None and held_back.start * DAY < until:
        yield f"Not quite: {strategy} itself was chosen by people who had seen the days before {iso_day(until // DAY)}."


def part_text(known: RangeFigures) -> str:
    figures = known.figures
    trades = f"{figures.trades} {'trade' if figures.trades == 1 else 'trades'}"
    few = ", few" if figures.is_few else ""
    return (
        f"{rate(figures.net_return)} in {trades}{few}, largest drawdown {rate(-figures.max_drawdown)},"
        f" buy and hold {rate(known.held)}"
    )


def _losing(report: StudyReport) -> Iterator[str]:
    middle = report.middle
    if middle is None:
        return
    if middle.in_sample.figures.net_return <= 0:
        yield "The middle of the plateau lost money even in sample: these ranges hold nothing to use."
    elif middle.walk_forward.figures.net_return <= 0:
        yield "The middle of the plateau made money in sample and lost after it: what it showed did not last."


def _few(report: StudyReport) -> Iterator[str]:
    middle = report.middle
    if middle is None:
        return
    inside, after = middle.in_sample.figures.trades, middle.walk_forward.figures.trades
    if min(inside, after) < FEW:
        yield (
            f"Few trades: the middle opened {inside} in sample and {after} after it. With fewer than {FEW} a single"
            " trade can decide these ratios."
        )


def _luck(report: StudyReport) -> Iterator[str]:
    luck, annual = report.findings.luck, is_annual(report.findings)
    tries = len(report.study.grid.variants)
    if luck is None or luck.deflated is None or luck.independent is None:
        yield "How much of the best is luck is unknown: it needs at least two variants that traded."
        return
    share = f", {rate(min(1.0, luck.expected / luck.best), signed=False)} of it" if luck.best > 0 else ""
    yield (
        f"Luck: the best of {tries} has a ratio of {ratio(luck.best, annual=annual)} in sample. The best of {tries}"
        f" worthless variants that differ as these do would show {ratio(luck.expected, annual=annual)}{share}."
    )
    doubt = "" if luck.independent >= _SURE else "; below 95 % it may all be luck"
    yield (
        f"Deflated Sharpe ratio {rate(luck.deflated, signed=False)}: the probability that the best is more than that"
        f" luck, for {tries} near relatives; {rate(luck.independent, signed=False)} for {tries} independent"
        f" tries{doubt}."
    )


def _seen(before: tuple[Look, ...]) -> Iterator[str]:
    shown = [look for look in before if look.kind is LookKind.HELD_BACK]
    last = (shown or before)[-1]
    how = "were looked at" if shown else "were fitted"
    yield (
        f"⚠️  SEEN BEFORE: days that are held back here {how} on {last.when[:10]} ({last.what}). They are out of"
        " sample no more: what is chosen after a look is fitted to it."
    )
