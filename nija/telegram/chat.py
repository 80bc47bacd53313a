"""Sends to one chat, within Telegram's limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nija.telegram.api import BotApi, TooManyRequests
from nija.telegram.markup import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

# A longer wait would keep every other question waiting too.
_LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Button:
    """`data` is what Telegram sends back when it is pressed: at most 64 bytes."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Chat:
    """Texts are Telegram's HTML. Every method raises TelegramError.

    `pause` waits for the seconds that Telegram asks for; without it the request fails then.
    """

    api: BotApi
    id: int
    pause: Callable[[float], None] | None = None

    def say(self, blocks: Iterable[str]) -> None:
        for text in messages(blocks):
            self._call("sendMessage", _content(text))

    def ask(self, text: str, buttons: Sequence[Button]) -> int:
        """Returns the id of the message with the buttons."""
        (first, *_) = messages([text])
        keys = [[{"text": button.label, "callback_data": button.data} for button in buttons]]
        sent = self._call("sendMessage", {**_content(first), "reply_markup": {"inline_keyboard": keys}})
        return int(sent["message_id"])

    def rewrite(self, message: int, blocks: Iterable[str]) -> None:
        """Replace the message, without its buttons; what does not fit into it follows."""
        (first, *others) = messages(blocks)
        self._call("editMessageText", {**_content(first), "message_id": message})
        self.say(others)

    def _call(self, method: str, content: Mapping[str, object]) -> Any:  # noqa: ANN401  JSON
        parameters = {**content, "chat_id": self.id}
        try:
            return self.api.call(method, parameters)
        except TooManyRequests as error:
            if self.pause is None or error.retry_after > _LONGEST_WAIT:
                raise
            self.pause(error.retry_after)
            return self.api.call(method, parameters)


def _content(text: str) -> Mapping[str, object]:
    return {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
