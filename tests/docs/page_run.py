"""Runs the blocks of a page in order and compares their output with what the page shows."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.docs.copies import Copy
from tests.docs.pages import page
from tests.docs.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.docs.copies import LongRunning
    from tests.docs.pages import Block
    from tests.docs.scenarios import Step

_A_MOMENT = 20.0
# Accounts connect without waiting for one another.
_NO_DELAYS: Mapping[str, str] = MappingProxyType({"NIJA_CONNECT_DELAY": "0", "NIJA_NONCE_OFFSET_MAX": "0"})
_ORDINARY_WORDS = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"(order|account)=\S+"), r"\1=*"),
    (re.compile(r"\b([Kk]ey) [0-9a-f]{8}\b"), r"\1 *"),
    (re.compile(r"\b(BTC|ETH)/USD"), "*/USD"),
    (re.compile(r"[+-]?\$?\d[\d.,:]*"), "0"),
)


@dataclass(frozen=True, slots=True)
class BlockRun:
    """The result of one block."""

    block: Block
    step: Step
    code: int
    output: str

    @property
    def is_as_shown(self) -> bool:
        return self.code == self.step.code and not not_shown(self.block.shown, self.output)


@dataclass(frozen=True, slots=True)
class PageRun:
    """The result of a page; `seconds_to_end` has an entry for each program that ran until Ctrl-C."""

    blocks: tuple[BlockRun, ...]
    seconds_to_end: tuple[float, ...]


@dataclass(slots=True)
class _Runner:
    copy: Copy
    staying: LongRunning | None = None
    seconds_to_end: list[float] = field(default_factory=list)

    def run(self, block: Block, step: Step) -> BlockRun:
        if step.with_stub_tools:
            self.copy.stub_tools()
        if step.until:
            self.leave()
            self.staying = self.copy.stay(block.text)
            self.staying.wait_for(step.until)
            return BlockRun(block, step, 0, self.staying.said)
        if step.answers:
            return BlockRun(block, step, *self.copy.talk(block.text, step.answers))
        ran = BlockRun(block, step, *self.copy.run(block.text))
        deadline = time.monotonic() + _A_MOMENT
        while step.repeated and not ran.is_as_shown and time.monotonic() < deadline:
            time.sleep(1.0)
            ran = BlockRun(block, step, *self.copy.run(block.text))
        return ran

    def leave(self) -> None:
        if self.staying is not None:
            self.seconds_to_end.append(self.staying.end())
            self.staying = None


def not_shown(shown: str, output: str) -> list[str]:
    """The lines of `shown` that are missing from the real output. Figures and order ids may differ; … is any lines."""
    real = {_shape(line) for line in output.splitlines()}
    return [line for line in shown.splitlines() if line.strip() not in {"", "…"} and _shape(line) not in real]


def _shape(line: str) -> str:
    for pattern, word in _ORDINARY_WORDS:
        line = pattern.sub(word, line)
    return line.strip()


def run_page(name: str, folder: Path, exchange: Mapping[str, str]) -> PageRun:
    """Run every block of the page; `exchange` holds the variables of the exchanges."""
    scenario = SCENARIOS[name]
    blocks = [block for block in page(name).blocks if block.language == "bash"]
    assert len(blocks) == len(scenario.steps), f"{name} has {len(blocks)} bash blocks: say in SCENARIOS how each is run"
    runner = _Runner(Copy(folder, {**exchange, **_NO_DELAYS}))
    for file, text in scenario.files:
        path = runner.copy.root / file
        path.write_text(text)
        path.chmod(0o600)
    try:
        ran = tuple(runner.run(block, step) for block, step in zip(blocks, scenario.steps, strict=True))
    finally:
        runner.leave()
    return PageRun(ran, tuple(runner.seconds_to_end))
