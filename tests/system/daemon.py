"""The daemon as a process of its own, in a folder of its own: started, watched, signalled, and read afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.system import warm_start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from tests.system.warm_start import WarmProcess

REPOSITORY = Path(__file__).resolve().parents[2]
# What a slow machine may take for a step that takes a second or two; only a failure waits so long.
PATIENCE = 60.0
_POLL = 0.2
# What does not fit a line of the log goes on beneath its text.
_FOLDED = " " * len("2026-01-17 12:00:00 INFO  ")
_FIELDS = "  account="


class Unmet(AssertionError):
    """What was waited for did not come; the text ends with what the daemon said instead."""


def until(met: Callable[[], bool], what: str, within: float = PATIENCE) -> None:
    """Wait until `met()`. Raises Unmet."""
    deadline = time.monotonic() + within
    while not met():
        if time.monotonic() > deadline:
            raise Unmet(f"not within {within:.0f} s: {what}")
        time.sleep(_POLL)


@dataclass(eq=False)
class Daemon:
    """`with Daemon(folder, environment) as daemon:` runs `nija run` there; it is killed at the end if it still runs.

    `program` is the module that is run, `under` a command that runs it. `cold`: by a Python that has loaded nothing
    yet, as users start it.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    arguments: tuple[str, ...] = ("run",)
    program: str = "nija"
    under: tuple[str, ...] = ()
    cold: bool = False
    lines: list[str] = field(default_factory=list, repr=False)
    _said: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def __enter__(self) -> Self:
        self._errors = (self.folder / "stderr.txt").open("a", encoding="utf-8")
        self.process = self._start()
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._errors.close()

    def _start(self) -> subprocess.Popen[str] | WarmProcess:
        environment = self.variables(self.environment)
        if not (self.cold or self.under):
            return warm_start.start(self.program, self.arguments, self.folder, environment, self._errors.fileno())
        return subprocess.Popen(  # noqa: S603 - this Python, and the arguments of the test
            [*self.under, sys.executable, "-m", self.program, *self.arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
        )

    @staticmethod
    def variables(environment: Mapping[str, str]) -> dict[str, str]:
        """`environment`, and what any Python needs; nothing else of the tests' own reaches the daemon."""
        kept = {name: os.environ[name] for name in warm_start.KEPT if name in os.environ}
        return kept | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"} | dict(environment)

    def ask(self, *arguments: str, within: float = PATIENCE) -> Answer:
        """Give a command beside this daemon, as a user does on another terminal."""
        return ask(self.folder, self.environment, *arguments, within=within)

    def status(self, tells: Callable[[str], bool]) -> Answer:
        """`nija status` once this holds of its text: it shows an account as of its last cycle. Raises Unmet."""
        answers: list[Answer] = []

        def is_told() -> bool:
            answers.append(self.ask("status"))
            return tells(answers[-1].text)

        until(is_told, "nija status tells what is expected")
        return answers[-1]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def errors(self) -> str:
        """Everything on standard error, of this and of earlier runs in the folder."""
        return (self.folder / "stderr.txt").read_text(encoding="utf-8")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def said(self, *texts: str) -> list[str]:
        """The lines so far that hold every one of these texts."""
        with self._said:
            return [line for line in self.lines if all(text in line for text in texts)]

    def wait_for(self, *texts: str, count: int = 1, within: float = PATIENCE) -> str:
        """Wait for the `count`th line that holds all of these texts; return it. Raises Unmet."""
        with self._said:
            heard = self._said.wait_for(
                lambda: len(self.said(*texts)) >= count or not self._reader.is_alive(), timeout=within
            )
        found = self.said(*texts)
        if not heard or len(found) < count:
            tail = "\n".join(self.lines[-40:])
            raise Unmet(f"no line with {texts} ({len(found)} of {count}) within {within:.0f} s:\n{tail}\n{self.errors}")
        return found[count - 1]

    def terminate(self, within: float = 10.0) -> int:
        """SIGTERM, and the exit code. Raises Unmet where it takes longer."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(within)

    def kill(self) -> None:
        """As kill -9 does."""
        self.process.kill()
        self.wait(PATIENCE)

    def wait(self, within: float) -> int:
        """The exit code. Raises Unmet where it does not end."""
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            tail = "\n".join(self.lines[-40:])
            raise Unmet(f"still running after {within:.0f} s:\n{tail}") from None
        self._reader.join(PATIENCE)
        return code

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            with self._said:
                if line.startswith(_FOLDED) and self.lines:
                    text, *fields = self.lines[-1].partition(_FIELDS)
                    self.lines[-1] = "".join((f"{text} {line.strip()}", *fields))
                else:
                    self.lines.append(line.rstrip("\n"))
                self._said.notify_all()
        with self._said:
            self._said.notify_all()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said, both streams together, and its exit code."""

    code: int
    text: str


def ask(folder: Path, environment: Mapping[str, str], *arguments: str, within: float = PATIENCE) -> Answer:
    """Run a command of `nija` to its end in this folder."""
    process = warm_start.start("nija", arguments, folder, Daemon.variables(environment), subprocess.STDOUT)
    with process.stdout:
        late = threading.Timer(within, process.kill)
        late.start()
        text = process.stdout.read()
        late.cancel()
    return Answer(process.wait(within), text)


def run_to_end(folder: Path, environment: Mapping[str, str], within: float = PATIENCE) -> tuple[int, list[str]]:
    """For a daemon that refuses to start: its exit code, and every line of either stream."""
    with Daemon(folder, environment) as daemon:
        code = daemon.wait(within)
        return code, [*daemon.lines, *daemon.errors.splitlines()]
