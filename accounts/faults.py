"""Faults of credentials that are found offline. No message contains any part of a key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.identity import AccountId


class ProblemKind(StrEnum):
    MISSING = "missing"
    WHITESPACE = "whitespace"
    PLACEHOLDER = "placeholder"
    MALFORMED = "malformed"
    SWAPPED = "swapped"
    SHARED = "shared"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value, and how to fix it."""

    kind: ProblemKind
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CredentialFault:
    """`account` is None if the variable's name does not say whose it is."""

    account: AccountId | None
    variable: str
    problem: Problem

    @property
    def kind(self) -> ProblemKind:
        return self.problem.kind

    @property
    def message(self) -> str:
        return f"{self.variable}: {self.problem.text}. {self.problem.remedy}."

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class CredentialWarning:
    """Worth reporting, but no reason to refuse the variable. `meant` is the name that the user probably meant."""

    variable: str
    text: str
    remedy: str = ""
    meant: str | None = None

    @property
    def message(self) -> str:
        if self.remedy:
            return f"{self.variable}: {self.text}. {self.remedy}."
        question = f" Did you mean {self.meant}?" if self.meant else ""
        return f"{self.variable} {self.text}.{question}"

    def __str__(self) -> str:
        return self.message
