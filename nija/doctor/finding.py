"""The result of a check: a title, and a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from nija.control.values import to_plain

if TYPE_CHECKING:
    from collections.abc import Mapping


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


class DoctorExit(IntEnum):
    """Exit codes of `nija doctor`: 0 everything is fine, 1 there are warnings, 2 something is broken."""

    FINE = 0
    WARNINGS = 1
    BROKEN = 2


_SIGNS: Mapping[Level, str] = MappingProxyType({Level.OK: "✅", Level.WARNING: "⚠️ ", Level.BROKEN: "❌"})


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` says why and what to do; for an OK it is a hint. `sign`, if given, replaces the level's sign."""

    level: Level
    title: str
    remedy: str = ""
    sign: str = ""

    @property
    def line(self) -> str:
        return f"{self.sign or _SIGNS[self.level]} {self.title}"


def fine(title: str, hint: str = "") -> Finding:
    return Finding(Level.OK, title, hint)


def warning(title: str, remedy: str) -> Finding:
    return Finding(Level.WARNING, title, remedy)


def broken(title: str, remedy: str) -> Finding:
    return Finding(Level.BROKEN, title, remedy)


@dataclass(frozen=True, slots=True)
class Section:
    """The findings about one thing; `account` is empty for the machine and for exchanges."""

    title: str
    findings: tuple[Finding, ...]
    account: str = ""

    @property
    def is_broken(self) -> bool:
        return any(finding.level is Level.BROKEN for finding in self.findings)


@dataclass(frozen=True, slots=True)
class DoctorReport:
    sections: tuple[Section, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(chain.from_iterable(section.findings for section in self.sections))

    @property
    def exit_code(self) -> DoctorExit:
        levels = {finding.level for finding in self.findings}
        if Level.BROKEN in levels:
            return DoctorExit.BROKEN
        return DoctorExit.WARNINGS if Level.WARNING in levels else DoctorExit.FINE

    def first_broken(self) -> Finding | None:
        return next((finding for finding in self.findings if finding.level is Level.BROKEN), None)

    def to_json(self) -> dict[str, object]:
        plain: dict[str, object] = to_plain(self)
        return {"exit_code": int(self.exit_code), **plain}
