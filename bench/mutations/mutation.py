"""One safeguard taken away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """`old` must stand in `file` exactly once. `tests` should notice: files, or parts of them (`file::Class::test`)."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
