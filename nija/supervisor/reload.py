"""Takes up edits of `.env` and nija.toml while NIJA runs: all of an edit or nothing of it."""

from __future__ import annotations

from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from accounts.dotenv_file import DotenvError
from accounts.environment import EnvironmentFault
from accounts.setting_faults import SettingsError
from nija.control.reload import AccountNote, ReloadReport
from nija.control.wire import ControlError
from nija.log.change_filter import ChangeFilter
from nija.strategy.base import StrategyError
from nija.supervisor.changes import AccountChange, ChangeKind, Changes, compare, needs_restart, refusal
from nija.supervisor.configuration import ConfigurationError
from nija.supervisor.source import FileWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import FilteringBoundLogger

    from brokers.clock import Clock
    from nija.supervisor.configuration import Configuration
    from nija.supervisor.source import ConfigurationSource

_WATCH_SECONDS = 2.0
# Shorter than the patience of the one who asks.
_ANSWER_SECONDS = 8.0
_PORTFOLIO = "[portfolio] applies at once"


class Reloader:
    """Used by the supervisor's thread, except for `request`, which any thread may call.

    `apply` makes a configuration the one in force. Without a `source` nothing is ever reloaded.
    """

    def __init__(
        self,
        source: ConfigurationSource | None,
        configuration: Configuration,
        apply: Callable[[Configuration, Changes], None],
        clock: Clock,
        log: FilteringBoundLogger,
    ) -> None:
        self._source = source
        self._in_force = configuration
        self._written = configuration if source is None else source.started
        self._apply = apply
        self._clock = clock
        self._log = log
        self._watch = FileWatch()
        self._look_at = float("-inf")
        self._requests: SimpleQueue[Future[ReloadReport]] = SimpleQueue()
        self._told = ChangeFilter()
        self.last = ReloadReport()
        """The outcome of the last reload."""

    def request(self) -> ReloadReport:
        """Reload now, and wait for the outcome. Raises ControlError if that takes too long."""
        if self._source is None:
            raise ControlError("this NIJA was started by another program, which reads its settings only once")
        outcome: Future[ReloadReport] = Future()
        self._requests.put(outcome)
        try:
            return outcome.result(_ANSWER_SECONDS)
        except TimeoutError:
            raise ControlError("NIJA is busy and reloads as soon as it can: nija.log says when") from None

    def look(self) -> None:
        """Answer requests, and reload if a file was edited. Called several times a second."""
        for outcome in self._waiting():
            outcome.set_result(self._reload())
        now = self._clock.monotonic()
        if self._source is None or now < self._look_at:
            return
        self._look_at = now + _WATCH_SECONDS
        if self._watch.is_edited(self._source.files(self._written)):
            self._reload()

    def _waiting(self) -> list[Future[ReloadReport]]:
        found: list[Future[ReloadReport]] = []
        while True:
            try:
                found.append(self._requests.get_nowait())
            except Empty:
                return found

    def _reload(self) -> ReloadReport:
        if self._source is None:
            return ReloadReport()
        try:
            return self._take_up(self._source)
        except Exception as error:  # noqa: BLE001  reported; whatever was written, the accounts go on
            self._log.exception("❌ The settings could not be reloaded, for an unexpected reason")
            return self._refuse((f"an unexpected error ({type(error).__name__}); see nija.log",))

    def _take_up(self, source: ConfigurationSource) -> ReloadReport:
        self._watch.take(source.files(self._written))
        try:
            written = source.read()
            after = source.adapt(written)
            changes = compare(self._in_force, after)
        except (DotenvError, EnvironmentFault, SettingsError, ConfigurationError, StrategyError) as error:
            return self._refuse(tuple(str(error).splitlines()))
        # A faulty key is refused in the demo too: it would be at the next start.
        if faults := (*refusal(self._written, written), *self._lost_file(source, changes)):
            return self._refuse(faults)
        overridden = tuple(_overridden(name) for name in written.overridden)
        report = ReloadReport(
            accounts=tuple(AccountNote(str(change.account), _text(change)) for change in changes.accounts),
            others=(_PORTFOLIO,) if changes.portfolio else (),
            restart=needs_restart(source.started, written),
            overridden=overridden,
        )
        self._tell(report, after)
        self._written, self._in_force, self.last = written, after, report
        self._apply(after, changes)
        return report

    def _refuse(self, faults: tuple[str, ...]) -> ReloadReport:
        self.last = ReloadReport(refused=faults, restart=self.last.restart)
        if self._told.is_news("refused", " ".join(faults)):
            for fault in faults:
                self._log.error(f"❌ This edit is refused, and the former settings stay in force: {fault}")
        return self.last

    def _lost_file(self, source: ConfigurationSource, changes: Changes) -> tuple[str, ...]:
        """A file that is gone was hardly meant to remove its accounts."""
        removed = [str(change.account) for change in changes.accounts if change.kind is ChangeKind.REMOVED]
        if not removed or source.dotenv.exists():
            return ()
        lost = f"{source.dotenv} is gone, and with it the credentials of {', '.join(removed)}. "
        return (lost + "Put the file back; to remove an account, delete its lines and keep the file",)

    def _tell(self, report: ReloadReport, after: Configuration) -> None:
        self._told.clear("refused")
        for note in report.accounts:
            self._log.info(f"🔄 {note.account}: {note.text}", account=note.account)
        for text in report.others:
            self._log.info(f"🔄 {text}")
        for text in report.restart:
            if text not in self.last.restart:
                self._log.warning(f"⚠️  {text}")
        news = [text for text in report.overridden if text not in self.last.overridden]
        for text in (*news, *(warning for warning in after.warnings if warning not in self._in_force.warnings)):
            self._log.warning(f"⚠️  {text}")


def _text(change: AccountChange) -> str:
    keys = ", ".join(change.keys)
    match change.kind:
        case ChangeKind.ADDED:
            return "added: it connects in a moment"
        case ChangeKind.REMOVED:
            return (
                "removed: it opens nothing new, and NIJA leaves it once nothing is open; "
                f"to hand over its positions: nija release {change.account}"
            )
        case ChangeKind.NEW_KEY:
            return "its new key is taken: it connects again in a moment" + (f"; {keys} apply then" if keys else "")
        case ChangeKind.SWITCHED_OFF:
            return "switched off: it opens nothing new; its positions stay protected until they are closed"
        case ChangeKind.SWITCHED_ON:
            return "switched on"
        case ChangeKind.SETTINGS:
            return f"{keys}: from its next cycle on"


def _overridden(name: str) -> str:
    return (
        f"{name} in .env has no effect, because the environment sets it too: change it there "
        "(Railway, Render, Docker: in its variables, and redeploy)"
    )
