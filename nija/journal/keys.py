"""Facts about the keys an account has used, so that a key of another exchange account is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, select, update

from nija.journal.records import KeyFacts
from nija.journal.schema import keys
from nija.journal.steps import Step

if TYPE_CHECKING:
    from datetime import datetime

    from brokers.model import KeyInfo
    from nija.journal.link import Link


class KeyStore:
    def __init__(self, link: Link, account: str) -> None:
        self._link = link
        self._account = account

    def seen(self, fingerprint: str, info: KeyInfo, now: datetime) -> None:
        values = {
            "account_uid": info.account_uid,
            "permissions": " ".join(sorted(info.permissions)),
            "last_seen": now,
        }
        where = and_(keys.c.account == self._account, keys.c.fingerprint == fingerprint)
        with self._link.transaction(Step.NOTED):
            if self._link.write(update(keys).where(where).values(**values)) == 0:
                first = {"account": self._account, "fingerprint": fingerprint, "first_seen": now}
                self._link.write(insert(keys), {**first, **values})

    def all(self) -> tuple[KeyFacts, ...]:
        """Oldest first."""
        rows = self._link.rows(select(keys).where(keys.c.account == self._account).order_by(keys.c.first_seen))
        return tuple(
            KeyFacts(
                row.fingerprint, row.account_uid, frozenset(row.permissions.split()), row.first_seen, row.last_seen
            )
            for row in rows
        )
