"""One account under the brake over all accounts: what it tells of itself, and what it heeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.journal.records import HaltName, PortfolioDay

if TYPE_CHECKING:
    from collections.abc import Callable

    from nija.journal.portfolio import PortfolioStore
    from nija.risk.portfolio import PortfolioState
    from nija.risk.trusted_time import Moment
    from nija.trader.halts import TradingHalts
    from nija.trader.measure import Worth

_REWRITE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class PortfolioShare:
    """What the portfolio needs to know of one account.

    `now` is None while it cannot be known. `stored` and `copy` are what an earlier process left in the journal: the
    account's own figures, and its copy of the portfolio's. `resumed` is the last generation that somebody resumed.
    """

    now: Worth | None = None
    stored: Worth | None = None
    copy: PortfolioDay | None = None
    resumed: int | None = None


class PortfolioHalts:
    """Used by one trader alone; `read` gives what the supervisor last published, None without limits."""

    def __init__(self, store: PortfolioStore, halts: TradingHalts, read: Callable[[], PortfolioState | None]) -> None:
        self._store = store
        self._halts = halts
        self._read = read
        self._copy = store.latest()
        self._stored = halts.measure.stored
        self._resumed: int | None = None
        self._saved: tuple[object, ...] = ()
        self._written = float("-inf")

    def share(self, now: Worth | None) -> PortfolioShare:
        return PortfolioShare(now, self._stored, self._copy, self._resumed)

    def heed(self, moment: Moment, steady: float) -> str:
        """Halt what all accounts together have run into. Why entries must wait, or nothing."""
        state = self._read()
        if state is None:
            return ""
        if self._halts.resumed(HaltName.PORTFOLIO_DAILY_LOSS, HaltName.PORTFOLIO_DRAWDOWN):
            self._resumed = state.generation
        if state.unit is None or state.day is None:
            return state.unknown
        if state.generation == self._resumed or state.day < moment.believed.date():
            return "the limits of all accounts together are about to be measured anew"
        limits, unit = state.limits, state.unit
        if limits.max_daily_loss is not None:
            name = HaltName.PORTFOLIO_DAILY_LOSS
            self._halts.halt(name, unit.daily_loss, limits.max_daily_loss, moment.believed)
        if limits.max_drawdown is not None:
            self._halts.halt(HaltName.PORTFOLIO_DRAWDOWN, unit.drawdown, limits.max_drawdown, moment.believed)
        self._remember(state, moment, steady)
        return ""

    def _remember(self, state: PortfolioState, moment: Moment, steady: float) -> None:
        """A new day, a resume and every fifth minute go to disk."""
        news = (state.day, state.generation)
        if state.day is None or state.unit is None:
            return
        if news == self._saved and steady - self._written < _REWRITE_SECONDS:
            return
        unit = state.unit
        day = PortfolioDay(state.day, state.currency, unit.opening, unit.latest, unit.peak, moment.believed)
        self._store.save(day)
        self._saved, self._written = news, steady
