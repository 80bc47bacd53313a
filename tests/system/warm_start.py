"""A process that has loaded NIJA and forks its commands: a start takes milliseconds instead of seconds of a core.

What it forks is a process of its own like any other: its own folder, environment, streams, signals and exit code.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROOT = Path(__file__).resolve().parents[2]
# What a daemon loads on its way to its first order, and what the other commands load.
_LOADED = (
    "brokers.coinbase.market_data",
    "brokers.kraken.market_data",
    "brokers.simulator.child",
    "nija.cli.app",
    "nija.cli.doctor",
    "nija.cli.run",
    "nija.cli.status",
    "nija.supervisor.web",
    "tests.system.strategies",
)
# One thread of arithmetic is enough, and a fork takes only one along.
_SINGLE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# The variables of the tests' own environment that every process needs.
KEPT = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR")
_LONGEST_REQUEST = 1 << 20
_STREAMS = 3


@dataclass(eq=False)
class WarmProcess:
    """A process that was forked; of subprocess.Popen it has what the tests use. Its end is told by a socket."""

    pid: int
    stdout: IO[str]
    _end: socket.socket
    returncode: int | None = None

    def poll(self) -> int | None:
        return self._read_end(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._read_end(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _read_end(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._end], [], [], seconds)[0]:
            self.returncode = int(json.loads(self._end.recv(64)))
            self._end.close()
        return self.returncode


def start(
    program: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], errors: int
) -> WarmProcess:
    """Run a module there with its whole environment. Standard error goes to the file descriptor `errors`."""
    reads, writes = os.pipe()
    request = {
        "program": program,
        "arguments": list(arguments),
        "folder": str(folder),
        "environment": dict(environment),
    }
    with open(os.devnull, "rb") as nothing, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as end:  # noqa: PTH123
        end.connect(_template())
        streams = [nothing.fileno(), writes, writes if errors == subprocess.STDOUT else errors]
        socket.send_fds(end, [json.dumps(request).encode()], streams)
        os.close(writes)
        pid = int(json.loads(end.recv(64)))
        return WarmProcess(pid, os.fdopen(reads, encoding="utf-8"), end.dup())


@cache
def _template() -> str:
    """The address of this test process's own template, which ends with it."""
    folder = tempfile.mkdtemp(prefix="nija-warm-")
    address = str(Path(folder) / "socket")
    template = subprocess.Popen(  # noqa: S603 - this Python
        [sys.executable, "-m", "tests.system.warm_start", address],
        cwd=_ROOT,
        env={name: os.environ[name] for name in KEPT if name in os.environ}
        | _SINGLE
        | {"PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert template.stdin is not None
    assert template.stdout is not None
    with template.stdout:
        assert template.stdout.readline() == b"ready\n", "the process that daemons are forked from did not start"
    atexit.register(_end, template, folder)
    return address


def _end(template: subprocess.Popen[bytes], folder: str) -> None:
    assert template.stdin is not None
    template.stdin.close()
    template.wait()
    shutil.rmtree(folder)


class _Template:
    """Forks one process for each request, and tells the requester how it ended."""

    def __init__(self, address: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(address)
        self._listener.listen()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(0, selectors.EVENT_READ)

    def serve(self) -> dict[str, object] | None:
        """Returns in a forked process, with its request; in the template, None when the tests have ended."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj == 0:
                    return None
                if key.fileobj is not self._listener:
                    self._report_end(key)
                elif (request := self._fork()) is not None:
                    return request

    def _fork(self) -> dict[str, object] | None:
        end, _ = self._listener.accept()
        text, streams, _, _ = socket.recv_fds(end, _LONGEST_REQUEST, _STREAMS)
        pid = os.fork()
        if pid == 0:
            self._close_all(end)
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
        for stream in streams:
            os.close(stream)
        if pid == 0:
            request: dict[str, object] = json.loads(text)
            return request
        self._selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, end))
        end.send(json.dumps(pid).encode())
        return None

    def _close_all(self, end: socket.socket) -> None:
        """In a forked process: nothing of the template's may stay open."""
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                os.close(key.fd)
                key.data[1].close()
        self._selector.close()
        self._listener.close()
        end.close()

    def _report_end(self, key: selectors.SelectorKey) -> None:
        pid, end = key.data
        self._selector.unregister(key.fileobj)
        os.close(key.fd)
        _, status = os.waitpid(pid, 0)
        with suppress(OSError):
            end.send(json.dumps(os.waitstatus_to_exitcode(status)).encode())
        end.close()


def _opened_anew(stream: TextIO) -> TextIO:
    unbuffered = open(stream.fileno(), "wb", buffering=0, closefd=False)  # noqa: SIM115
    return TextIOWrapper(unbuffered, stream.encoding, stream.errors, write_through=True)


def _become(request: Mapping[str, object]) -> str:
    """Take the request's folder, environment and arguments; return its program."""
    program, arguments, environment = request["program"], request["arguments"], request["environment"]
    assert isinstance(program, str)
    assert isinstance(arguments, list)
    assert isinstance(environment, dict)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [program, *arguments]
    # As `python -m` has it.
    sys.path[0] = os.getcwd()  # noqa: PTH109
    # The template's own remember whether its streams could be rewound.
    sys.stdout, sys.stderr = _opened_anew(sys.stdout), _opened_anew(sys.stderr)
    return program


def main() -> None:
    for module in _LOADED:
        import_module(module)
    template = _Template(sys.argv[1])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    request = template.serve()
    if request is not None:
        runpy.run_module(_become(request), run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
