"""The `.env` file, which the real environment overrides. Messages name line numbers, never the contents of a line."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dotenv.parser import parse_stream
from dotenv.variables import Variable, parse_variables

from brokers.text_file import NotText, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dotenv.parser import Binding

_INCOMPLETE = (
    "contains a ${...} whose variable is not set, so it becomes empty. "
    "Set that variable on a line above, or in the environment."
)
# The libraries read these from the process's environment.
_FOR_LIBRARIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


class DotenvError(Exception):
    """A `.env` file that cannot be read. The text names the file, the line and the remedy."""


@dataclass(frozen=True, slots=True)
class Environment:
    """All variables, and those of `.env` alone. Both contain secrets, so they are not in the repr."""

    values: Mapping[str, str] = field(repr=False)
    dotenv: Mapping[str, str] = field(default_factory=dict, repr=False)
    warnings: tuple[str, ...] = ()


def load_environment(environ: Mapping[str, str], dotenv: Path) -> Environment:
    """The variables of `environ` and of `dotenv`, if that exists. `environ` wins.

    `${NAME}` and `${NAME:-default}` are expanded from the environment or an earlier line, exactly as in python-dotenv:
    also inside quotes of either kind. Raises DotenvError for a file that cannot be read or has an invalid line.
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
                f"{dotenv}, line {line}: this line is not valid. "
                "Write NAME=value, close every quote, and start comments with #."
            )
        if binding.key is None:
            continue
        name = binding.key
        if name in values:
            warnings.append(f"{dotenv}: {name} is set on lines {lines[name]} and {line}; the last one is used.")
        values[name], is_complete = _expanded(binding, {**values, **environ})
        if not is_complete and name not in environ:
            warnings.append(f"{dotenv}, line {line}: {name} {_INCOMPLETE}")
        lines[name] = line
    return Environment({**values, **environ}, values, tuple(warnings))


def export_library_variables(values: Mapping[str, str]) -> None:
    """Put the variables that libraries read into the process's environment, if `.env` sets them."""
    for name in _FOR_LIBRARIES:
        if values.get(name):
            os.environ.setdefault(name, values[name])


def _expanded(binding: Binding, known: Mapping[str, str]) -> tuple[str, bool]:
    """The value with each `${NAME}` expanded, and whether all of them are set."""
    atoms = tuple(parse_variables(binding.value or ""))
    needed = (atom for atom in atoms if isinstance(atom, Variable) and atom.default is None)
    return "".join(atom.resolve(known) for atom in atoms), all(atom.name in known for atom in needed)


def _read(path: Path) -> str | None:
    try:
        return read_text(path)
    except FileNotFoundError:
        return None
    except NotText as error:
        raise DotenvError(f"{path} {error}") from error
    except OSError as error:
        raise DotenvError(
            f"{path} cannot be read ({error.strerror}). Make it readable for the user that runs NIJA."
        ) from error


def _line_of(binding: Binding) -> int:
    """The line number of the binding itself; the parser counts from the blank lines before it."""
    text = binding.original.string
    blank = text[: len(text) - len(text.lstrip())]
    return binding.original.line + blank.count("\n")
