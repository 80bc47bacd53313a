"""What an account's answer to a command reads like, wherever it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.trader.commands import Command, CommandStatus

if TYPE_CHECKING:
    from nija.trader.commands import CommandResult, Instruction


def result_line(instruction: Instruction, result: CommandResult) -> str:
    """One line, such as `✅ kraken:master: trades again`."""
    released = ("its positions are being released to its owner (see nija status)", "is already being released")
    done, already = {
        Command.RELEASE: released,
        Command.RELEASE_KEEPING_STOPS: released,
        Command.STOP_TRADING: (
            "trading is stopped; exits and stops go on (nija resume starts it again)",
            "was already stopped",
        ),
        Command.FLATTEN: (
            "its positions are being sold, and trading is stopped (see nija status)",
            "is already being sold",
        ),
        Command.RESUME: ("trades again", "was not stopped"),
        Command.CLOSE: (
            f"its position in {instruction.market} is being sold (see nija status)",
            f"NIJA holds nothing in {instruction.market}, or is already selling it",
        ),
    }[instruction.command]
    # An order is sent only once it is in the journal, so nothing can be sold or given away before.
    later = "once the journal can be written, unless NIJA ends before"
    kept = {
        Command.CLOSE: f"its position in {instruction.market} is sold {later}",
        Command.FLATTEN: f"trading is stopped, and its positions are sold {later}",
        Command.RELEASE: f"trading is stopped, and its positions are released {later}",
        Command.RELEASE_KEEPING_STOPS: f"trading is stopped, and its positions are released {later}",
    }.get(instruction.command, f"{done}, but only until NIJA ends")
    return {
        CommandStatus.DONE: f"✅ {result.account}: {done}",
        CommandStatus.ALREADY: f"✅ {result.account}: {already}",
        CommandStatus.IN_MEMORY: f"⚠️  {result.account}: {kept}, because {result.reason}",
        CommandStatus.QUEUED: f"⏳ {result.account}: queued: {result.reason}",
        CommandStatus.FAILED: f"❌ {result.account}: nothing was done: {result.reason}",
    }[result.became]
