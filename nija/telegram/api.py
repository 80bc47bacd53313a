"""Telegram's Bot API over HTTP. The token is part of every address, so no error and no text here shows one.

TelegramError
├── Unreachable      no answer, a broken one, or a fault of the server: try again later
├── TooManyRequests  try again after so many seconds
├── TokenRefused     no bot has this token
├── PollConflict     another program receives this bot's messages
└── Refused          this request is not possible, such as a message to somebody who has blocked the bot
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

_NONE: Mapping[str, object] = MappingProxyType({})
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 20.0
_LONGEST_DESCRIPTION = 200
_UNAUTHORIZED, _NOT_FOUND, _CONFLICT, _TOO_MANY, _SERVER_FAULT = 401, 404, 409, 429, 500
# Telegram asks for seconds; an absurd answer must not silence the bot for ever.
_LONGEST_RETRY_AFTER = 600.0


class TelegramError(Exception):
    """A request to Telegram failed. The text is for people and shows no token."""


class Unreachable(TelegramError):
    pass


class TooManyRequests(TelegramError):
    """`retry_after` is in seconds."""

    def __init__(self, text: str, retry_after: float) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class TokenRefused(TelegramError):
    pass


class PollConflict(TelegramError):
    pass


class Refused(TelegramError):
    pass


@dataclass(frozen=True, slots=True)
class BotApi:
    """The API of one bot. Any thread may use it. `address` is Telegram's, or that of your own Bot API server."""

    address: str
    token: str = field(repr=False)

    def call(self, method: str, parameters: Mapping[str, object] = _NONE, *, wait: float = 0.0) -> Any:  # noqa: ANN401  JSON
        """The result. `wait` is how many seconds longer the answer may take. Raises TelegramError."""
        timeouts = (_CONNECT_SECONDS, _ANSWER_SECONDS + wait)
        address = f"{self.address}/bot{self.token}/{method}"
        try:
            answer = requests.post(address, json=dict(parameters), timeout=timeouts, allow_redirects=False)
            content = answer.json()
        except requests.JSONDecodeError:
            raise _failure(answer.status_code, {}, self.token) from None
        except requests.RequestException as error:
            # Its text and its cause contain the address.
            raise Unreachable(f"no answer from Telegram ({type(error).__name__})") from None
        if isinstance(content, dict) and content.get("ok") is True:
            return content.get("result")
        raise _failure(answer.status_code, content if isinstance(content, dict) else {}, self.token)


def _failure(status: int, content: dict[str, Any], token: str) -> TelegramError:
    text = f"HTTP {status}"
    if isinstance(said := content.get("description"), str):
        text = f"HTTP {status}: {said.replace(token, '…')[:_LONGEST_DESCRIPTION]}"
    if status in (_UNAUTHORIZED, _NOT_FOUND):
        return TokenRefused(text)
    if status == _CONFLICT:
        return PollConflict(text)
    if status == _TOO_MANY:
        return TooManyRequests(text, _retry_after(content))
    # A redirect, or a page of something that is not a Bot API.
    is_answer = "description" in content
    return Refused(text) if is_answer and status < _SERVER_FAULT else Unreachable(text)


def _retry_after(content: dict[str, Any]) -> float:
    parameters = content.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return 1.0
    return min(max(float(seconds), 1.0), _LONGEST_RETRY_AFTER)
