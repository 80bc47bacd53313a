"""`nija forget`: archive an account's journal, so that its name can be used for another exchange account."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Annotated

import typer

from accounts.credentials import discover
from accounts.data_dir import DataDirUnusable
from accounts.identity import AccountId
from accounts.ownership import KeyInUse, KeyOwnership
from accounts.suggest import did_you_mean
from brokers.clock import SystemClock
from brokers.figures import amount
from nija.cli.command_log import command_log
from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.control.client import ask
from nija.control.journals import journaled_accounts, opened_journals
from nija.control.wire import ControlError
from nija.journal.errors import JournalError
from nija.journal.positions import fold
from nija.status.report import StatusReport

if TYPE_CHECKING:
    from brokers.clock import Clock
    from nija.cli.context import CliContext
    from nija.journal.opening import Journals


def forget(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="For example kraken:daivon_frazier.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Archive an account's journal and start a new one, for the key of another exchange account.

    Nothing is sold or cancelled, and the old journal is kept.
    """
    try:
        context = read_context()
        with command_log(context.environment.values):
            _forget(context, AccountId.parse(account), is_sure=yes)
    except (SetupFault, ControlError, DataDirUnusable, JournalError, KeyInUse, OSError, ValueError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error


def _forget(context: CliContext, account: AccountId, *, is_sure: bool) -> None:
    """Raises the errors that `forget` reports."""
    clock = SystemClock()
    with ExitStack() as held:
        _refuse_beside_a_daemon(context, account)
        _hold_key(context, account, clock, held)
        journals = held.enter_context(opened_journals(context.settings, clock))
        if not journals.exists(account):
            others = did_you_mean(str(account), map(str, journaled_accounts(journals.folder)))
            raise ValueError(f"{account} has no journal: nothing was done.{others}")
        sys.stdout.write("".join(f"{line}\n" for line in _known_positions(journals, account)))
        if not is_sure:
            _confirm(account)
        archive = journals.archive(account)
    sys.stdout.write(f"✅ {account} is forgotten. Its next start creates a new journal; the old one is {archive}\n")


def _refuse_beside_a_daemon(context: CliContext, account: AccountId) -> None:
    """Raises ValueError if a daemon has the journal open, ControlError if that is unknown."""
    answer = ask(context.settings.data_dir, "status")
    if answer is None:
        return
    try:
        running = {one.id for one in StatusReport.from_json(answer).accounts}
    except ValueError as error:
        raise ValueError("the running NIJA has another version: stop it first, then try again") from error
    if str(account) in running:
        raise ValueError(f"NIJA is running with {account}: stop NIJA first, then run nija forget {account} again")


def _hold_key(context: CliContext, account: AccountId, clock: Clock, held: ExitStack) -> None:
    """Keep daemons from trading the account until `held` closes. Raises KeyInUse, DataDirUnusable."""
    for found in discover(context.environment.values).credentials:
        if found.account == account:
            fingerprint = found.api_key.fingerprint
            held.enter_context(KeyOwnership(context.settings.data_dir, fingerprint, clock, "nija forget"))


def _known_positions(journals: Journals, account: AccountId) -> list[str]:
    try:
        with closing(journals.read(account)) as journal:
            positions = [
                fold(plan, journal.fills.of_position(plan.id), journal.plans.write_offs(plan.id))
                for plan in journal.plans.open()
            ]
    except JournalError as error:
        return [f"⚠️  The journal cannot be read, so it may hold open positions: {error}"]
    if not positions:
        return ["The journal holds no open positions."]
    return [
        *(f"⚠️  The journal holds an open position: {one.market} {amount(one.amount)}" for one in positions),
        "   NIJA will no longer manage it. It cancels nothing: a stop that rests on the exchange stays there.",
        "   With a key of the same exchange account, NIJA finds its positions again.",
    ]


def _confirm(account: AccountId) -> None:
    """Raises ValueError."""
    if not sys.stdin.isatty():
        raise ValueError("this archives the journal: without a terminal, confirm with --yes")
    if not typer.confirm(f"Forget everything that NIJA knows of {account}?"):
        raise ValueError("nothing was done")
