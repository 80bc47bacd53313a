"""Which journals `nija history`, `performance` and `export` read, each on its own: one that fails hides no other."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from accounts.credentials import discover
from accounts.environment import RunMode
from brokers.clock import SystemClock
from nija.cli.command_log import command_log
from nija.cli.context import FAILED
from nija.control.client import ask
from nija.control.commands import chosen
from nija.control.journals import journaled_accounts
from nija.control.wire import ControlError
from nija.journal.errors import JournalError
from nija.journal.opening import Journals
from nija.log import lines
from nija.log.event_log import get_log
from nija.status.report import StatusReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from decimal import Decimal
    from pathlib import Path

    from accounts.environment import ProcessSettings
    from accounts.identity import AccountId
    from nija.cli.context import CliContext
    from nija.journal.journal import Journal

T = TypeVar("T")
SOME_UNREAD = 1
"""The exit code if some journals could not be read."""


@dataclass(frozen=True, slots=True)
class JournalFault:
    """A journal that could not be read."""

    account: AccountId
    text: str


@dataclass(frozen=True, slots=True)
class JournalReadings(Generic[T]):
    """What was read from each journal of a `mode`; `report` is the running daemon's, if that one answers."""

    mode: RunMode
    folder: Path
    found: tuple[T, ...]
    faults: tuple[JournalFault, ...]
    report: StatusReport | None


def read_journals(context: CliContext, account: str | None, read: Callable[[Journal], T]) -> JournalReadings[T]:
    """Read the journal of one account, or of all. Raises JournalError, and ValueError that lists the accounts."""
    report = _daemons_report(context.settings.data_dir)
    mode = shown_mode(context, report)
    process = _of_mode(context.settings, mode)
    found: list[T] = []
    faults: list[JournalFault] = []
    with (
        command_log(context.environment.values),
        closing(
            Journals(process.data_dir, SystemClock(), get_log("nija"), database_url=process.database_url)
        ) as journals,
    ):
        for one in chosen(account, _accounts(context, mode, journals.folder)):
            try:
                with closing(journals.read_current(one)) as journal:
                    found.append(read(journal))
            except JournalError as error:
                faults.append(JournalFault(one, str(error)))
        return JournalReadings(mode, journals.folder, tuple(found), tuple(faults), report)


def shown_mode(context: CliContext, report: StatusReport | None) -> RunMode:
    """NIJA_MODE if it names one; else that of the running daemon; else live, or the demo if there is nothing else."""
    process = context.settings
    if process.mode is not RunMode.AUTO:
        return process.mode
    if report is not None:
        return RunMode(report.mode)
    if not discover(context.environment.values).is_empty or process.database_url is not None:
        return RunMode.LIVE
    has_only_demo = not _has_journals(process, RunMode.LIVE) and _has_journals(process, RunMode.DEMO)
    return RunMode.DEMO if has_only_demo else RunMode.LIVE


def _daemons_report(data_dir: Path) -> StatusReport | None:
    """None also if it does not answer or has another version: the journals can be read all the same."""
    try:
        answer = ask(data_dir, "status")
        return None if answer is None else StatusReport.from_json(answer)
    except (ControlError, ValueError):
        return None


def _of_mode(process: ProcessSettings, mode: RunMode) -> ProcessSettings:
    return {RunMode.PAPER: process.on_paper, RunMode.DEMO: process.in_demo}.get(mode, lambda: process)()


def _has_journals(process: ProcessSettings, mode: RunMode) -> bool:
    return bool(journaled_accounts(_of_mode(process, mode).data_dir / "journal"))


def _accounts(context: CliContext, mode: RunMode, folder: Path) -> tuple[AccountId, ...]:
    """Those with a journal, and in live mode those with credentials: one without a journal is said."""
    traded = discover(context.environment.values).credentials if mode is RunMode.LIVE else ()
    return tuple(dict.fromkeys([*(found.account for found in traded), *journaled_accounts(folder)]))


def exit_code(readings: JournalReadings[T]) -> int:
    if not readings.faults:
        return 0
    return SOME_UNREAD if readings.found else FAILED


def notes(readings: JournalReadings[T]) -> Iterator[str]:
    """What to know before the figures: that the money is not real, and which journals are missing."""
    if readings.mode is RunMode.DEMO:
        yield lines.DEMO
    if readings.mode is RunMode.PAPER:
        yield lines.PAPER
    for fault in readings.faults:
        yield f"⚠️  {fault.account} is not shown: {fault.text}"
    if not readings.found and not readings.faults:
        yield f"There are no journals in {readings.folder}: NIJA has not traded here yet"


def plain_faults(readings: JournalReadings[T]) -> list[dict[str, str]]:
    return [{"account": str(fault.account), "error": fault.text} for fault in readings.faults]


def known_prices(report: StatusReport | None, account: AccountId) -> dict[str, Decimal]:
    """The prices, by market, at which the running daemon values this account's positions."""
    accounts = () if report is None else report.accounts
    positions = (position for one in accounts if one.id == str(account) for position in one.positions)
    return {position.market: position.price for position in positions if position.price is not None}
