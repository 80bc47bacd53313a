"""Which candles have been looked at: a part that was held back is out of sample once, at its first look."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from nija.optimize.errors import OptimizeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nija.optimize.folds import DayRange

_EPOCH = date(1970, 1, 1)


class LookKind(StrEnum):
    """FITTED: variants were ranked on these days. HELD_BACK: the result on them was shown."""

    FITTED = "fitted"
    HELD_BACK = "held back"


@dataclass(frozen=True, slots=True)
class Look:
    """`since` and `until` are the first and the last day, as ISO dates; `when` is an ISO time in UTC.

    `coins` are base currencies: the same days of BTC/USD and of BTC/USDT hardly differ.
    """

    when: str
    kind: LookKind
    coins: tuple[str, ...]
    since: str
    until: str
    what: str

    def overlaps(self, coins: Iterable[str], days: DayRange) -> bool:
        shared = not set(self.coins).isdisjoint(coins)
        return shared and self.since <= iso_day(days.end - 1) and iso_day(days.start) <= self.until


class LookLog:
    """A file with a line of JSON for each look. NIJA never deletes one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def before(self, coins: Iterable[str], days: DayRange) -> tuple[Look, ...]:
        """The earlier looks at any of these days, oldest first. Raises OptimizeError."""
        wanted = frozenset(coins)
        return tuple(look for look in self._read() if look.overlaps(wanted, days))

    def add(self, kind: LookKind, coins: Iterable[str], days: DayRange, what: str) -> None:
        """Before anything is shown. A look that is noted already is not noted again. Raises OptimizeError."""
        when = datetime.now(UTC).isoformat(timespec="seconds")
        look = Look(when, kind, tuple(sorted(set(coins))), iso_day(days.start), iso_day(days.end - 1), what)
        if kind is LookKind.FITTED and any(_same(look, known) for known in self._read()):
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(look), ensure_ascii=False) + "\n")
        except OSError as error:
            raise OptimizeError(f"{self._path}: {error}; a look that cannot be noted is not taken") from error

    def _read(self) -> Iterator[Look]:
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise OptimizeError(f"{self._path}: {error}; it says which candles were seen before") from error
        for number, line in enumerate(lines, 1):
            try:
                known = json.loads(line)
                yield Look(**{**known, "kind": LookKind(known["kind"]), "coins": tuple(known["coins"])})
            except (ValueError, TypeError, KeyError) as error:
                raise OptimizeError(
                    f"{self._path}, line {number}: cannot be read ({error}), so nobody knows which candles were seen"
                    " before; correct or remove that line"
                ) from error


def iso_day(days: int) -> str:
    """The date of a day since 1970."""
    return (_EPOCH + timedelta(days=days)).isoformat()


def _same(one: Look, other: Look) -> bool:
    return (one.kind, one.coins, one.since, one.until) == (other.kind, other.coins, other.since, other.until)
