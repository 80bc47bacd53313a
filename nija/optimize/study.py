"""A search from its settings to its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.optimize.chosen import alone, chosen, walk_forward
from nija.optimize.findings import by_cell, find
from nija.optimize.fingerprint import account_fingerprint, data_fingerprint, engine_fingerprint, outcome_key
from nija.optimize.looks import LookKind
from nija.optimize.search import Task, search

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nija.optimize.chosen import Chosen, RangeFigures, WalkForward
    from nija.optimize.findings import Findings
    from nija.optimize.folds import Division
    from nija.optimize.grid import Grid, Variant
    from nija.optimize.looks import Look, LookLog
    from nija.optimize.outcome import VariantOutcome
    from nija.optimize.plateau import Cell
    from nija.optimize.store import VariantStore
    from nija.optimize.trial import Conditions, Pass


@dataclass(frozen=True, slots=True)
class Study:
    """One search: the variants, and everything they share. `how` ranks them."""

    grid: Grid
    conditions: Conditions
    division: Division
    how: Pass

    @property
    def coins(self) -> tuple[str, ...]:
        return tuple(one.market.base for one in self.conditions.histories)

    @property
    def name(self) -> str:
        """`trend BTC/USD ETH/USD 1d`."""
        markets = " ".join(one.market.symbol for one in self.conditions.histories)
        return f"{self.grid.strategy} {markets} {self.conditions.account.plan.timeframe}"

    def variants(self) -> dict[Cell, Variant]:
        return {variant.cell: variant for variant in self.grid.variants}

    def keys(self) -> list[str]:
        """Of the variants' outcomes, in their order."""
        account = self.conditions.account
        common = (
            engine_fingerprint(self.grid.variants[0].strategy),
            data_fingerprint(self.conditions.histories),
            account_fingerprint(account, self.division.fitted),
        )
        base = dict(account.plan.settings.parameters)
        return [
            outcome_key(
                common,
                self.grid.strategy,
                base | dict(zip(self.grid.keys, variant.values, strict=True)),
                self.how.value,
            )
            for variant in self.grid.variants
        ]


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """The middle of the plateau on the days that were held back; `before` are the earlier looks at any of them."""

    figures: RangeFigures
    before: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class StudyReport:
    """`middle` and `peak` are None if no variant traded; `out_of_sample` if it was not asked for."""

    study: Study
    findings: Findings
    middle: Chosen | None
    peak: Chosen | None
    walk_forward: WalkForward
    looked_before: tuple[Look, ...]
    out_of_sample: OutOfSample | None


def compute(
    study: Study,
    store: VariantStore,
    jobs: int,
    cache: Path,
    progress: tuple[Callable[[int, int], None], Callable[[], None]],
) -> list[VariantOutcome]:
    """The outcomes of all variants, in their order; those in `store` are not computed again.

    The first of `progress` is told how many there are and how many of them are done, the second is called after each
    further one. `cache` keeps compiled code. Raises Interrupted and OptimizeError.
    """
    begin, advance = progress
    keys = study.keys()
    done = store.read(keys)
    begin(len(keys), len(done))
    wanted = {key: variant.strategy for key, variant in zip(keys, study.grid.variants, strict=True) if key not in done}
    search(Task(study.conditions, study.how, cache), wanted, store, jobs, advance)
    done |= store.read(wanted)
    return [done[key] for key in keys]


def study_report(study: Study, outcomes: list[VariantOutcome], looks: LookLog, *, look: bool) -> StudyReport:
    """Notes what is looked at before it returns. `look`: at the days that were held back, too."""
    findings = find(study.grid, study.division, outcomes)
    ranked, variants = by_cell(study.grid, outcomes), study.variants()

    def figures_of(cell: Cell | None) -> Chosen | None:
        return None if cell is None else chosen(study.conditions, study.division, variants[cell], ranked[cell])

    middle = figures_of(None if findings.plateau is None else findings.plateau.middle)
    held_back = study.division.held_back
    before = () if held_back is None else looks.before(study.coins, held_back)
    looks.add(LookKind.FITTED, study.coins, study.division.fitted, study.name)
    return StudyReport(
        study=study,
        findings=findings,
        middle=middle,
        peak=figures_of(findings.peak),
        walk_forward=walk_forward(study.conditions, findings.choices, variants),
        looked_before=before,
        out_of_sample=_look(study, middle, looks, before) if look else None,
    )


def _look(study: Study, middle: Chosen | None, looks: LookLog, before: tuple[Look, ...]) -> OutOfSample | None:
    held_back = study.division.held_back
    if held_back is None or middle is None:
        return None
    looks.add(LookKind.HELD_BACK, study.coins, held_back, f"{study.name}: {study.grid.named(middle.variant)}")
    return OutOfSample(alone(study.conditions, middle.variant, held_back), before)
