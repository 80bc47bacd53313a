"""Reads a secret from the terminal without echo, also one of several lines."""

from __future__ import annotations

import sys
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCAL_FLAGS = 3
_PEM_BEGIN, _PEM_END = "-----BEGIN", "-----END"
_JSON_BEGIN, _JSON_END = "{", "}"


def read_hidden(question: str) -> str:
    """The answer: a line, or all lines of a pasted private key or key file. Raises EOFError.

    Not with getpass, which discards all but the first line of what was pasted, and not with rich, which asks before it
    turns off the echo: text pasted in between would be visible.
    """
    with _no_echo():
        sys.stdout.write(f"{question}: ")
        sys.stdout.flush()
        lines = [_line()]
        while is_unfinished("".join(lines)) and (line := _line()).strip():
            lines.append(line)
        sys.stdout.write("\n")
    return "".join(lines).rstrip("\r\n")


def is_unfinished(text: str) -> bool:
    """Whether more lines of a private key or a key file must follow."""
    bare = text.strip()
    if bare.startswith(_JSON_BEGIN):
        return not bare.endswith(_JSON_END)
    return _PEM_BEGIN in bare and _PEM_END not in bare


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


@contextmanager
def _no_echo() -> Iterator[None]:
    """Discards what was typed before the question and what is left over after the answer."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    hidden = [*before[:_LOCAL_FLAGS], before[_LOCAL_FLAGS] & ~termios.ECHO, *before[_LOCAL_FLAGS + 1 :]]
    termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
