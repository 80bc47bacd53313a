"""A program in a terminal of its own, for what only a person at one would see."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 60.0
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """`seen` is everything that was on the screen so far, without colours and movements."""

    def __init__(self, command: list[str], folder: Path, environ: dict[str, str]) -> None:
        self._end, other = pty.openpty()
        self.process = subprocess.Popen(  # noqa: S603  our own program
            command, cwd=folder, env=environ, stdin=other, stdout=other, stderr=other, start_new_session=True
        )
        os.close(other)
        self.seen = ""
        self._met = 0

    def expect(self, text: str) -> None:
        """Wait for `text` behind what was met before."""
        deadline = time.monotonic() + _SECONDS
        while (found := self.seen.find(text, self._met)) < 0:
            assert time.monotonic() < deadline, f"{text!r} did not come in:\n{self.seen}"
            self._read()
        self._met = found + len(text)

    def type(self, text: str) -> None:
        os.write(self._end, text.encode() + b"\n")

    def press(self, key: str) -> None:
        os.write(self._end, key.encode())

    def end(self) -> int:
        """Read on until the program has ended; its exit code."""
        deadline = time.monotonic() + _SECONDS
        while self._read():
            assert time.monotonic() < deadline, f"it does not end:\n{self.seen}"
        return self.process.wait(_SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._end)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._end], [], [], 1.0)
        if not ready:
            return self.process.poll() is None
        try:
            part = os.read(self._end, 65536)
        except OSError:
            return False
        self.seen += _CONTROL.sub("", part.decode(errors="replace"))
        return bool(part)
