"""The account threads that run, each with the lock of its key, and the exchanges that they share.

Used by the supervisor's thread; `threads` may be read by any. An account gets from one state to the next by itself:
a thread that must end is only told so, and `look` goes on once it has ended. So no account ever waits for another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.data_dir import DataDirUnusable
from accounts.failures import failure_kind
from accounts.manager import AccountState
from accounts.ownership import KeyInUse
from brokers.errors import BrokerError
from nija.supervisor.open_positions import OpenPositions, open_positions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId
    from accounts.manager import AccountManager
    from accounts.ownership import KeyOwnership
    from brokers.clock import Clock
    from brokers.model import Exchange
    from nija.journal.opening import Journals
    from nija.supervisor.account import AccountThread
    from nija.supervisor.configuration import AccountSetup
    from nija.supervisor.exchange_runtime import ExchangeRuntime

_AT_WORK = frozenset({AccountState.TRADING, AccountState.PAUSED})


@dataclass(slots=True)
class _Place:
    """One running thread, what it runs with, and the lock of its key."""

    setup: AccountSetup
    thread: AccountThread
    lock: KeyOwnership


@dataclass(frozen=True, slots=True)
class RosterTools:
    """How the roster makes what it holds. `lock_key` raises KeyInUse or DataDirUnusable."""

    manager: AccountManager
    journals: Journals
    clock: Clock
    log: FilteringBoundLogger
    lock_key: Callable[[AccountSetup], KeyOwnership]
    make_runtime: Callable[[Exchange, float], ExchangeRuntime]
    make_thread: Callable[[AccountSetup, ExchangeRuntime], AccountThread]


class Roster:
    def __init__(self, tools: RosterTools) -> None:
        self._tools = tools
        self._wanted: dict[AccountId, AccountSetup] = {}
        self._places: dict[AccountId, _Place] = {}
        self._runtimes: dict[Exchange, ExchangeRuntime] = {}
        self.threads: tuple[AccountThread, ...] = ()

    @property
    def setups(self) -> Mapping[AccountId, AccountSetup]:
        """What every account runs with, or is about to."""
        return dict(self._wanted)

    def runtime_of(self, exchange: Exchange) -> ExchangeRuntime | None:
        """None if no account has ever traded there. May be called by any thread."""
        return self._runtimes.get(exchange)

    def prepare(self, setups: Iterable[AccountSetup], locks: Mapping[AccountId, KeyOwnership]) -> None:
        """Make the threads of all of these, in this order, with the locks of their keys. Raises BrokerError."""
        self._wanted = {setup.account: setup for setup in setups}
        for account, setup in self._wanted.items():
            thread = self._tools.make_thread(setup, self._runtime(setup))
            self._places[account] = _Place(setup, thread, locks[account])
        self._publish()

    def start(self) -> None:
        """Start everything that was prepared."""
        for runtime in self._runtimes.values():
            runtime.start()
        for place in self._places.values():
            place.thread.start()

    def want(self, account: AccountId, setup: AccountSetup | None) -> None:
        """From now on the account runs with this; None: its credentials are gone.

        Without credentials it opens nothing more and leaves once nothing is open, by the key it has had so far.
        """
        former = self._wanted.get(account)
        if setup is None and former is not None:
            setup = former.switched_off()
        if setup is not None:
            self._wanted[account] = setup
            self._poll_as_needed()
            self._settle(account)

    def retry(self, accounts: Iterable[AccountId]) -> None:
        """Let these connect again, whatever keeps them from it."""
        for account in accounts:
            if account in self._places:
                self._places[account].thread.end()

    def look(self) -> None:
        """Go on with what had to wait. Called from time to time."""
        for account in tuple(self._wanted):
            if not self._tools.clock.stopping:
                self._settle(account)

    def end(self, deadline: float) -> list[AccountThread]:
        """End every thread and release every key; returns the threads that have not ended by `deadline`."""
        for thread in self.threads:
            thread.end()
        late = [thread for thread in self.threads if not thread.join(self._left(deadline))]
        for runtime in self._runtimes.values():
            runtime.join(self._left(deadline))
        for place in self._places.values():
            place.lock.release()
        return late

    def _left(self, deadline: float) -> float:
        return max(0.0, deadline - self._tools.clock.monotonic())

    def _settle(self, account: AccountId) -> None:
        """One step from what runs towards what is wanted; one account that cannot take it holds up no other."""
        try:
            self._step(account)
        except Exception as error:  # noqa: BLE001  reported, and `look` tries again
            self._fail(account, error)
        self._publish()

    def _step(self, account: AccountId) -> None:
        setup, place = self._wanted[account], self._places.get(account)
        if place is not None and place.thread.has_ended:
            place.lock.release()
            del self._places[account]
            place = None
        if place is None:
            self._begin_or_forget(setup)
        elif not place.setup.connects_as(setup):
            place.thread.end()
        elif place.setup is not setup:
            place.setup = setup
            place.thread.change(setup.plan)
            if setup.plan.is_switched_off and self._has_nothing(account):
                place.thread.end()

    def _has_nothing(self, account: AccountId) -> bool:
        """Whether nothing is open, for an account that does not trade; one that does finds out by itself."""
        manager = self._tools.manager
        if account not in manager.accounts() or manager.snapshot(account).state in _AT_WORK:
            return False
        return open_positions(self._tools.journals, account) is OpenPositions.NONE

    def _begin_or_forget(self, setup: AccountSetup) -> None:
        account = setup.account
        if setup.plan.is_switched_off and open_positions(self._tools.journals, account) is OpenPositions.NONE:
            del self._wanted[account]
            self._tools.manager.remove(account)
            return
        if account not in self._tools.manager.accounts():
            self._tools.manager.add(account)
        lock = self._tools.lock_key(setup)
        try:
            thread = self._tools.make_thread(setup, self._runtime(setup, running=True))
        except Exception:
            lock.release()
            raise
        self._places[account] = _Place(setup, thread, lock)
        self._publish()
        thread.start()

    def _fail(self, account: AccountId, error: Exception) -> None:
        """`look` tries again."""
        is_expected = isinstance(error, KeyInUse | DataDirUnusable | BrokerError | ValueError)
        reason = str(error) if is_expected else f"it could not be started ({type(error).__name__}: {error})"
        if account not in self._tools.manager.accounts():
            self._tools.manager.add(account)
        if self._tools.manager.snapshot(account).reason != reason:
            self._tools.log.error(f"❌ {account}: {reason}", account=str(account))
            self._tools.manager.transition(account, AccountState.FAILED, reason, failure_kind(error))

    def _runtime(self, setup: AccountSetup, *, running: bool = False) -> ExchangeRuntime:
        """Its exchange's. One that was made stays, without requests while it has no accounts."""
        exchange = setup.account.exchange
        if exchange not in self._runtimes:
            self._runtimes[exchange] = self._tools.make_runtime(exchange, self._poll_seconds(exchange))
            if running:
                self._runtimes[exchange].start()
        return self._runtimes[exchange]

    def _poll_as_needed(self) -> None:
        for exchange, runtime in self._runtimes.items():
            if any(account.exchange is exchange for account in self._wanted):
                runtime.feed.poll_every(self._poll_seconds(exchange))

    def _poll_seconds(self, exchange: Exchange) -> float:
        """As the most demanding of the exchange's accounts needs."""
        return min(
            setup.plan.settings.trading.poll_seconds
            for account, setup in self._wanted.items()
            if account.exchange is exchange
        )

    def _publish(self) -> None:
        self.threads = tuple(place.thread for place in self._places.values())
