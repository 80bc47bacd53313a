"""Telling a page: its blocks run one after another, and what they say held against what is shown."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.docs.copies import Copy
from tests.docs.pages import page
from tests.docs.stories import STORIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.docs.copies import Staying
    from tests.docs.pages import Block
    from tests.docs.stories import Step

_A_MOMENT = 20.0
# Accounts connect without a pause between them.
_HURRY: Mapping[str, str] = MappingProxyType({"NIJA_CONNECT_DELAY": "0", "NIJA_NONCE_OFFSET_MAX": "0"})
_ORDINARY_WORDS = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"(order|account)=\S+"), r"\1=*"),
    (re.compile(r"\b([Kk]ey) [0-9a-f]{8}\b"), r"\1 *"),
    (re.compile(r"\b(BTC|ETH)/USD"), "*/USD"),
    (re.compile(r"[+-]?\$?\d[\d.,:]*"), "0"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one block."""

    block: Block
    step: Step
    code: int
    output: str

    @property
    def is_as_shown(self) -> bool:
        return self.code == self.step.code and not not_shown(self.block.shown, self.output)


@dataclass(frozen=True, slots=True)
class Telling:
    """What came of a page; `farewells` are the seconds that each program which stayed took to end."""

    told: tuple[Told, ...]
    farewells: tuple[float, ...]


@dataclass(slots=True)
class _Teller:
    copy: Copy
    staying: Staying | None = None
    farewells: list[float] = field(default_factory=list)

    def tell(self, block: Block, step: Step) -> Told:
        if step.only_noted:
            self.copy.pretend_tools()
        if step.until:
            self.leave()
            self.staying = self.copy.stay(block.text)
            self.staying.wait_for(step.until)
            return Told(block, step, 0, self.staying.said)
        if step.answers:
            return Told(block, step, *self.copy.talk(block.text, step.answers))
        told = Told(block, step, *self.copy.run(block.text))
        deadline = time.monotonic() + _A_MOMENT
        while step.asked_again and not told.is_as_shown and time.monotonic() < deadline:
            time.sleep(1.0)
            told = Told(block, step, *self.copy.run(block.text))
        return told

    def leave(self) -> None:
        if self.staying is not None:
            self.farewells.append(self.staying.end())
            self.staying = None


def not_shown(shown: str, output: str) -> list[str]:
    """The lines of `shown` that the real output lacks. Figures and names of orders may differ; … is any lines."""
    real = {_shape(line) for line in output.splitlines()}
    return [line for line in shown.splitlines() if line.strip() not in {"", "…"} and _shape(line) not in real]


def _shape(line: str) -> str:
    for pattern, word in _ORDINARY_WORDS:
        line = pattern.sub(word, line)
    return line.strip()


def tell(name: str, folder: Path, exchange: Mapping[str, str]) -> Telling:
    """Run every block of the page; `exchange` says where the exchanges are."""
    story = STORIES[name]
    blocks = [block for block in page(name).blocks if block.language == "bash"]
    assert len(blocks) == len(story.steps), f"{name} has {len(blocks)} bash blocks: say in STORIES how each is run"
    teller = _Teller(Copy(folder, {**exchange, **_HURRY}))
    for file, text in story.files:
        path = teller.copy.root / file
        path.write_text(text)
        path.chmod(0o600)
    try:
        told = tuple(teller.tell(block, step) for block, step in zip(blocks, story.steps, strict=True))
    finally:
        teller.leave()
    return Telling(told, tuple(teller.farewells))
