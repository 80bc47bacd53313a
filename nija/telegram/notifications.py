"""Notifications in chats: the people who may ask the bot need no second address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from nija.notify.audience import Audience
from nija.telegram.api import BotApi, TelegramError
from nija.telegram.chat import Chat
from nija.telegram.markup import bold, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from accounts.environment import ProcessSettings
    from accounts.settings import Settings
    from nija.notify.message import Message

_EVERYTHING = "NIJA_NOTIFY_URLS"


@dataclass(frozen=True, slots=True)
class ChatRecipient:
    api: BotApi
    chat: int

    @property
    def name(self) -> str:
        return f"Telegram chat {self.chat}"

    def send(self, message: Message) -> str:
        try:
            Chat(self.api, self.chat).say(["\n".join((bold(message.title), plain(message.body)))])
        except TelegramError as error:
            return f"Telegram says: {error}"
        return ""


def audiences(process: ProcessSettings, settings: Settings) -> tuple[Audience, ...]:
    """NIJA's owner first, then the owners of the accounts for which nija.toml names a URL or a chat."""
    recipients = _recipients(process, process.telegram_chats, process.notify_urls)
    found = [Audience(_EVERYTHING, process.notify_urls, recipients)]
    for account, settings_of_account in settings.accounts.items():
        own = settings_of_account.own
        chats = () if own.telegram_chat is None else (own.telegram_chat,)
        recipients = _recipients(process, chats, own.notify_urls)
        found.append(Audience(f"notify_urls of {account}", own.notify_urls, recipients, account))
    return tuple(audience for audience in found if not audience.is_empty)


def _recipients(process: ProcessSettings, chats: Iterable[int], urls: Iterable[str]) -> tuple[ChatRecipient, ...]:
    """None without a token. A chat that one of the URLs names already gets each message once."""
    if process.telegram_token is None:
        return ()
    api = BotApi(process.telegram_api_url, process.telegram_token)
    named = set(_chats_of(process.telegram_token, urls))
    return tuple(ChatRecipient(api, chat) for chat in chats if str(chat) not in named)


def _chats_of(token: str, urls: Iterable[str]) -> Iterator[str]:
    """The chats in the URLs of this bot, which apprise writes tgram://TOKEN/CHAT."""
    for url in urls:
        scheme, _, rest = unquote(url).partition("://")
        if scheme.casefold() == "tgram" and rest.removeprefix("bot").startswith(token):
            yield from re.split(r"[/?]", rest.partition(token)[2])
