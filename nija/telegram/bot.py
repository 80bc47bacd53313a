"""Answers people on Telegram. What changes something is asked back first, and done when its button is pressed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.clock import utc_now
from nija.control.commands import chosen
from nija.control.wire import ControlError
from nija.telegram.actions import ChatAction, action_named, question_text, result_blocks
from nija.telegram.answers import help_text, menu, status_blocks, why_blocks
from nija.telegram.api import Refused, TelegramError
from nija.telegram.chat import Button, Chat
from nija.telegram.confirmations import Confirmations, Question
from nija.telegram.history import history_blocks
from nija.telegram.markup import plain
from nija.telegram.updates import Asked, Pressed, Written, read_command
from nija.trader.commands import Instruction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from structlog.typing import FilteringBoundLogger

    from brokers.clock import Clock
    from nija.journal.journal import Journal
    from nija.status.report import AccountStatus, StatusReport
    from nija.telegram.api import BotApi
    from nija.telegram.rights import ChatRights
    from nija.trader.commands import CommandResult

# Anybody can find a bot and write to it.
_STRANGERS_LOGGED = 20
_NOTHING: Mapping[str, object] = MappingProxyType({})
_YES, _NO = "yes", "no"
_OLD = "This was sent before NIJA started, so nothing was done. Send it again if you still want it."
_NOT_VALID = "Nothing was done: a button works once, for one minute, and only for the person who asked."
_READ_ONLY = "You can look but not act here: only NIJA's owner can."
_HINT = "Send /help to see what you can ask."


@dataclass(frozen=True, slots=True)
class BotContext:
    """What the bot may see and do: the seam between the daemon and Telegram. No function waits for an exchange.

    `journal` opens an account's journal read-only and raises JournalError. `command` gives an instruction to one
    account, or to all for None; it raises ControlError or ValueError. `rights` are those of a chat.
    """

    report: Callable[[], StatusReport]
    journal: Callable[[AccountId], Journal]
    command: Callable[[str | None, Instruction], tuple[CommandResult, ...]]
    rights: Callable[[int], ChatRights | None]


class Bot:
    """Used by one thread. What was written before the bot was made changes nothing."""

    def __init__(self, api: BotApi, context: BotContext, clock: Clock, log: FilteringBoundLogger) -> None:
        self._api = api
        self._context = context
        self._clock = clock
        self._log = log
        self._started = clock.time()
        self._username = ""
        self._confirmations = Confirmations(clock)
        self._strangers: set[int] = set()

    def introduce(self, owners: Iterable[int]) -> str:
        """Set the menus of commands; returns the bot's name. Raises TelegramError."""
        self._username = str(self._api.call("getMe")["username"])
        self._api.call("setMyCommands", {"commands": _commands(may_act=False)})
        for chat in owners:
            # Refused for a chat that has never written to the bot.
            with suppress(Refused):
                scope = {"type": "chat", "chat_id": chat}
                self._api.call("setMyCommands", {"commands": _commands(may_act=True), "scope": scope})
        return self._username

    def take(self, update: Written | Pressed) -> None:
        """Answer a message, or carry out what a pressed button confirms. Raises TelegramError."""
        rights = self._context.rights(update.chat)
        if rights is None:
            self._ignore(update)
            return
        chat = Chat(self._api, update.chat, self._clock.sleep)
        if isinstance(update, Pressed):
            self._on_press(update, rights, chat)
            return
        asked = read_command(update.text, self._username)
        if asked is not None:
            self._on_command(asked, update, rights, chat)
        elif update.is_private and not update.text.startswith("/"):
            chat.say([_HINT])

    def _on_command(self, asked: Asked, written: Written, rights: ChatRights, chat: Chat) -> None:
        action = action_named(asked.name)
        try:
            if action is not None:
                self._ask(action, asked, written, rights, chat)
            else:
                chat.say(self._answer(asked, rights))
        except ValueError as error:
            chat.say([plain(str(error))])

    def _answer(self, asked: Asked, rights: ChatRights) -> Iterator[str]:
        """Raises ValueError if it names an account that this chat does not see."""
        now = utc_now(self._clock)
        if asked.name in ("status", "why", "history"):
            report = rights.part_of(self._context.report())
            accounts = _named(asked.argument, report.accounts)
            if asked.name == "status":
                yield from status_blocks(replace(report, accounts=accounts), now)
            elif asked.name == "why":
                yield from why_blocks(accounts, now)
            else:
                yield from history_blocks(accounts, self._context.journal)
        else:
            yield help_text(may_act=rights.may_act)

    def _ask(self, action: ChatAction, asked: Asked, written: Written, rights: ChatRights, chat: Chat) -> None:
        if not rights.may_act:
            chat.say([_READ_ONLY])
        # Telegram's times are whole seconds.
        elif written.time + 1 <= self._started:
            chat.say([_OLD])
        else:
            accounts = _named(asked.argument, rights.part_of(self._context.report()).accounts)
            key = self._confirmations.new_key()
            buttons = (Button(action.button, f"{_YES}:{key}"), Button("No", f"{_NO}:{key}"))
            message = chat.ask(question_text(action, accounts, everyone=not asked.argument), buttons)
            account = accounts[0].id if asked.argument else None
            question = Question(
                chat.id, message, written.sender.id, action.command, account, asked=self._clock.monotonic()
            )
            self._confirmations.add(key, question)

    def _on_press(self, pressed: Pressed, rights: ChatRights, chat: Chat) -> None:
        answer, _, key = pressed.data.partition(":")
        question = self._confirmations.take(key, pressed) if rights.may_act else None
        if question is None or answer not in (_YES, _NO):
            self._acknowledge(pressed, {"text": _NOT_VALID, "show_alert": True})
            return
        # Before anything is sent: a command does not wait for Telegram.
        blocks = self._carry_out(question, pressed) if answer == _YES else ["Nothing was done."]
        with suppress(TelegramError):
            self._acknowledge(pressed)
        chat.rewrite(pressed.message, blocks)

    def _acknowledge(self, pressed: Pressed, said: Mapping[str, object] = _NOTHING) -> None:
        self._api.call("answerCallbackQuery", {"callback_query_id": pressed.id, **said})

    def _carry_out(self, question: Question, pressed: Pressed) -> list[str]:
        whom = question.account or "all accounts"
        self._log.info(f"📱 {pressed.sender} gives the command {question.command.value} to {whom}")
        instruction = Instruction(question.command, by=str(pressed.sender))
        try:
            results = self._context.command(question.account, instruction)
        except (ControlError, ValueError) as error:
            return [f"❌ {plain(str(error))}"]
        return result_blocks(instruction, results)

    def _ignore(self, update: Written | Pressed) -> None:
        if update.chat in self._strangers or len(self._strangers) >= _STRANGERS_LOGGED:
            return
        self._strangers.add(update.chat)
        self._log.warning(
            f"⚠️  Chat {update.chat} ({update.sender.name}) wrote to NIJA's Telegram bot and is ignored. "
            "If this is you, add the number to NIJA_TELEGRAM_CHATS"
        )


def _named(argument: str, seen: tuple[AccountStatus, ...]) -> tuple[AccountStatus, ...]:
    """All that are seen without an argument. Raises ValueError that lists them."""
    known = {AccountId.parse(account.id): account for account in seen}
    return tuple(known[account] for account in chosen(argument or None, tuple(known)))


def _commands(*, may_act: bool) -> list[dict[str, str]]:
    return [{"command": name, "description": meaning} for name, meaning in menu(may_act=may_act)]
