"""Which exchange account a journal belongs to: the account itself, not its name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from nija.journal.connection import CommitPoint, JournalConnection
from nija.journal.schema import identity

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.identity import AccountId
    from brokers.model import KeyInfo


class IdentityStore:
    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account

    def fingerprint(self) -> str | None:
        """The fingerprint of the journal's exchange account; None before it first connected."""
        rows = self._connection.rows(select(identity.c.fingerprint).where(identity.c.account == self._account))
        return str(rows[0].fingerprint) if rows else None

    def remember(self, account_uid: str, now: datetime) -> None:
        """Bind the journal to this exchange account for good."""
        values = {"account": self._account, "fingerprint": fingerprint_of(account_uid), "first_seen": now}
        with self._connection.transaction(CommitPoint.NOTED):
            self._connection.write(insert(identity), values)


def fingerprint_of(account_uid: str) -> str:
    """The first 16 hex digits of the id's SHA-256: enough to compare, without revealing the id."""
    return hashlib.sha256(account_uid.encode()).hexdigest()[:16]


def another_account(identity: IdentityStore, account: AccountId, info: KeyInfo) -> str:
    """The error text if the key belongs to another exchange account than the journal; otherwise empty."""
    known = identity.fingerprint()
    if known is None or not info.names_account or known == fingerprint_of(info.account_uid):
        return ""
    return (
        f"the key belongs to another exchange account than the journal of {account}. Put the old key back into "
        f"{account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET, or, to start over with this one, stop NIJA "
        f"and run: nija forget {account}"
    )
