"""Where a message can be sent to: an apprise URL, or anything else that accepts one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from apprise import Apprise

    from nija.notify.message import Message

_CHECK = "Check that the URL is right"


class Recipient(Protocol):
    """Used by one thread. Neither `name` nor an answer ever shows a token."""

    @property
    def name(self) -> str: ...

    def send(self, message: Message) -> str:
        """Empty if the message was accepted, else what is wrong, as a sentence."""
        ...


@dataclass(frozen=True, slots=True)
class AppriseUrl:
    name: str
    client: Apprise

    def send(self, message: Message) -> str:
        accepted = self.client.notify(
            title=message.title, body=message.body, notify_type=message.severity.value, body_format="text"
        )
        return "" if accepted else _CHECK


def apprise_url(name: str, url: str) -> AppriseUrl | None:
    """None if apprise does not know such a URL."""
    # apprise is slow to import, and only needed with URLs.
    from apprise import Apprise  # noqa: PLC0415

    # It logs whole URLs with their tokens.
    logging.getLogger("apprise").disabled = True
    client = Apprise()
    return AppriseUrl(name, client) if client.add(url) else None
