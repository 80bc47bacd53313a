"""The wizard as a person meets it: a real terminal, hidden answers, a key in .env at the end."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brokers.simulator.config import SimulatorConfig
from brokers.simulator.server import running_simulator
from tests.simulator_fixtures import UNLIMITED, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
_SECONDS = 40.0


class Terminal:
    """A program in a terminal of its own."""

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

    def end(self) -> int:
        while self._read():
            pass
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
        self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", part.decode(errors="replace"))
        return bool(part)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[tuple[Terminal, str, str]]:
    accounts = usd_accounts()
    key = accounts[0].api_key
    with running_simulator(SimulatorConfig(accounts, limits=UNLIMITED)) as simulator:
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm",
            "COLUMNS": "200",
            "KRAKEN_API_URL": simulator.kraken_url,
            "NIJA_NONCE_OFFSET_MAX": "0",
        }
        opened = Terminal([sys.executable, "-m", "nija", "setup"], tmp_path, environ)
        try:
            yield opened, key.key, key.secret
        finally:
            opened.close()


def test_a_person_sets_up_the_masters_key_and_nothing_secret_is_echoed(
    terminal: tuple[Terminal, str, str], tmp_path: Path
) -> None:
    screen, key, secret = terminal
    screen.expect("Which exchange?")
    screen.type("kraken")
    screen.expect("Owner")
    screen.type("")
    screen.expect("https://www.kraken.com")
    screen.expect("❌ Withdraw Funds")
    screen.expect("API key (56 characters)")
    screen.type(key)
    screen.expect("Private key (88 characters)")
    screen.type(secret[:-1])
    screen.expect("Try again")
    screen.expect("API key (56 characters)")
    screen.type(key)
    screen.expect("Private key (88 characters)")
    screen.type(secret)
    assert screen.end() == 0, screen.seen
    assert "✅ MASTER KRAKEN CONNECTED!" in screen.seen
    assert "💰 Balance: $10000.00" in screen.seen
    assert "Written to .env" in screen.seen
    assert key not in screen.seen
    assert secret[:-1] not in screen.seen
    assert (tmp_path / ".env").read_text() == f"KRAKEN_MASTER_API_KEY={key}\nKRAKEN_MASTER_API_SECRET={secret}\n"
