"""A fresh copy of the tree, with an environment that start.sh accepts as its own, so nothing has to be installed."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.docs.pages import ROOT
from tests.nija.terminals import Terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NOT_COPIED = shutil.ignore_patterns(
    ".*_cache", ".git", ".venv", ".env", ".hypothesis", "__pycache__", "data", "nija.toml", "*.log", "*.egg-info"
)
_TOOLS = ("ruff", "lint-imports", "mypy", "python")
# Only a failure takes this long.
_PATIENCE = 60.0
_SECONDS_TO_END = 10.0


class Copy:
    """The project folder as after a first installation. `environ` is the whole environment."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.root = folder / "nija"
        shutil.copytree(ROOT, self.root, ignore=_NOT_COPIED)
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder), **environ}
        self._make_environment()

    def run(self, commands: str) -> tuple[int, str]:
        """Run to the end: the exit code, and the output of both streams."""
        ended = subprocess.run(  # noqa: S603  the commands of our own pages
            _shell(commands),
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        return ended.returncode, ended.stdout

    def talk(self, commands: str, answers: Sequence[tuple[str, str]]) -> tuple[int, str]:
        """The same at a terminal, answering each question."""
        terminal = Terminal(_shell(commands), self.root, self.environ | {"TERM": "xterm", "COLUMNS": "120"})
        # An unanswered question would block for ever.
        patience = threading.Timer(_PATIENCE, terminal.process.kill)
        patience.start()
        try:
            for question, answer in answers:
                terminal.expect(question)
                terminal.type(answer)
            return terminal.end(), terminal.seen.replace("\r\n", "\n")
        finally:
            patience.cancel()
            terminal.close()

    def stay(self, commands: str) -> LongRunning:
        """Start a program that runs until it is stopped."""
        return LongRunning(self.root, self.environ, commands)

    def stub_tools(self) -> None:
        """Replace the tools of `./start.sh test` by stubs that print their arguments: no test may run itself."""
        for name in _TOOLS:
            tool = self.root / ".venv/bin" / name
            tool.unlink(missing_ok=True)
            tool.write_text(f'#!/bin/sh\necho "{name} $*"\n')
            tool.chmod(0o755)

    def _make_environment(self) -> None:
        """Give the copy the Python and the packages that run these tests."""
        environment, ours = self.root / ".venv", Path(sys.prefix)
        (environment / "bin").mkdir(parents=True)
        (environment / "bin/python").symlink_to(sys.executable)
        for name in ("lib", "pyvenv.cfg"):
            (environment / name).symlink_to(ours / name)
        stamps = (self._stamp(name) for name in ("requirements-dev.txt", "requirements.txt"))
        (environment / "nija-stamp").write_text(" ".join(stamps) + "\n")

    def _stamp(self, lock: str) -> str:
        made_from = (self.root / lock).read_bytes() + (self.root / "pyproject.toml").read_bytes()
        return hashlib.sha256(f"{self.root}\n".encode() + made_from).hexdigest()


@dataclass(eq=False)
class LongRunning:
    """A program that runs until Ctrl-C."""

    folder: Path
    environ: Mapping[str, str]
    commands: str
    said: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  the same
            _shell(self.commands),
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def wait_for(self, texts: Sequence[str]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while missing := [text for text in texts if text not in self.said]:
            assert self._process.poll() is None, f"ended without {missing}:\n{self.said}"
            assert time.monotonic() < deadline, f"did not say {missing}:\n{self.said}"
            time.sleep(0.05)

    def end(self) -> float:
        """Press Ctrl-C, which reaches the whole process group; return the seconds until the end."""
        began = time.monotonic()
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(_SECONDS_TO_END)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return time.monotonic() - began

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.said += line


def _shell(commands: str) -> list[str]:
    bash = shutil.which("bash")
    assert bash is not None
    return [bash, "-euo", "pipefail", "-c", commands]
