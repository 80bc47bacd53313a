"""Commands to one account: any thread may send them, the account's own thread executes them."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from brokers.clock import Clock, utc_now
from nija.journal.connection import CommitPoint
from nija.journal.errors import JournalError
from nija.journal.records import Halt, HaltName
from nija.log.change_filter import ChangeFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId
    from nija.journal.journal import Journal

_WRITE_AGAIN_SECONDS = 5.0


class Command(StrEnum):
    STOP_TRADING = "stop_trading"
    FLATTEN = "flatten"
    RESUME = "resume"
    CLOSE = "close"
    RELEASE = "release"
    RELEASE_KEEPING_STOPS = "release_keeping_stops"


@dataclass(frozen=True, slots=True)
class Instruction:
    """A command, and who gave it: `by` is shown to people and kept in the history.

    Only CLOSE concerns one `market`, such as BTC/USD. Raises ValueError if that is missing.
    """

    command: Command
    by: str = "command"
    market: str | None = None

    def __post_init__(self) -> None:
        if (self.command is Command.CLOSE) is not (self.market is not None):
            raise ValueError("name the market to close, such as BTC/USD; the other commands take no market")


class CommandStatus(StrEnum):
    """`QUEUED`: the account's thread has not answered yet. `IN_MEMORY`: lost if NIJA is killed now.

    In memory, a close waits until the journal can be written; everything else is in effect.
    """

    DONE = "done"
    ALREADY = "already"
    IN_MEMORY = "in_memory"
    QUEUED = "queued"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command for one account; `reason` says why it is not simply done."""

    account: str
    became: CommandStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Message:
    instruction: Instruction
    time: datetime
    receipt: Future[CommandResult] = field(default_factory=Future)


class CommandQueue:
    """One account's commands. `send` may be called by any thread, the rest by the account's own thread only.

    A command takes effect when it is received, whether or not the journal can be written; writing is retried until it
    succeeds. A close alone waits for the journal, which carries it to the trader. `halts` are the account's as last
    read or commanded, for any thread; None before they are first known.
    """

    def __init__(self, account: AccountId, clock: Clock, log: FilteringBoundLogger, wake: Callable[[], None]) -> None:
        self._account = str(account)
        self._clock = clock
        self._log = log
        self._wake = wake
        self._lock = threading.Lock()
        self._arrived: list[_Message] = []
        self._is_closed = False
        self._unwritten: list[_Message] = []
        self._write_at = float("-inf")
        self._was_resumed = False
        self._reasons = ChangeFilter()
        self.halts: Mapping[HaltName, Halt] | None = None

    def send(self, instruction: Instruction) -> Future[CommandResult]:
        """The future is done once the account's thread has received the command."""
        message = _Message(instruction, utc_now(self._clock))
        with self._lock:
            if self._is_closed:
                message.receipt.set_result(self._failed("NIJA is stopping: give the command again in a moment"))
                return message.receipt
            self._arrived.append(message)
        self._wake()
        return message.receipt

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to write and the wait after a failure is over."""
        return bool(self._arrived) or (bool(self._unwritten) and self._clock.monotonic() >= self._write_at)

    def execute(self, journal: Journal) -> None:
        """Receive new commands, and write all that are not written yet."""
        if not self.is_waiting:
            return
        self._take()
        while self._unwritten:
            message = self._unwritten[0]
            try:
                changed = carry_out(journal, message.instruction, message.time)
            except JournalError as error:
                self._keep(error)
                return
            # Before the answer, so that whoever gave the command sees its effect.
            self.halts = _with_command(self.halts or {}, message)
            del self._unwritten[0]
            self._answer(message, CommandStatus.DONE if changed else CommandStatus.ALREADY)
            self._was_resumed |= changed and message.instruction.command is Command.RESUME
        if self._reasons.clear("journal"):
            self._log.info("The journal can be written again and contains every command")

    def write_soon(self) -> None:
        """Let the next `execute` write even if writing just failed."""
        self._write_at = float("-inf")

    def keep_in_memory(self, why: JournalError) -> None:
        """Receive new commands while the journal cannot be opened."""
        self._take()
        self._keep(why)

    def with_pending(self, halts: Mapping[HaltName, Halt]) -> Mapping[HaltName, Halt]:
        """The journal's halts, with the effect of every command that is not written yet."""
        for message in self._unwritten:
            halts = _with_command(halts, message)
        self.halts = halts
        return halts

    def pop_resume(self) -> bool:
        """Whether a resume was executed since the last call."""
        resumed, self._was_resumed = self._was_resumed, False
        return resumed

    def close(self) -> None:
        """Refuse every command from now on."""
        with self._lock:
            self._is_closed = True
            refused, self._arrived = self._arrived, []
        for message in refused:
            message.receipt.set_result(self._failed("NIJA stopped before it was executed: give the command again"))

    def _take(self) -> None:
        with self._lock:
            arrived, self._arrived = self._arrived, []
        self._unwritten += arrived

    def _keep(self, why: JournalError) -> None:
        self._write_at = self._clock.monotonic() + _WRITE_AGAIN_SECONDS
        self.with_pending(self.halts or {})
        for message in self._unwritten:
            self._was_resumed |= message.instruction.command is Command.RESUME and not message.receipt.done()
            self._answer(message, CommandStatus.IN_MEMORY, str(why))
        if self._reasons.is_news("journal", str(why)):
            commands = list(dict.fromkeys(message.instruction.command for message in self._unwritten))
            if Command.CLOSE in commands:
                self._log.warning(f"⚠️  {Command.CLOSE} waits until the journal can be written: {why}")
            if others := ", ".join(command for command in commands if command is not Command.CLOSE):
                self._log.warning(f"⚠️  {others} takes effect, but only until NIJA ends: {why}")

    def _answer(self, message: _Message, became: CommandStatus, reason: str = "") -> None:
        if not message.receipt.done():
            message.receipt.set_result(CommandResult(self._account, became, reason))

    def _failed(self, reason: str) -> CommandResult:
        return CommandResult(self._account, CommandStatus.FAILED, reason)


