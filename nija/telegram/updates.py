"""What Telegram delivers, read into values: a message somebody wrote, or a button somebody pressed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_LONGEST_NAME = 40
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote or pressed. `name` is of their own choice: it proves nothing."""

    id: int
    name: str

    def __str__(self) -> str:
        return f"Telegram {self.id} ({self.name})"


@dataclass(frozen=True, slots=True)
class Written:
    """A message with text, sent at `time` in Unix seconds of Telegram's clock."""

    chat: int
    sender: Person
    text: str
    time: float

    @property
    def is_private(self) -> bool:
        """Telegram numbers groups below zero."""
        return self.chat > 0


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button below the bot's `message`. `id` is what the press is answered by."""

    chat: int
    sender: Person
    id: str
    message: int
    data: str


@dataclass(frozen=True, slots=True)
class Asked:
    """`/stop coinbase:master`: the name without its slash, and what follows it."""

    name: str
    argument: str = ""


def read_command(text: str, username: str) -> Asked | None:
    """None if `text` is no command, or one for another bot than `username` (in a group: /stop@other_bot)."""
    word, *arguments = text.split() or [""]
    name, _, addressee = word.removeprefix("/").partition("@")
    if not word.startswith("/") or (addressee and addressee.casefold() != username.casefold()):
        return None
    return Asked(name.casefold(), " ".join(arguments).casefold())


def update_id(update: object) -> int | None:
    """None if it is not an update."""
    found = update.get("update_id") if isinstance(update, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def read_update(update: dict[str, Any]) -> Written | Pressed | None:
    """None for everything that is neither: photos, edits, members who join, and what Telegram may add."""
    try:
        if "message" in update:
            return _written(update["message"])
        if "callback_query" in update:
            return _pressed(update["callback_query"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return None


def _written(message: dict[str, Any]) -> Written | None:
    text = message.get("text")
    if not isinstance(text, str):
        return None
    chat = int(message["chat"]["id"])
    return Written(chat, _sender(message["from"]), text[:_LONGEST_TEXT], float(message["date"]))


def _pressed(query: dict[str, Any]) -> Pressed:
    message = query["message"]
    sender = _sender(query["from"])
    return Pressed(int(message["chat"]["id"]), sender, str(query["id"]), int(message["message_id"]), str(query["data"]))


def _sender(person: dict[str, Any]) -> Person:
    names = (person.get("username"), person.get("first_name"))
    name = next((name for name in names if isinstance(name, str) and name), "without a name")
    # It goes into the history and the log: one line, and nothing that changes how text is shown.
    printable = "".join(letter if letter.isprintable() else " " for letter in name)
    return Person(int(person["id"]), " ".join(printable.split())[:_LONGEST_NAME] or "without a name")
