"""Text for Telegram: its HTML, and messages no longer than it accepts."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Telegram accepts 4096 UTF-16 code units after reading the markup; before it, a text is never shorter.
LONGEST = 4096
_BETWEEN_BLOCKS = "\n\n"
_CUT = "…"
_TYPED = re.compile(r"\bnija (status|history|stop-trading|resume|flatten)\b")


def plain(text: str) -> str:
    """Nothing in it is markup, and a command that NIJA names is the one to send here: `/resume` for `nija resume`."""
    return escape(_TYPED.sub(_sent, text), quote=False)


def _sent(typed: re.Match[str]) -> str:
    return "/stop" if typed[1] == "stop-trading" else f"/{typed[1]}"


def bold(text: str) -> str:
    return f"<b>{plain(text)}</b>"


def length(text: str) -> int:
    """In UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def messages(blocks: Iterable[str]) -> tuple[str, ...]:
    """As few messages as possible. A block is divided between its lines, and only if it is too long for one message.

    Tags must end in the line in which they begin.
    """
    full: list[str] = []
    for block in blocks:
        for part in _fitting(block):
            joined = f"{full[-1]}{_BETWEEN_BLOCKS}{part}" if full else part
            if full and length(joined) <= LONGEST:
                full[-1] = joined
            else:
                full.append(part)
    return tuple(full)


def _fitting(block: str) -> Iterator[str]:
    lines: list[str] = []
    for line in block.split("\n"):
        fitting = line if length(line) <= LONGEST else _shortened(line)
        if lines and length("\n".join((*lines, fitting))) > LONGEST:
            yield "\n".join(lines)
            lines = []
        lines.append(fitting)
    yield "\n".join(lines)


def _shortened(line: str) -> str:
    """Without its markup, which a cut could break."""
    text = "".join(letter for letter in line if letter not in "<>&")
    while length(text) > LONGEST - length(_CUT):
        text = text[: len(text) - max(1, (length(text) - LONGEST) // 2)]
    return text + _CUT
