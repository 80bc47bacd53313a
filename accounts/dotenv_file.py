"""The `.env` file beneath the real environment. Messages name its lines, never what stands on them."""

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
    "holds a ${...} whose variable is not set, so nothing stands in its place. "
    "Set that variable on a line above, or in the environment."
)
# Read by the libraries themselves.
_FOR_LIBRARIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


class DotenvError(Exception):
    """A `.env` file that cannot be read. The text names the file, the line and the remedy."""


@dataclass(frozen=True, slots=True)
class Environment:
    """All variables there are, and what `.env` gives for itself. Both hold secrets, so they stay out of the repr."""

    values: Mapping[str, str] = field(repr=False)
    dotenv: Mapping[str, str] = field(default_factory=dict, repr=False)
    warnings: tuple[str, ...] = ()


def load_environment(environ: Mapping[str, str], dotenv: Path) -> Environment:
    """The variables of `dotenv`, where there is one, beneath those of `environ`, which win.

    `${NAME}` and `${NAME:-default}` become what the environment or an earlier line gives, exactly as with
    python-dotenv: in quotes of either kind too. Raises DotenvError for a file that cannot be read or a line that cannot
    be understood.
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
        if binding.key is None:
            continue
        name = binding.key
        if name in values:
            warnings.append(f"{dotenv}: {name} is set on lines {lines[name]} and {line}; the last counts.")
        values[name], is_complete = _expanded(binding, {**values, **environ})
        if not is_complete and name not in environ:
            warnings.append(f"{dotenv}, line {line}: {name} {_INCOMPLETE}")
        lines[name] = line
    return Environment({**values, **environ}, values, tuple(warnings))


def export_library_variables(values: Mapping[str, str]) -> None:
    """Put what the libraries read by themselves into the process's environment, also where it stands in `.env`."""
    for name in _FOR_LIBRARIES:
        if values.get(name):
            os.environ.setdefault(name, values[name])


def _expanded(binding: Binding, known: Mapping[str, str]) -> tuple[str, bool]:
    """The value with what its `${NAME}` stand for, and whether all of them stand for something."""
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
        raise DotenvError(f"{path} cannot be read ({error.strerror}). Let the user that runs NIJA read it.") from error


def _line_of(binding: Binding) -> int:
    """The parser counts from the blank lines before a binding; a reader looks for the line itself."""
    text = binding.original.string
    blank = text[: len(text) - len(text.lstrip())]
    return binding.original.line + blank.count("\n")
