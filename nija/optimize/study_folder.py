"""The folder of a search: its report as JSON, as a page, and as a table of all variants."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING

from nija.optimize.page import study_page
from nija.optimize.plain import plain_report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from nija.optimize.study import Study, StudyReport

_SHORT = 8


def study_folder(root: Path, study: Study) -> Path:
    """One for each search: other ranges, candles, settings or parts of the days have another."""
    digest = hashlib.sha256("".join((*study.keys(), repr(study.division))).encode()).hexdigest()
    name = study.name.replace("/", "-").replace(" ", "-").replace(":", ".")
    return root / f"{name}-{digest[:_SHORT]}"


def write_study(folder: Path, report: StudyReport, notes: Sequence[str], now: datetime) -> tuple[Path, ...]:
    """The files that were written. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.html": study_page(report, notes, now),
        "report.json": json.dumps(plain_report(report, notes), ensure_ascii=False, indent=1) + "\n",
        "variants.csv": _table(report),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(folder / name for name in texts)


def _table(report: StudyReport) -> str:
    out = io.StringIO()
    rows = csv.writer(out)
    kinds = ("sharpe", "neighbours_median", "trades")
    rows.writerow(
        (*report.study.grid.keys, *(f"{part}_{kind}" for part in ("in_sample", "walk_forward") for kind in kinds))
    )
    for cell in plain_report(report, ())["cells"]:
        found = [cell[part][kind] for part in ("in_sample", "walk_forward") for kind in kinds]
        rows.writerow((*cell["values"].values(), *("" if value is None else value for value in found)))
    return out.getvalue()
