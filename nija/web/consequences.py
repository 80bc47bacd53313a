"""What a command will do, in words, before it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers import figures
from nija.trader.commands import Command

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from nija.status.report import AccountStatus, PositionStatus
    from nija.trader.commands import Instruction


@dataclass(frozen=True, slots=True)
class Sale:
    """A position that would be sold at market; `value` is about what it is worth now, or `unknown`."""

    account: str
    amount: str
    market: str
    value: str


@dataclass(frozen=True, slots=True)
class Consequences:
    """`title` ends the sentence "You are about to"; `sales` are empty for a command that sells nothing now."""

    title: str
    lines: tuple[str, ...]
    sales: tuple[Sale, ...] = ()


def consequences(instruction: Instruction, accounts: Collection[AccountStatus], *, every: bool) -> Consequences:
    """Of the command for these accounts; `every`: they are all of NIJA's."""
    whom = "every account" if every else ", ".join(account.id for account in accounts)
    market = instruction.market
    sales = tuple(_sales(instruction, accounts))
    if instruction.command is Command.STOP_TRADING:
        lines = ("NIJA opens nothing new until you resume.", "Positions keep their stops, and exits go on.")
        return Consequences(f"stop trading on {whom}", lines)
    if instruction.command is Command.RESUME:
        return Consequences(f"resume trading on {whom}", tuple(_resumed(accounts)))
    unsold = ("Coins that NIJA did not buy are not sold.", *_unknown(accounts, sales))
    if instruction.command is Command.CLOSE:
        first = "NIJA goes on trading, and may buy this market again at its next signal."
        return Consequences(f"sell the position in {market} on {whom}", (first, *unsold), sales)
    first = "NIJA cancels its own orders, and opens nothing new until you resume."
    return Consequences(f"sell everything that NIJA bought on {whom}", (first, *unsold), sales)


def _unknown(accounts: Collection[AccountStatus], sales: Collection[Sale]) -> Iterator[str]:
    unknown = [account.id for account in accounts if not account.is_known]
    if unknown:
        yield f"Not known yet, and sold as well: whatever NIJA holds on {', '.join(unknown)}."
    elif not sales:
        yield "NIJA holds nothing there now, so nothing would be sold."


def _sales(instruction: Instruction, accounts: Collection[AccountStatus]) -> Iterator[Sale]:
    if instruction.command not in (Command.CLOSE, Command.FLATTEN):
        return
    for account in accounts:
        for position in account.positions:
            if instruction.market in (None, position.market):
                amount = f"{figures.amount(position.amount)} {position.market.partition('/')[0]}"
                yield Sale(account.id, amount, position.market, _value(position))


def _value(position: PositionStatus) -> str:
    worth = None if position.price is None else position.amount * position.price
    return figures.money(worth, position.market.partition("/")[2])


def _resumed(accounts: Collection[AccountStatus]) -> Iterator[str]:
    yield "NIJA may open positions again at the next signal."
    halted = [(account, halt) for account in accounts for halt in account.latches]
    for account, halt in halted:
        yield f"{account.id}: this ends: {halt.reason or halt.name.replace('_', ' ')}."
    if any("loss" in halt.name or "drawdown" in halt.name for _, halt in halted):
        yield "Losses are counted from zero again."
    if any(halt.name == "another_program" for _, halt in halted):
        yield "Only do this once no other program trades these accounts."