def carry_out(journal: Journal, instruction: Instruction, now: datetime) -> bool:
    """Write a command into the journal, all or nothing; returns whether it changed anything. Raises JournalError."""
    with journal.transaction(CommitPoint.NOTED):
        if instruction.command is Command.RESUME:
            return _resume(journal, instruction, now)
        if instruction.command is Command.CLOSE:
            return _close(journal, instruction, now)
        return _stop(journal, instruction, now)


def _stop(journal: Journal, instruction: Instruction, now: datetime) -> bool:
    changed = [journal.halts.set(name, reason, now) for name, reason in _halts_of(instruction).items()]
    if any(changed):
        journal.history.add(instruction.command.value, now, detail={"by": instruction.by})
    return any(changed)


def _close(journal: Journal, instruction: Instruction, now: datetime) -> bool:
    """Decide to sell the position; its trader sees the decision in the journal, now or after a restart."""
    plan = next((one for one in journal.plans.open() if one.market == instruction.market), None)
    if plan is None or plan.exit_reason is not None:
        return False
    journal.plans.save(replace(plan, exit_reason=f"closed by {instruction.by}"))
    journal.history.add(instruction.command.value, now, market=plan.market, detail={"by": instruction.by})
    return True


def _resume(journal: Journal, instruction: Instruction, now: datetime) -> bool:
    """Clear every halt, including those of the loss limits, and restart the losses at zero."""
    cleared = [name for name in HaltName if journal.halts.reset(name)]
    today = journal.equity.latest()
    if today is not None and (HaltName.DAILY_LOSS in cleared or HaltName.DRAWDOWN in cleared):
        journal.equity.reset_peak(today.latest, now)
    if HaltName.PORTFOLIO_DAILY_LOSS in cleared or HaltName.PORTFOLIO_DRAWDOWN in cleared:
        journal.portfolio.reset(now)
    if cleared:
        detail = {"by": instruction.by, "cleared": ", ".join(cleared)}
        journal.history.add(Command.RESUME.value, now, detail=detail)
    return bool(cleared)


def _with_command(halts: Mapping[HaltName, Halt], message: _Message) -> Mapping[HaltName, Halt]:
    instruction = message.instruction
    if instruction.command is Command.RESUME:
        return {}
    added = {name: Halt(name, reason, message.time) for name, reason in _halts_of(instruction).items()}
    return {**added, **halts}


def _halts_of(instruction: Instruction) -> Mapping[HaltName, str]:
    if instruction.command is Command.CLOSE:
        return {}
    stopped = {HaltName.STOP_TRADING: f"stopped by {instruction.by}"}
    match instruction.command:
        case Command.FLATTEN:
            return stopped | {HaltName.FLATTEN: f"to be sold by {instruction.by}"}
        case Command.RELEASE:
            return stopped | {HaltName.RELEASE: f"to be released by {instruction.by}"}
        case Command.RELEASE_KEEPING_STOPS:
            return stopped | {HaltName.RELEASE_KEEPING_STOPS: f"to be released by {instruction.by}, with its stops"}
        case _:
            return stopped
