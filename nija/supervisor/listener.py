"""How an account's thread receives its commands, whether it is trading, waiting to connect, or failing."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from nija.journal.errors import JournalError
from nija.trader.commands import CommandQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from nija.journal.journal import Journal
    from nija.journal.opening import Journals

# An account that does not trade receives a command within this time.
_LISTEN_SECONDS = 1.0


class CommandListener:
    """Used by the account's thread only, except for `queue`, to which any thread may send."""

    def __init__(
        self, account: AccountId, journals: Journals, clock: Clock, log: FilteringBoundLogger, wake: Callable[[], None]
    ) -> None:
        self.queue = CommandQueue(account, clock, log, wake)
        self._account = account
        self._journals = journals
        self._clock = clock
        self._log = log
        self._journal: Journal | None = None

    @contextmanager
    def session(self) -> Iterator[Journal]:
        """The account's journal, to which commands are written within the block. Raises JournalError."""
        with closing(self._journals.open(self._account)) as journal:
            self._journal = journal
            try:
                self.queue.write_soon()
                self.obey()
                self.queue.with_pending(journal.halts.all())
                yield journal
            finally:
                self._journal = None

    def pause(self, seconds: float) -> None:
        """Wait, and receive commands meanwhile. Returns early when NIJA is stopping."""
        end = self._clock.monotonic() + seconds
        while (left := end - self._clock.monotonic()) > 0 and not self._clock.stopping:
            self.obey()
            self._clock.sleep(min(left, _LISTEN_SECONDS))

    def obey(self) -> None:
        """Receive pending commands and write them to the journal, which is opened briefly if there is no session."""
        if self._journal is not None:
            self.queue.execute(self._journal)
        elif self.queue.is_waiting:
            self._obey_between_sessions()

    def close(self) -> None:
        """Receive pending commands for the last time; later ones are refused."""
        self.queue.write_soon()
        self.obey()
        self.queue.close()

    def _obey_between_sessions(self) -> None:
        try:
            with closing(self._journals.open(self._account)) as journal:
                self.queue.execute(journal)
        except JournalError as error:
            self.queue.keep_in_memory(error)
        except Exception as error:  # noqa: BLE001  reported; no command may end the account's thread
            self._log.exception("❌ A command cannot be written to the journal")
            self.queue.keep_in_memory(JournalError(f"an unexpected error ({type(error).__name__}); see nija.log"))
