"""Edits `.env` and preserves everything else in it: comments, order and other lines."""

from __future__ import annotations

import io
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv.parser import parse_stream

from accounts.dotenv_file import DotenvError, load_environment
from accounts.variables import account_of, parse_variable
from brokers.text_file import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dotenv.parser import Binding

    from accounts.identity import AccountId

_OWNER_ONLY = 0o600
_BARE = re.compile(r"[A-Za-z0-9+/=_.:@-]*")
_TAIL = re.compile(
    r"=\s*?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^#\r\n'\"]*?)(?P<comment>\s+#[^\r\n]*)?(?P<end>\r?\n?)\Z"
)


def write_credentials(path: Path, account: AccountId, values: Mapping[str, str]) -> None:
    """Replace the account's credentials with `values`, or append those. Raises DotenvError."""
    _write(path, with_credentials(_read(path), account, values))


def remove_credentials(path: Path, account: AccountId) -> tuple[str, ...]:
    """Remove the account's lines. Returns the names that were removed. Raises DotenvError."""
    text = _read(path)
    names = tuple(binding.key for binding in _bindings(text) if binding.key and account_of(binding.key) == account)
    if names:
        _write(path, with_credentials(text, account, {}))
    return names


def with_credentials(text: str, account: AccountId, values: Mapping[str, str]) -> str:
    """`text` with `values` in place of the account's credentials, in whichever spelling those are."""
    waiting = dict(values)
    parts = [_replaced(binding, account, waiting) for binding in _bindings(text)]
    edited = "".join(parts)
    if waiting and edited and not edited.endswith("\n"):
        edited += "\n"
    return edited + "".join(_line(name, value) for name, value in waiting.items())


def _replaced(binding: Binding, account: AccountId, waiting: dict[str, str]) -> str:
    original: str = binding.original.string
    if binding.key is None or account_of(binding.key) != account:
        return original
    blank = original[: len(original) - len(original.lstrip("\r\n"))]
    variable = parse_variable(binding.key)
    name = next((name for name in waiting if variable and name.endswith(f"_{variable.part}")), None)
    if name is None:
        return blank
    tail = _TAIL.search(original)
    comment = tail["comment"] or "" if tail else ""
    return blank + _line(name, waiting.pop(name), comment)


def _line(name: str, value: str, comment: str = "") -> str:
    return f"{name}={_quoted(value)}{comment}\n"


def _quoted(value: str) -> str:
    if _BARE.fullmatch(value):
        return value
    # A `${` would be expanded even in quotes. The variable without a name, `${:-$}`, expands to a plain dollar sign.
    plain = value.replace("${", "${:-$}{")
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _bindings(text: str) -> Iterator[Binding]:
    return iter(parse_stream(io.StringIO(text)))


def _read(path: Path) -> str:
    """Raises DotenvError for a file with an invalid line, which cannot be edited safely."""
    load_environment({}, path)
    try:
        # Not read_text, which would convert line endings.
        return decoded(path.read_bytes())
    except FileNotFoundError:
        return ""


def _write(path: Path, text: str) -> None:
    """Atomic, and never readable by others, not even for a moment."""
    target = path.resolve()
    try:
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".env.")
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), _OWNER_ONLY)
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DotenvError(f"{path} cannot be written ({error.strerror}). Make its folder writable.") from error
