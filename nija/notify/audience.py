"""Who is notified of what: NIJA's owner of everything, the owner of one account of that account alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nija.events import DaemonStarted, DaemonStopped, DailySummary, FeedBack, FeedSilent, MonthlyReport

if TYPE_CHECKING:
    from accounts.identity import AccountId
    from nija.notify.recipient import Recipient
    from nija.notify.wording import NotifiedEvent


@dataclass(frozen=True, slots=True)
class Audience:
    """People who get the same messages. `urls` contain tokens; `place` is where they are set, for people.

    With `only`, they get what concerns this account alone.
    """

    place: str
    urls: tuple[str, ...] = field(default=(), repr=False)
    recipients: tuple[Recipient, ...] = ()
    only: AccountId | None = None

    @property
    def is_empty(self) -> bool:
        return not self.urls and not self.recipients

    def names(self) -> tuple[str, ...]:
        """The URLs in order, each by its position and kind, without its tokens."""
        return tuple(
            f"URL {position} of {self.place} ({url.partition('://')[0]}://…)"
            for position, url in enumerate(self.urls, start=1)
        )

    def part_of(self, event: NotifiedEvent) -> NotifiedEvent | None:
        """What of an event these people are notified of; None if nothing."""
        return event if self.only is None else _about(self.only, event)


def _about(account: AccountId, event: NotifiedEvent) -> NotifiedEvent | None:
    match event:
        case DaemonStarted() | DaemonStopped() | FeedSilent() | FeedBack():
            return None
        case DailySummary():
            days = tuple(day for day in event.accounts if day.account == account)
            return replace(event, accounts=days) if days else None
        case MonthlyReport():
            months = tuple(month for month in event.accounts if month.account == account)
            return replace(event, accounts=months) if months else None
        case _:
            return event if event.account == account else None
