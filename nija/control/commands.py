"""The kill switch: commands go to the running daemon's traders or, without a daemon, into the journals."""

from __future__ import annotations

from concurrent.futures import wait
from contextlib import closing
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from accounts.suggest import did_you_mean
from brokers.clock import utc_now
from nija.control.values import from_plain, to_plain
from nija.journal.errors import JournalError
from nija.trader.commands import Command, CommandResult, CommandStatus, Instruction, carry_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Future

    from brokers.clock import Clock
    from nija.journal.journal import Journal
    from nija.trader.commands import CommandQueue

    Handler = Callable[[dict[str, object]], dict[str, object]]

_RECEIPT_SECONDS = 3.0
_QUEUED = "its thread is waiting for the exchange and obeys as soon as that request has ended"


def command_handlers(
    queues: Callable[[], Mapping[AccountId, CommandQueue]], receipt_seconds: float = _RECEIPT_SECONDS
) -> Mapping[str, Handler]:
    """Handlers for the control socket: each is `send_to` for the `account` and the `market` of its arguments."""

    def handler(command: Command) -> Handler:
        def handle(arguments: dict[str, object]) -> dict[str, object]:
            market = arguments.get("market")
            instruction = Instruction(command, market=None if market is None else str(market))
            account = arguments.get("account")
            results = send_to(
                queues(), None if account is None else str(account), instruction, receipt_seconds=receipt_seconds
            )
            return {"accounts": to_plain(results)}

        return handle

    return {command.value: handler(command) for command in Command}


def send_to(
    queues: Mapping[AccountId, CommandQueue],
    account: str | None,
    instruction: Instruction,
    *,
    receipt_seconds: float = _RECEIPT_SECONDS,
) -> tuple[CommandResult, ...]:
    """Send a command to one account, or to all for None.

    Waits at most `receipt_seconds` for all receipts together; accounts without one are reported as queued. Raises
    ValueError that lists the known accounts.
    """
    receipts = {one: queues[one].send(instruction) for one in chosen(account, tuple(queues))}
    wait(receipts.values(), receipt_seconds)
    return tuple(_result(one, receipt) for one, receipt in receipts.items())


def read_results(answer: Mapping[str, object]) -> tuple[CommandResult, ...]:
    """Raises ValueError."""
    accounts = answer.get("accounts")
    return tuple(from_plain(CommandResult, one) for one in accounts) if isinstance(accounts, list) else ()


def write_to_journals(
    instruction: Instruction, open_journal: Callable[[AccountId], Journal], accounts: Iterable[AccountId], clock: Clock
) -> tuple[CommandResult, ...]:
    """Each account separately: one journal that cannot be written must not prevent the others from being stopped."""

    def write(account: AccountId) -> CommandResult:
        try:
            with closing(open_journal(account)) as journal:
                changed = carry_out(journal, instruction, utc_now(clock))
        except JournalError as error:
            return CommandResult(str(account), CommandStatus.FAILED, str(error))
        return CommandResult(str(account), CommandStatus.DONE if changed else CommandStatus.ALREADY)

    return tuple(map(write, accounts))


def chosen(wanted: object, known: tuple[AccountId, ...]) -> tuple[AccountId, ...]:
    """All accounts for None. Raises ValueError that lists the known accounts."""
    if wanted is None:
        return known
    name, names = str(wanted), [str(account) for account in known]
    try:
        account = AccountId.parse(name)
    except ValueError as error:
        raise ValueError(f"{error}.{did_you_mean(name, names)}") from error
    if account not in known:
        there_are = ", ".join(names) or "none"
        raise ValueError(f"NIJA has no account {account}; it has: {there_are}.{did_you_mean(name, names)}")
    return (account,)


def _result(account: AccountId, receipt: Future[CommandResult]) -> CommandResult:
    return receipt.result() if receipt.done() else CommandResult(str(account), CommandStatus.QUEUED, _QUEUED)
