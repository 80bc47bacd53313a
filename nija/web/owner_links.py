"""Owners' links: each lets the owner of one account look at it, until it is revoked."""

from __future__ import annotations

import hmac
import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.clock import Clock, utc_now

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "owner-links.json"
_AT_MOST = 200


class OwnerLinksUnusable(Exception):
    """The text names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class OwnerLink:
    """`id` names the link to people; `token_hash` is the SHA-256 of the secret in its address."""

    id: str
    account: AccountId
    created: datetime
    token_hash: str


class OwnerLinks:
    """Those of one data folder, in a file that only NIJA's own user may read. Used by one thread at a time."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path = folder / FILE_NAME
        self._clock = clock

    def all(self) -> tuple[OwnerLink, ...]:
        """Oldest first. Raises OwnerLinksUnusable."""
        try:
            return tuple(map(_read, json.loads(self._path.read_text("utf-8"))))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OwnerLinksUnusable(
                f"{self._path} cannot be read ({type(error).__name__}): delete it and create the links again"
            ) from error

    def create(self, account: AccountId) -> str:
        """A new link; returns its token, which is kept nowhere. Raises OwnerLinksUnusable."""
        links = self.all()
        if len(links) >= _AT_MOST:
            raise OwnerLinksUnusable(f"there are {_AT_MOST} links already: revoke one first")
        token = secrets.token_urlsafe(32)
        created = utc_now(self._clock).replace(microsecond=0)
        self._write((*links, OwnerLink(secrets.token_hex(4), account, created, _hash(token))))
        return token

    def revoke(self, link_id: str) -> bool:
        """Whether there was such a link. Raises OwnerLinksUnusable."""
        links = self.all()
        left = tuple(link for link in links if link.id != link_id)
        if len(left) < len(links):
            self._write(left)
        return len(left) < len(links)

    def opened_by(self, token: str) -> OwnerLink | None:
        """Raises OwnerLinksUnusable."""
        wanted = _hash(token)
        return next((link for link in self.all() if hmac.compare_digest(link.token_hash, wanted)), None)

    def _write(self, links: tuple[OwnerLink, ...]) -> None:
        """Replace the file as a whole, so that a crash leaves the old one or the new one."""
        new = self._path.with_name(f".{FILE_NAME}.new")
        try:
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump([_plain(link) for link in links], file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise OwnerLinksUnusable(
                f"{self._path} cannot be written ({error.strerror or error}): make its folder writable"
            ) from error


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _plain(link: OwnerLink) -> dict[str, str]:
    return {
        "id": link.id,
        "account": str(link.account),
        "created": link.created.isoformat(),
        "token_sha256": link.token_hash,
    }


def _read(plain: dict[str, str]) -> OwnerLink:
    created = datetime.fromisoformat(plain["created"]).astimezone(UTC)
    return OwnerLink(plain["id"], AccountId.parse(plain["account"]), created, plain["token_sha256"])
