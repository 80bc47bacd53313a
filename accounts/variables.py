"""Which environment variables hold credentials, and of which account."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.faults import CredentialWarning
from accounts.identity import MASTER, AccountId
from accounts.suggest import nearest
from brokers.exchanges import described, descriptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brokers.description import ExchangeDescription
    from brokers.model import Exchange

_SUFFIX = re.compile(
    r"(?:_(?P<master>MASTER)|(?P<user>_USER)(?:_(?P<name>.*?))?)?_API_(?P<part>KEY|SECRET)(?P<file>_FILE)?", re.DOTALL
)
_SUSPECT = re.compile(r"_.*(?:KEY|SEC|PRIVATE|TOKEN).*", re.IGNORECASE)
_LONGEST_NAME = 64


class Part(StrEnum):
    KEY = "API_KEY"
    SECRET = "API_SECRET"  # noqa: S105 - the end of a variable's name, not a secret


@dataclass(frozen=True, slots=True)
class CredentialVariable:
    """A variable with a part of an account's credentials, or with the path of a file that holds it.

    `owner` is as the user wrote it (`DAIVON_FRAZIER`), None if a USER variable lacks the name.
    """

    name: str
    exchange: Exchange
    owner: str | None
    is_user: bool
    part: Part
    is_file: bool

    def account(self) -> AccountId:
        """Raises ValueError that says how the name should be written."""
        if not self.is_user:
            return AccountId(self.exchange, MASTER)
        who = f"{self._prefix}_USER_<NAME>_{self.part}"
        if not self.owner:
            raise ValueError(f"the user's name is missing: it should be {who}")
        if self.owner.casefold() == MASTER:
            raise ValueError(
                f"a user cannot be called {self.owner}: the master's variables are {self._prefix}_MASTER_{self.part}"
            )
        if len(self.owner) > _LONGEST_NAME or not self.owner.isascii():
            raise ValueError(f"a user's name has at most {_LONGEST_NAME} ASCII letters, digits and underscores")
        try:
            return AccountId(self.exchange, self.owner.lower())
        except ValueError:
            example = who.replace("<NAME>", "TANIA_GILBERT")
            raise ValueError(
                f"a user's name consists of letters and digits joined by single underscores, as in {example}"
            ) from None

    def sibling(self, part: Part) -> str:
        """The same account's variable for `part`."""
        return self.name.removesuffix("_FILE").removesuffix(self.part) + part

    @property
    def _prefix(self) -> str:
        return described(self.exchange).prefix


def parse_variable(name: str) -> CredentialVariable | None:
    """Parse a variable's name; None if it does not hold credentials."""
    description = _exchange_of(name)
    found = _SUFFIX.fullmatch(name, len(description.prefix)) if description is not None else None
    if description is None or found is None:
        return None
    is_user = found["user"] is not None
    if not is_user and found["master"] is None and not description.master_without_name:
        return None
    part = Part(f"API_{found['part']}")
    return CredentialVariable(name, description.exchange, found["name"], is_user, part, is_file=bool(found["file"]))


def account_of(name: str) -> AccountId | None:
    """The account whose credentials a variable holds; None if it holds none or does not say whose."""
    variable = parse_variable(name)
    try:
        return variable.account() if variable is not None else None
    except ValueError:
        return None


def misspelt_variables(names: Iterable[str]) -> tuple[CredentialWarning, ...]:
    """One warning for each variable that looks like credentials but is not read."""
    every = sorted(names)
    known = {f"{description.prefix}_MASTER_{part}" for description in descriptions() for part in Part}
    for variable in filter(None, map(parse_variable, every)):
        known |= {variable.sibling(part) for part in Part}
    suspects = (name for name in every if _is_suspect(name) and parse_variable(name) is None)
    return tuple(
        CredentialWarning(name, "is not a variable that NIJA reads", meant=nearest(name, known)) for name in suspects
    )


def _exchange_of(name: str) -> ExchangeDescription | None:
    return next((one for one in descriptions() if name.startswith(f"{one.prefix}_")), None)


def _is_suspect(name: str) -> bool:
    exchange = _exchange_of(name.upper())
    return exchange is not None and _SUSPECT.fullmatch(name, len(exchange.prefix)) is not None
