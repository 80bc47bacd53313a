"""A study's report as plain values, for `--json` and the result folder: every digit, and null for what is unknown."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from nija.optimize.looks import iso_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nija.optimize.chosen import Chosen, FoldResult, RangeFigures
    from nija.optimize.findings import PlateauMap
    from nija.optimize.folds import DayRange
    from nija.optimize.grid import Grid, Variant
    from nija.optimize.looks import Look
    from nija.optimize.plateau import Cell
    from nija.optimize.study import OutOfSample, StudyReport

VERSION = 1


def plain_report(report: StudyReport, notes: Sequence[str]) -> dict[str, Any]:
    """Ratios are of daily returns and not annualised; returns are fractions; days are ISO dates, both inclusive.

    `notes` say what was assumed.
    """
    study, findings = report.study, report.findings
    account = study.conditions.account
    return {
        "version": VERSION,
        "notes": list(notes),
        "strategy": study.grid.strategy,
        "markets": [one.market.symbol for one in study.conditions.histories],
        "timeframe": str(account.plan.timeframe),
        "cash": str(account.cash),
        "taker_fee": str(account.fees.taker),
        "ranked_by": study.how.value,
        "ranges": {one.key: list(one.values) for one in study.grid.ranges},
        "variants": len(study.grid.variants),
        "refused": study.grid.refused,
        "parts": {
            "in_sample": _part(study.division.in_sample),
            "walk_forward": _part(study.division.walk_forward),
            "held_back": None if study.division.held_back is None else _part(study.division.held_back),
        },
        "cells": [_cell(report, variant) for variant in study.grid.variants],
        "plateau": None if findings.plateau is None else len(findings.plateau.cells),
        "middle": _chosen(study.grid, report.middle),
        "peak": _chosen(study.grid, report.peak),
        "walk_forward": {
            "net_return": report.walk_forward.net_return,
            "trades": report.walk_forward.trades,
            "folds": [_fold(study.grid, fold) for fold in report.walk_forward.folds],
        },
        "overfitting": _fields(findings.overfitting, "probability", "loss", "splits", "blocks"),
        "luck": _fields(findings.luck, "best", "spread", "expected", "deflated", "independent"),
        "seen_before": [_look(look) for look in report.looked_before],
        "out_of_sample": _out_of_sample(report.out_of_sample),
    }


def _cell(report: StudyReport, variant: Variant) -> dict[str, Any]:
    plateau = report.findings.plateau
    return {
        "values": values_of(report.study.grid, variant),
        "in_sample": _scores(report.findings.in_sample, variant.cell),
        "walk_forward": _scores(report.findings.walk_forward, variant.cell),
        "on_plateau": plateau is not None and variant.cell in plateau.cells,
    }


def values_of(grid: Grid, variant: Variant) -> dict[str, int | float]:
    return dict(zip(grid.keys, variant.values, strict=True))


def _scores(known: PlateauMap, cell: Cell) -> dict[str, Any]:
    score, median = float(known.scores[cell]), float(known.medians[cell])
    return {
        "sharpe": None if isnan(score) else score,
        "neighbours_median": None if isnan(median) else median,
        "trades": int(known.trades[cell]),
    }


def _chosen(grid: Grid, chosen: Chosen | None) -> dict[str, Any] | None:
    if chosen is None:
        return None
    return {
        "values": values_of(grid, chosen.variant),
        "in_sample": _figures(chosen.in_sample),
        "walk_forward": _figures(chosen.walk_forward),
    }


def _fold(grid: Grid, fold: FoldResult) -> dict[str, Any]:
    return {
        "train": _part(fold.choice.fold.train),
        "test": _part(fold.choice.fold.test),
        "values": None if fold.variant is None else values_of(grid, fold.variant),
        "result": None if fold.test is None else _figures(fold.test),
    }


def _figures(known: RangeFigures) -> dict[str, Any]:
    figures = known.figures
    return {
        "trades": figures.trades,
        "net_return": figures.net_return,
        "max_drawdown": figures.max_drawdown,
        "mean_net": figures.mean_net,
        "sharpe": figures.sharpe,
        "buy_and_hold": known.held,
    }


def _out_of_sample(known: OutOfSample | None) -> dict[str, Any] | None:
    return None if known is None else {**_figures(known.figures), "seen_before": bool(known.before)}


def _look(look: Look) -> dict[str, Any]:
    return {"when": look.when, "kind": look.kind.value, "since": look.since, "until": look.until, "what": look.what}


def _part(part: DayRange) -> dict[str, Any]:
    return {"since": iso_day(part.start), "until": iso_day(part.end - 1), "days": part.days}


def _fields(known: object | None, *names: str) -> dict[str, Any] | None:
    return None if known is None else {name: getattr(known, name) for name in names}
