"""What people can change on Telegram: how it is asked back, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.figures import amount, money
from nija.control.result_lines import result_line
from nija.status.report import AccountFaultKind
from nija.telegram.markup import bold, plain
from nija.trader.commands import Command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nija.status.report import AccountStatus, PositionStatus
    from nija.trader.commands import CommandResult, Instruction

_NAMED_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class ChatAction:
    """`asked` continues with the accounts' names; `effect` says what will happen."""

    command: Command
    asked: str
    effect: str
    button: str


_ACTIONS: Mapping[str, ChatAction] = MappingProxyType(
    {
        "stop": ChatAction(
            Command.STOP_TRADING,
            "Stop trading",
            "Nothing new is opened. Stops and exits go on.",
            "Stop trading",
        ),
        "resume": ChatAction(
            Command.RESUME,
            "Trade again",
            "NIJA may open positions again at the next signal.",
            "Trade again",
        ),
        "flatten": ChatAction(
            Command.FLATTEN,
            "Sell everything that NIJA holds, at market, now",
            "Then nothing new is opened until /resume. Coins that NIJA did not buy are not sold.",
            "Sell and stop",
        ),
    }
)


def action_named(name: str) -> ChatAction | None:
    return _ACTIONS.get(name)


def question_text(action: ChatAction, accounts: Sequence[AccountStatus], *, everyone: bool) -> str:
    """`accounts` are those it is about."""
    names = ", ".join(account.id for account in accounts[:_NAMED_AT_MOST])
    more = f" and {len(accounts) - _NAMED_AT_MOST} more" if len(accounts) > _NAMED_AT_MOST else ""
    who = f"on ALL accounts ({names}{more})" if everyone else f"on {names}"
    lines = [bold(f"{action.asked} {who}?"), plain(action.effect)]
    if action.command is Command.FLATTEN:
        lines += map(plain, _sales(accounts))
    if action.command is Command.RESUME:
        lines += map(plain, _ended(accounts))
    return "\n".join((*lines, "The button works for one minute."))


def result_blocks(instruction: Instruction, results: Iterable[CommandResult]) -> list[str]:
    lines = [plain(result_line(instruction, result)) for result in results]
    return ["\n".join(lines or ["There are no accounts: nothing was done."])]


def _sales(accounts: Iterable[AccountStatus]) -> Iterator[str]:
    """What would be sold, as far as it is known."""
    nothing = True
    for account in accounts:
        if not account.is_known:
            nothing = False
            yield f"{account.id}: its positions are not known yet"
        for position in account.positions:
            nothing = False
            coins = f"{amount(position.amount, position.steps.amount)} {position.market.partition('/')[0]}"
            yield f"{account.id}: {coins}, {_value(position, account.currency)}"
    if nothing:
        yield "NIJA holds no position there."


def _value(position: PositionStatus, currency: str) -> str:
    if position.price is None:
        return "its price is unknown"
    return f"worth about {money(position.amount * position.price, currency)}"


def _ended(accounts: Iterable[AccountStatus]) -> Iterator[str]:
    """The halts that end, and what to know of them."""
    halted = [(account.id, halt) for account in accounts for halt in account.latches]
    for account, halt in halted:
        yield f"{account}: this ends: {halt.reason or halt.name}"
    if any("loss" in halt.name or "drawdown" in halt.name for _, halt in halted):
        yield "Losses are counted from zero again."
    if any(halt.name == AccountFaultKind.ANOTHER_PROGRAM for _, halt in halted):
        yield "Only do this once no other program trades there."
