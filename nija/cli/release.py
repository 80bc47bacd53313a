"""`nija release`: hand NIJA's positions of one account over to its owner."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from accounts.identity import AccountId
from brokers.clock import SystemClock
from brokers.figures import amount, price
from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.cli.switch import turn
from nija.control.client import ask
from nija.control.journals import opened_journals
from nija.control.wire import ControlError
from nija.journal.errors import JournalError
from nija.journal.positions import fold
from nija.status.report import StatusReport
from nija.trader.commands import Command, Instruction

if TYPE_CHECKING:
    from decimal import Decimal

    from nija.cli.context import CliContext


@dataclass(frozen=True, slots=True)
class _Held:
    """A position that would be released. `amount` is in base currency, `stop` in quote."""

    market: str
    amount: Decimal
    stop: Decimal | None


def release(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="For example kraken:daivon_frazier.")],
    *,
    keep_stops: Annotated[
        bool, typer.Option("--keep-stops", help="Leave NIJA's stops at the exchange, as the owner's orders.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Hand NIJA's positions over to the account's owner: nothing is sold, and NIJA forgets these coins.

    NIJA cancels its orders there and opens nothing new until nija resume.
    """
    try:
        name = str(AccountId.parse(account))
        held = _held(read_context(), AccountId.parse(account))
        sys.stdout.write("".join(f"{line}\n" for line in _plan(name, held, keep_stops=keep_stops)))
        if not yes:
            _confirm(name)
    except (SetupFault, ControlError, JournalError, ValueError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    turn(Instruction(Command.RELEASE_KEEPING_STOPS if keep_stops else Command.RELEASE), name)


def _held(context: CliContext, account: AccountId) -> list[_Held] | None:
    """What NIJA holds, from the daemon or else from the journal; None if neither knows. Raises ControlError."""
    answer = ask(context.settings.data_dir, "status")
    if answer is not None:
        try:
            accounts = StatusReport.from_json(answer).accounts
        except ValueError as error:
            raise ControlError("the running NIJA has another version: restart it after an update") from error
        known = next((one for one in accounts if one.id == str(account)), None)
        if known is None or not known.is_known:
            return None
        return [_Held(one.market, one.amount, one.stop) for one in known.positions]
    with opened_journals(context.settings, SystemClock()) as journals:
        if not journals.exists(account):
            return None
        with closing(journals.read(account)) as journal:
            positions = [
                fold(plan, journal.fills.of_position(plan.id), journal.plans.write_offs(plan.id))
                for plan in journal.plans.open()
            ]
    return [_Held(one.market, one.amount, one.stop_price) for one in positions]


def _plan(account: str, held: list[_Held] | None, *, keep_stops: bool) -> list[str]:
    if held is None:
        return [f"What NIJA holds on {account} is not known yet; whatever it is goes to its owner."]
    if not held:
        return [f"NIJA holds nothing on {account} now."]
    fate = "stays at the exchange as the owner's order" if keep_stops else "is cancelled"
    lines = [f"NIJA hands over on {account}, without selling anything:"]
    for one in held:
        base = one.market.partition("/")[0]
        stop = "" if one.stop is None else f"; its stop at {price(one.stop, one.market)} {fate}"
        lines.append(f"   {one.market}: {amount(one.amount)} {base}{stop}")
    return [
        *lines,
        "From then on NIJA neither protects nor sells these coins, and opens nothing new until nija resume.",
    ]


def _confirm(account: str) -> None:
    """Raises ValueError."""
    if not sys.stdin.isatty():
        raise ValueError("this gives up the protection of positions: without a terminal, confirm with --yes")
    if not typer.confirm(f"Release everything that NIJA holds on {account} to its owner?"):
        raise ValueError("nothing was done")
