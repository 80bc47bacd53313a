"""The value of one unit of an account as its trader follows it from look to look; the journal remembers it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from nija.journal.records import EquityDay
from nija.risk.equity import EquityState
from nija.risk.returns import ZERO, Track, UnitValue, growth
from nija.risk.trusted_time import TrustedTime

if TYPE_CHECKING:
    from datetime import datetime

    from nija.journal.equity import EquityStore
    from nija.risk.trusted_time import Moment

_REWRITE_SECONDS = 300.0
_REWRITE_CHANGE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Worth:
    """In `currency`: `equity` is the capital at work now, `earned` what NIJA has made of it since it began."""

    equity: Decimal
    earned: Decimal
    currency: str


class Measure:
    """A new day, a new peak, each change by 1 % and every fifth minute go to disk. Used by one trader alone."""

    def __init__(self, store: EquityStore) -> None:
        self._store = store
        self._stored = store.latest()
        self._time = TrustedTime(None if self._stored is None else self._stored.updated)
        self._track: Track | None = None
        self._last: Worth | None = None
        self._written = float("-inf")
        self._written_unit = ZERO

    @property
    def stored(self) -> Worth | None:
        """What an earlier process saw last; None where nothing, or nothing in returns, is known of it."""
        row = self._stored
        if row is None or row.earned is None or row.capital is None:
            return None
        return Worth(row.capital, row.earned, row.currency)

    def see(self, told: datetime, steady: float) -> Moment:
        """What to believe of the exchange's clock, with the steady one beside it."""
        return self._time.see(told, steady)

    def observe(self, now: Worth, moment: Moment, steady: float) -> EquityState:
        """Take note of what was earned since the last look, over the capital that was at work then."""
        track, last = self._begin(now, moment)
        earned = now.earned - last.earned if now.currency == last.currency else ZERO
        new = track.after(growth(earned, last.equity), moment)
        news = new.day != track.day or new.unit.peak != track.unit.peak
        moved = abs(new.unit.latest - self._written_unit) >= _REWRITE_CHANGE * new.unit.latest
        self._track, self._last = new, now
        if news or moved or steady - self._written >= _REWRITE_SECONDS:
            self._save(moment, steady)
        return EquityState(now.equity, new.day, new.judged)

    def begin_anew(self, moment: Moment, steady: float) -> None:
        """What was lost until now no longer counts."""
        if self._track is not None:
            self._track = self._track.anew()
            self._save(moment, steady)
        elif (row := self._store.latest()) is not None:
            self._store.reset_peak(row.latest, moment.believed)

    def _begin(self, now: Worth, moment: Moment) -> tuple[Track, Worth]:
        if self._track is not None and self._last is not None:
            return self._track, self._last
        # Read again: somebody may have resumed since this process began.
        row = self._store.latest()
        if row is None:
            return Track(moment.believed.date()), now
        if row.earned is None or row.capital is None:
            return _converted(row, now)
        unit = UnitValue(row.opening, row.latest, row.peak)
        return Track(row.day, unit), Worth(row.capital, row.earned, row.currency)

    def _save(self, moment: Moment, steady: float) -> None:
        if self._track is None or self._last is None:
            return
        unit, last = self._track.unit, self._last
        self._store.save(
            EquityDay(
                day=self._track.day,
                currency=last.currency,
                opening=unit.opening,
                latest=unit.latest,
                peak=unit.peak,
                earned=last.earned,
                capital=last.equity,
                updated=moment.believed,
            )
        )
        self._written, self._written_unit = steady, unit.latest


def _converted(row: EquityDay, now: Worth) -> tuple[Track, Worth]:
    """A row that holds earnings, as units of what the equity must have been then: its loss and drawdown stay."""
    capital = now.equity + row.latest - now.earned
    if row.currency != now.currency or capital <= ZERO:
        return Track(row.day), now
    opening, peak = (growth(earned - row.latest, capital) for earned in (row.opening, row.peak))
    return Track(row.day, UnitValue(opening=opening, peak=peak)), Worth(capital, row.latest, row.currency)
