"""What people can change on Telegram: how it is asked back, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.figures import amount, money
from nija.telegram.markup import bold, plain
from nija.trader.commands import Command, CommandStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nija.status.report import AccountStatus, PositionStatus
    from nija.trader.commands import CommandResult

_NAMED_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class ChatAction:
    """`asked` continues with the accounts' names. `effect` says what will happen, `done` and `already` what did."""

    command: Command
    asked: str
    effect: str
    button: str
    done: str
    already: str


_ACTIONS: Mapping[str, ChatAction] = MappingProxyType(
    {
        "stop": ChatAction(
            Command.STOP_TRADING,
            "Stop trading",
            "Nothing new is opened. Stops and exits go on.",
            "Stop trading",
            "trading is stopped; exits and stops go on. /resume starts it again",
            "was already stopped",
        ),
        "resume": ChatAction(
            Command.RESUME,
            "Trade again",
            "This also ends what a loss limit has stopped, and losses count from zero again.",
            "Trade again",
            "trades again",
            "was not stopped",
        ),
        "flatten": ChatAction(
            Command.FLATTEN,
            "Sell everything that NIJA holds, at market, now",
            "Then nothing new is opened until /resume. Coins that NIJA did not buy are not sold.",
            "Sell and stop",
            "its positions are being sold, and trading is stopped. See /status",
            "is already being sold",
        ),
    }
)


def action_named(name: str) -> ChatAction | None:
    return _ACTIONS.get(name)


def action_of(command: Command) -> ChatAction:
    return next(action for action in _ACTIONS.values() if action.command is command)


def question_text(action: ChatAction, accounts: Sequence[AccountStatus], *, everyone: bool) -> str:
    """`accounts` are those it is about."""
    names = ", ".join(account.id for account in accounts[:_NAMED_AT_MOST])
    more = f" and {len(accounts) - _NAMED_AT_MOST} more" if len(accounts) > _NAMED_AT_MOST else ""
    who = f"on ALL accounts ({names}{more})" if everyone else f"on {names}"
    lines = [bold(f"{action.asked} {who}?"), plain(action.effect)]
    if action.command is Command.FLATTEN:
        lines += map(plain, _sales(accounts))
    return "\n".join((*lines, "The button works for one minute."))


def result_blocks(command: Command, results: Iterable[CommandResult]) -> list[str]:
    lines = [plain(_result(action_of(command), result)) for result in results]
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
            yield f"{account.id}: {amount(position.amount)} {position.market}, {_value(position, account.currency)}"
    if nothing:
        yield "NIJA holds no position there."


def _value(position: PositionStatus, currency: str) -> str:
    if position.price is None:
        return "its price is unknown"
    return f"worth about {money(position.amount * position.price, currency)}"


def _result(action: ChatAction, result: CommandResult) -> str:
    return {
        CommandStatus.DONE: f"✅ {result.account}: {action.done}",
        CommandStatus.ALREADY: f"✅ {result.account}: {action.already}",
        CommandStatus.IN_MEMORY: f"⚠️ {result.account}: {action.done}; but only until NIJA ends: {result.reason}",
        CommandStatus.QUEUED: f"⏳ {result.account}: queued: {result.reason}",
        CommandStatus.FAILED: f"❌ {result.account}: nothing was done: {result.reason}",
    }[result.became]
