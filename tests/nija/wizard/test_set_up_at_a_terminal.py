"""The wizard at a real terminal: hidden answers, and a key in .env at the end."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brokers.simulator.config import SimulatorConfig
from brokers.simulator.server import running_simulator
from tests.nija.terminals import Terminal
from tests.simulator_fixtures import UNLIMITED, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]


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
