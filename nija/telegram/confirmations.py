"""Questions with a button: each is answered once, within a minute, by the person who caused it, or never."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brokers.clock import Clock
    from nija.telegram.updates import Pressed
    from nija.trader.commands import Command

VALID_SECONDS = 60.0
# The oldest are forgotten first.
_OPEN_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Question:
    """Whether `command` is to be given to `account`, or to all accounts for None. `message` is the one with the button.

    `asked` is in seconds of the steady clock.
    """

    chat: int
    message: int
    sender: int
    command: Command
    account: str | None
    asked: float


class Confirmations:
    """In memory alone, so that a button from before a restart does nothing. Used by one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, Question] = {}

    @staticmethod
    def new_key() -> str:
        """What the button of a new question carries; Telegram allows 64 bytes."""
        return secrets.token_urlsafe(16)

    def add(self, key: str, question: Question) -> None:
        self._open[key] = question
        while len(self._open) > _OPEN_AT_MOST:
            del self._open[next(iter(self._open))]

    def take(self, key: str, pressed: Pressed) -> Question | None:
        """The question that this press answers, which is then closed. None if it does not answer an open one."""
        question = self._open.get(key)
        asked_here = question is not None and (question.chat, question.message, question.sender) == (
            pressed.chat,
            pressed.message,
            pressed.sender.id,
        )
        if question is None or not asked_here:
            return None
        del self._open[key]
        return question if self._clock.monotonic() - question.asked <= VALID_SECONDS else None
