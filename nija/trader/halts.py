"""Trading halts: they keep an account from opening positions until a resume or a new day, across restarts."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.figures import percent
from nija.events import Events, LimitReached
from nija.journal.records import Halt, HaltName, PortfolioDay
from nija.log.change_filter import ChangeFilter
from nija.trader.return_tracker import AccountValue, ReturnTracker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId
    from accounts.setting_tables import RiskSettings
    from nija.journal.equity import PortfolioStore
    from nija.journal.journal import Journal
    from nija.risk.portfolio import PortfolioState
    from nija.risk.returns import EquityState
    from nija.risk.trusted_time import ClockReading
    from nija.trader.commands import CommandQueue

# These end with the UTC day; all others end with nija resume.
_OF_A_DAY = MappingProxyType(
    {HaltName.DAILY_LOSS: "daily loss limit", HaltName.PORTFOLIO_DAILY_LOSS: "daily loss limit of all accounts"}
)
# Only a resume clears these.
_UNTIL_RESUME = frozenset(
    {HaltName.STOP_TRADING, HaltName.DRAWDOWN, HaltName.PORTFOLIO_DRAWDOWN, HaltName.ANOTHER_PROGRAM}
)
_REWRITE_SECONDS = 300.0


class HaltReporter:
    """Publishes each halt once, when a trader of the account first sees it. Outlives the trader; used by its thread.

    Halts set before `since`, the start of the daemon, are not published.
    """

    def __init__(self, account: AccountId, events: Events, since: datetime) -> None:
        self._account = account
        self._events = events
        self._since = since
        self._known: frozenset[HaltName] | None = None

    def report(self, halts: Mapping[HaltName, Halt]) -> None:
        if self._known is not None and halts.keys() == self._known:
            return
        for name, halt in halts.items():
            is_news = halt.since >= self._since if self._known is None else name not in self._known
            # The order desk publishes another program itself.
            if is_news and name is not HaltName.ANOTHER_PROGRAM:
                self._events.publish(LimitReached(self._account, name.value, halt.reason))
        self._known = frozenset(halts)


class TradingHalts:
    """The kill switch and the loss limits of one account. Used by its trader alone; other threads send commands."""

    def __init__(
        self,
        journal: Journal,
        limits: RiskSettings,
        log: FilteringBoundLogger,
        commands: CommandQueue,
        halt_reporter: HaltReporter,
    ) -> None:
        self._journal = journal
        self._halt_reporter = halt_reporter
        self.limits = limits
        self._log = log
        self._commands = commands
        self._changes = ChangeFilter()
        self._reset_by_others: frozenset[HaltName] = frozenset()
        self._was_resumed = False
        self.returns = ReturnTracker(journal.equity)
        # A resume before the first refresh is noticed too.
        self.halts: Mapping[HaltName, Halt] = journal.halts.all()

    def refresh(self) -> Mapping[HaltName, Halt]:
        """The halts that are set now, all received commands included; `halts` keeps them until the next refresh.

        The journal is read each time: a command to a daemon that does not answer writes there.
        """
        self._commands.execute(self._journal)
        before, self.halts = self.halts, self._commands.with_pending(self._journal.halts.all())
        gone = before.keys() - self.halts.keys()
        self._reset_by_others |= gone
        self._was_resumed |= bool(gone & _UNTIL_RESUME)
        self._halt_reporter.report(self.halts)
        return self.halts

    def pop_resume(self) -> bool:
        """Whether trading was resumed since the last call, by a command to this process or through the journal."""
        resumed, self._was_resumed = self._commands.pop_resume() or self._was_resumed, False
        return resumed

    def resumed(self, *names: HaltName) -> bool:
        """Whether someone has reset one of these halts since the last call."""
        mine = self._reset_by_others.intersection(names)
        self._reset_by_others -= mine
        return bool(mine)

    def read_clock(self, reported: datetime, steady: float) -> ClockReading:
        """Read the exchange's clock; a new day ends the halts that last for a day."""
        reading = self.returns.read_clock(reported, steady)
        self._end_of_day(reading)
        return reading

    def observe(self, worth: AccountValue, reading: ClockReading, steady: float) -> EquityState:
        """Record the account's value, and set the halts whose limits it has reached. `steady` is in seconds."""
        if self.resumed(HaltName.DAILY_LOSS, HaltName.DRAWDOWN):
            self.returns.reset(reading, steady)
        state = self.returns.observe(worth, reading, steady)
        self.halt(HaltName.DAILY_LOSS, state.daily_loss, self.limits.max_daily_loss, reading.trusted)
        self.halt(HaltName.DRAWDOWN, state.drawdown, self.limits.max_drawdown, reading.trusted)
        return state

    def flattened(self, now: datetime) -> None:
        """Everything is sold: clear the flatten halt, and keep trading stopped."""
        self._journal.halts.set(HaltName.STOP_TRADING, "flattened", now)
        self._reset(HaltName.FLATTEN)

    def released(self, now: datetime) -> None:
        """Everything is its owner's: clear the halts of the release, and keep trading stopped."""
        self._journal.halts.set(HaltName.STOP_TRADING, "released", now)
        for name in (HaltName.RELEASE, HaltName.RELEASE_KEEPING_STOPS, HaltName.FLATTEN):
            self._reset(name)

    def halt(self, name: HaltName, value: Decimal, limit: Decimal, now: datetime) -> None:
        """Set this halt if `value` has reached its limit; both are fractions."""
        # A halt that is already known is not set again: a resume may have come since, which the next refresh shows.
        if value < limit or name in self.halts:
            return
        measured, until = limit_reached(name, value, limit), end_of(name)
        if self._journal.halts.set(name, f"{measured}, until {until}", now):
            self._log.warning(f"⚠️  No new entries until {until}: {measured}")
            self.refresh()

    def _end_of_day(self, reading: ClockReading) -> None:
        for name, words in _OF_A_DAY.items():
            halt = self.halts.get(name)
            if halt is None:
                self._changes.clear(name)
            elif has_ended(halt, reading.trusted):
                self._reset(name)
                self._log.info(f"A new UTC day: the {words} counts from zero again")
            elif halt.since.date() < reading.reported.date() and self._changes.is_news(name, "jump"):
                self._log.info(
                    f"The exchange's clock jumped to {reading.reported:%Y-%m-%d %H:%M} UTC: "
                    f"the {words} ends once the new time has held for a while"
                )

    def _reset(self, name: HaltName) -> None:
        """A reset by NIJA itself does not count as a resume."""
        self.halts = {one: halt for one, halt in self.halts.items() if one is not name}
        self._journal.halts.reset(name)
        self.refresh()


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
    """Halts one account at the limits of the portfolio. Used by one trader alone.

    `read` returns what the supervisor last published, None without limits.
    """

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


def limit_reached(name: HaltName, value: Decimal, limit: Decimal) -> str:
    """What a halt says of the limit that set it; both are fractions."""
    return f"{name.value.replace('_', ' ')} of {percent(value)} reached the limit of {percent(limit)}"


def end_of(name: HaltName) -> str:
    return "the next UTC day" if name in _OF_A_DAY else "nija resume"


def has_ended(halt: Halt, now: datetime) -> bool:
    """Whether a halt that lasts for a UTC day is over."""
    return halt.name in _OF_A_DAY and halt.since.date() < now.date()


def paused_by(halts: Mapping[HaltName, Halt]) -> str:
    """Why new entries are paused, or nothing."""
    return "; ".join(halt.reason or name.value.replace("_", " ") for name, halt in sorted(halts.items()))
