"""One account's part in the limits of the portfolio: the figures it contributes, and the halts it sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.journal.records import HaltName, PortfolioDay

if TYPE_CHECKING:
    from collections.abc import Callable

    from nija.journal.equity import PortfolioStore
    from nija.risk.portfolio import PortfolioState
    from nija.risk.trusted_time import ClockReading
    from nija.trader.halts import TradingHalts
    from nija.trader.return_tracker import AccountValue

_REWRITE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class PortfolioShare:
    """What one account contributes to the portfolio.

    `now` is None while the account's value is unknown. `stored` and `copy` were saved by an earlier process: the
    account's own figures and its copy of the portfolio's. `resumed` is the last generation that was resumed.
    """

    now: AccountValue | None = None
    stored: AccountValue | None = None
    copy: PortfolioDay | None = None
    resumed: int | None = None


class PortfolioHalts:
    """Used by one trader alone; `read` returns what the supervisor last published, None without limits."""

    def __init__(self, store: PortfolioStore, halts: TradingHalts, read: Callable[[], PortfolioState | None]) -> None:
        self._store = store
        self._halts = halts
        self._read = read
        self._copy = store.latest()
        self._stored = halts.returns.stored
        self._resumed: int | None = None
        self._saved: tuple[object, ...] = ()
        self._written = float("-inf")

    def share(self, now: AccountValue | None) -> PortfolioShare:
        return PortfolioShare(now, self._stored, self._copy, self._resumed)

    def enforce(self, reading: ClockReading, steady: float) -> str:
        """Set the halts whose limits the portfolio has reached; returns why entries must wait, or an empty text."""
        state = self._read()
        if state is None:
            return ""
        if self._halts.resumed(HaltName.PORTFOLIO_DAILY_LOSS, HaltName.PORTFOLIO_DRAWDOWN):
            self._resumed = state.generation
        if state.unit is None or state.day is None:
            return state.unknown
        if state.generation == self._resumed or state.day < reading.trusted.date():
            return "the limits of all accounts together are about to be reset"
        limits, unit = state.limits, state.unit
        if limits.max_daily_loss is not None:
            name = HaltName.PORTFOLIO_DAILY_LOSS
            self._halts.halt(name, unit.daily_loss, limits.max_daily_loss, reading.trusted)
        if limits.max_drawdown is not None:
            self._halts.halt(HaltName.PORTFOLIO_DRAWDOWN, unit.drawdown, limits.max_drawdown, reading.trusted)
        self._remember(state, reading, steady)
        return ""

    def _remember(self, state: PortfolioState, reading: ClockReading, steady: float) -> None:
        """Save on a new day, after a resume, and every five minutes."""
        news = (state.day, state.generation)
        if state.day is None or state.unit is None:
            return
        if news == self._saved and steady - self._written < _REWRITE_SECONDS:
            return
        unit = state.unit
        day = PortfolioDay(state.day, state.currency, unit.opening, unit.latest, unit.peak, reading.trusted)
        self._store.save(day)
        self._saved, self._written = news, steady
