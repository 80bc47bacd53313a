"""Who an account belongs to, and its names in ids, labels and log lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.exchanges import described, exchange_named, exchanges

if TYPE_CHECKING:
    from brokers.model import Exchange

MASTER = "master"
_OWNER = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, order=True)
class AccountId:
    """One exchange account of one owner, written `kraken:daivon_frazier`."""

    exchange: Exchange
    owner: str

    def __post_init__(self) -> None:
        if not _OWNER.fullmatch(self.owner):
            raise ValueError(f"an owner is lower-case letters, digits and single underscores, not {self.owner!r}")

    def __str__(self) -> str:
        return f"{self.exchange}:{self.owner}"

    @classmethod
    def parse(cls, text: str) -> AccountId:
        """Parse `exchange:owner`. Raises ValueError that says what was expected."""
        exchange, separator, owner = text.partition(":")
        if not separator or exchange not in exchanges():
            forms = " or ".join(f"{known}:NAME" for known in exchanges())
            raise ValueError(f"an account is written {forms}, not {text!r}")
        return cls(exchange_named(exchange), owner)

    @property
    def is_master(self) -> bool:
        return self.owner == MASTER

    @property
    def label(self) -> str:
        """`MASTER`, or `USER daivon_frazier`."""
        return "MASTER" if self.is_master else f"USER {self.owner}"

    @property
    def slug(self) -> str:
        """The id as a file name: `kraken-daivon_frazier`."""
        return f"{self.exchange}-{self.owner}"

    @property
    def env_prefix(self) -> str:
        """`KRAKEN_MASTER` or `KRAKEN_USER_DAIVON_FRAZIER`: the prefix of this account's variables."""
        who = "MASTER" if self.is_master else f"USER_{self.owner.upper()}"
        return f"{described(self.exchange).prefix}_{who}"


def short_name(exchange: Exchange) -> str:
    return described(exchange).short_name


def full_name(exchange: Exchange) -> str:
    return described(exchange).full_name
