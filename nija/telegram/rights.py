"""Which chats may ask NIJA, and about what. Everybody else is ignored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from accounts.settings import Settings
    from nija.status.report import StatusReport


@dataclass(frozen=True, slots=True)
class ChatRights:
    """`only` are the ids of the accounts whose owner this is; None for NIJA's owner, who sees and commands all."""

    only: frozenset[str] | None = None

    @property
    def may_act(self) -> bool:
        return self.only is None

    def part_of(self, report: StatusReport) -> StatusReport:
        """What this chat may see of it. The notices concern NIJA's owner, and may name any account."""
        if self.only is None:
            return report
        return replace(report, accounts=tuple(one for one in report.accounts if one.id in self.only), notices=())


def chat_rights(chat: int, owners: Collection[int], settings: Settings) -> ChatRights | None:
    """None for a stranger. `owners` are the chats of NIJA's owner; `settings` name those of the accounts' owners."""
    if chat in owners:
        return ChatRights()
    own = frozenset(str(account) for account, found in settings.accounts.items() if found.own.telegram_chat == chat)
    return ChatRights(own) if own else None
