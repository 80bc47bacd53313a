"""Files of candles: what their names mean and which columns they have.

NIJA's own form is named `<exchange>-<base>-<quote>-<interval>.csv` or `.csv.gz`; its header is HEADER, and `time` is
the opening in Unix seconds. Candles without trades are absent. Archives of an exchange have a form of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEADER = "time,open,high,low,close,volume"
# Enough until 2286.
_DIGITS_OF_TIME = 10
_NAME = re.compile(r"(?P<exchange>[a-z]+)-(?P<base>[A-Z0-9.]+)-(?P<quote>[A-Z0-9]+)-(?P<interval>\w+)\.csv(?:\.gz)?")


class CandleError(ValueError):
    """Candles that cannot be used. The text names the file and, if known, the line, and says what to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file in their order; the first six are those of HEADER. `number` is the pattern of a figure."""

    columns: tuple[str, ...]
    has_header: bool
    number: str = r"[0-9]++(?:\.[0-9]++)?+"

    @property
    def row(self) -> str:
        """The pattern of one line; its first figure is a time in whole seconds, not in milliseconds."""
        return rf"[0-9]{{1,{_DIGITS_OF_TIME}}}+(?:,{self.number}){{{len(self.columns) - 1}}}+"


PLAIN = Layout(tuple(HEADER.split(",")), has_header=True)


@dataclass(frozen=True, slots=True)
class NamedFile:
    """What a file's name says of its candles; the interval is as written and may be unknown."""

    exchange: str
    market: str
    interval: str


def named_file(name: str) -> NamedFile | None:
    """None for a name of another form."""
    if (found := _NAME.fullmatch(name)) is None:
        return None
    return NamedFile(found["exchange"], f"{found['base']}/{found['quote']}", found["interval"])
