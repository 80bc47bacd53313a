"""A study's report as one HTML file that needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from nija.optimize import wording
from nija.optimize.map_view import map_views

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from nija.optimize.study import StudyReport


def study_page(report: StudyReport, notes: Sequence[str], now: datetime) -> str:
    """`notes` say what was assumed."""
    templates = Environment(
        loader=PackageLoader("nija.optimize"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"rate": wording.rate, "day_range": wording.day_range}
    annual = wording.is_annual(report.findings)
    return templates.get_template("study.html").render(
        report=report,
        notes=notes,
        now=now,
        heading=wording.heading(report),
        counted=wording.counted(report),
        parts=tuple(wording.parts(report)),
        views=map_views(report),
        ratio_name=wording.ratio_name(annual=annual),
        plateau=wording.plateau_text(report),
        cautions=tuple(wording.cautions(report)),
        held_back=tuple(wording.held_back_text(report)),
    )
