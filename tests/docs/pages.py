"""The pages that users read, and their contents: blocks, links, words in code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
# A block within a list is indented.
_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,4} (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `shown` is the text of the output block that follows it, if there is one."""

    language: str
    text: str
    shown: str


@dataclass(frozen=True, slots=True)
class Page:
    """`name` is the path in the tree."""

    name: str
    text: str

    @property
    def path(self) -> Path:
        return ROOT / self.name

    @property
    def blocks(self) -> tuple[Block, ...]:
        fenced = list(_FENCED.finditer(self.text))
        following = [*fenced[1:], None][: len(fenced)]
        return tuple(
            Block(found[2], dedent(found[3]), self._output(found, after))
            for found, after in zip(fenced, following, strict=True)
        )

    def _output(self, found: re.Match[str], after: re.Match[str] | None) -> str:
        """The following block, if it is output and in the same section."""
        if after is None or after[2] != "text" or _HEADING.search(self.text[found.end() : after.start()]):
            return ""
        return dedent(after[3])

    @property
    def prose(self) -> str:
        """Everything outside of fenced blocks."""
        return _FENCED.sub("", self.text)

    @property
    def code(self) -> tuple[str, ...]:
        """The text in backticks within the prose."""
        return tuple(_INLINE.findall(self.prose))

    @property
    def links(self) -> tuple[str, ...]:
        return tuple(_LINK.findall(self.prose))

    @property
    def anchors(self) -> frozenset[str]:
        """As the usual hosts derive them from headings."""
        return frozenset(
            re.sub(r"[^\w\- ]", "", title.casefold()).replace(" ", "-") for title in _HEADING.findall(self.prose)
        )


def pages() -> tuple[Page, ...]:
    files = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    return tuple(page(str(file.relative_to(ROOT))) for file in files)


def page(name: str) -> Page:
    return Page(name, (ROOT / name).read_text(encoding="utf-8"))
