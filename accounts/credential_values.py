"""Reads the value of a credentials variable from the environment or a file, and removes what copying adds to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from accounts.faults import CredentialWarning, Problem, ProblemKind
from brokers.text_file import NotText, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.variables import CredentialVariable

_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_QUOTES = "\"'`“”„‘’«»"
# Anything shorter cannot be a key, and redacting a word such as "master" would spoil the log.
_SHORTEST_SECRET = 12
_LARGEST_FILE = 64 * 1024
_KEY_LIKE = re.compile(r"(?=.*[0-9])(?=.*[A-Z])[A-Za-z0-9+/=]{16,}")


@dataclass(frozen=True, slots=True)
class CredentialValue:
    """A cleaned value and the variable it came from."""

    variable: str
    value: str = field(repr=False)


class ValueReader:
    """Reads values one by one. Collects the warnings and all secret texts, valid or not."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.warnings: list[CredentialWarning] = []
        self.secrets: set[str] = set()

    def read(self, variable: CredentialVariable) -> CredentialValue | Problem:
        raw = self._environ[variable.name]
        if not _bare(raw):
            return _only_whitespace()
        if variable.is_file:
            if _could_be_a_key(raw.strip()):
                self.secrets.add(raw.strip())
            text = _read_file(raw.strip())
            if isinstance(text, Problem):
                return text
            raw = text
        return self._clean(variable.name, raw)

    def _clean(self, name: str, raw: str) -> CredentialValue | Problem:
        value = _bare(raw)
        if not value:
            return _only_whitespace()
        if len(value) >= _SHORTEST_SECRET:
            self.secrets |= {raw.strip(), value}
        if value.startswith(f"{name}="):
            return Problem(
                ProblemKind.MALFORMED, "the value repeats the variable's name", "Set it to only what follows the ="
            )
        # A PEM file ends with a line break; in any other value it was added by copying.
        if value != (raw.rstrip("\r\n") if "-----" in value else raw):
            text = "spaces, line breaks or quotes around the value were removed"
            self.warnings.append(CredentialWarning(name, text, "Set it again without them"))
        return CredentialValue(name, value)


def _bare(text: str) -> str:
    """`text` without the spaces, quotes and invisible characters around it."""
    bare = text
    while True:
        stripped = bare.strip().strip(_INVISIBLE + _QUOTES)
        if stripped == bare:
            return bare
        bare = stripped


def _only_whitespace() -> Problem:
    return Problem(
        ProblemKind.WHITESPACE,
        "Credentials contain only whitespace",
        "Delete the variable and copy the value again, without spaces or line breaks around it",
    )


def _read_file(path_text: str) -> str | Problem:
    """The file's text without a line break at the end."""
    path = Path(path_text)
    try:
        # RuntimeError if `~name` is not a user of this machine.
        path = path.expanduser()
        if path.exists() and not path.is_file():
            return _unreadable(path, "is not a file")
        if path.stat().st_size > _LARGEST_FILE:
            return _unreadable(path, "is too large to hold a key")
        text = read_text(path)
    except FileNotFoundError:
        return _unreadable(path, "does not exist")
    except NotText as error:
        return _unreadable(path, error.what, error.remedy)
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path on this machine"
        return _unreadable(path, f"cannot be read ({reason})")
    return text.rstrip("\r\n")


def _could_be_a_key(path: str) -> bool:
    """Whether this may be the key itself instead of the path of its file."""
    return "-----" in path or "{" in path or _KEY_LIKE.fullmatch(path) is not None


def _unreadable(
    path: Path, why: str, remedy: str = "Correct the path, or make the file readable for the user that runs NIJA"
) -> Problem:
    shown = "the file it names" if _could_be_a_key(str(path)) else f"the file {path}"
    return Problem(ProblemKind.UNREADABLE, f"{shown} {why}", remedy)
