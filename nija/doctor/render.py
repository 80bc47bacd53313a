"""The report as text: one line per finding, with the remedy below it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from nija.doctor.finding import DoctorExit, Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nija.doctor.finding import DoctorReport, Finding

_MARK = "   → "


def lines(report: DoctorReport, width: int | None = None) -> Iterator[str]:
    """Lines start at the margin, so that scripts can search for them. Remedies are wrapped at `width` columns."""
    for section in report.sections:
        yield f"── {section.title}"
        yield from findings_lines(section.findings, width)
        yield ""
    yield from _summary(report)


def findings_lines(findings: Sequence[Finding], width: int | None) -> Iterator[str]:
    """A remedy of several findings follows the last of them."""
    for number, finding in enumerate(findings, start=1):
        yield finding.line
        if finding.remedy and all(later.remedy != finding.remedy for later in findings[number:]):
            yield from _wrapped(finding.remedy, width)


def _wrapped(remedy: str, width: int | None) -> list[str]:
    if width is None:
        return [_MARK + remedy]
    return textwrap.wrap(
        remedy, max(40, width), initial_indent=_MARK, subsequent_indent=" " * len(_MARK), break_on_hyphens=False
    )


def _summary(report: DoctorReport) -> Iterator[str]:
    first = report.first_broken()
    if first is not None:
        yield f"❌ Fix this first: {first.title}"
        return
    warnings = sum(finding.level is Level.WARNING for finding in report.findings)
    if report.exit_code is DoctorExit.WARNINGS:
        yield f"⚠️  {warnings} warning{'s' if warnings > 1 else ''}; nothing is broken"
    else:
        yield "✅ Everything is fine"
