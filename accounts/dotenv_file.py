"""The `.env` file beneath the real environment. Messages name its lines, never what stands on them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dotenv.parser import parse_stream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dotenv.parser import Binding


class DotenvError(Exception):
    """A `.env` file that cannot be read. The text names the file, the line and the remedy."""


@dataclass(frozen=True, slots=True)
class Environment:
    """All variables there are. `values` hold secrets, so they stay out of the repr."""

    values: Mapping[str, str] = field(repr=False)
    warnings: tuple[str, ...] = ()


def load_environment(environ: Mapping[str, str], dotenv: Path) -> Environment:
    """The variables of `dotenv`, where there is one, beneath those of `environ`, which win.

    Raises DotenvError for a file that cannot be read or a line that cannot be understood.
    """
    text = _read(dotenv)
    if text is None:
        return Environment(dict(environ))
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    warnings: list[str] = []
    for binding in parse_stream(io.StringIO(text)):
        line = _line_of(binding)
        if binding.error or (binding.key is not None and binding.value is None):
            raise DotenvError(
                f"{dotenv}, line {line}: this line cannot be understood. "
                "Write NAME=value, close every quote that is opened, and start a comment with #."
            )
        if binding.key is None or binding.value is None:
            continue
        if binding.key in values:
            warnings.append(
                f"{dotenv}: {binding.key} is set on lines {lines[binding.key]} and {line}; the last counts."
            )
        values[binding.key] = binding.value
        lines[binding.key] = line
    return Environment({**values, **environ}, tuple(warnings))


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise DotenvError(f"{path} is not a UTF-8 text file. Save it again as plain UTF-8 text.") from error
    except OSError as error:
        raise DotenvError(f"{path} cannot be read ({error.strerror}). Let the user that runs NIJA read it.") from error


def _line_of(binding: Binding) -> int:
    """The parser counts from the blank lines before a binding; a reader looks for the line itself."""
    text = binding.original.string
    blank = text[: len(text) - len(text.lstrip())]
    return binding.original.line + blank.count("\n")
