"""The wizard at a real terminal: hidden answers, and a key in .env at the end."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dotenv import dotenv_values

from brokers.model import ApiKey
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.server import running_simulator
from nija.wizard.hidden_input import is_unfinished
from tests.nija.terminals import Terminal
from tests.simulator_fixtures import UNLIMITED, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brokers.simulator.server import Simulator

    Setup = Callable[..., Terminal]

ROOT = Path(__file__).parents[3]
MASTER, DAIVON, _, COINBASE = usd_accounts()


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator(SimulatorConfig((MASTER, DAIVON, COINBASE), limits=UNLIMITED)) as running:
        yield running


@pytest.fixture
def setup(simulator: Simulator, tmp_path: Path) -> Iterator[Setup]:
    """Starts `nija setup` with these arguments in a folder of its own."""
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm",
        "COLUMNS": "200",
        "KRAKEN_API_URL": simulator.kraken_url,
        "COINBASE_API_URL": simulator.coinbase_url,
        "REQUESTS_CA_BUNDLE": simulator.ca_file,
        "NIJA_NONCE_OFFSET_MAX": "0",
    }
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal([sys.executable, "-m", "nija", "setup", *arguments], tmp_path, environ))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def enter(screen: Terminal, key: ApiKey) -> None:
    screen.expect("API key (56 characters)")
    screen.type(key.key)
    screen.expect("Private key (88 characters)")
    screen.type(key.secret)


def write_master(folder: Path) -> None:
    key = MASTER.api_key
    (folder / ".env").write_text(f"KRAKEN_MASTER_API_KEY={key.key}\nKRAKEN_MASTER_API_SECRET={key.secret}\n")


def test_a_person_sets_up_the_masters_key_and_nothing_secret_is_echoed(setup: Setup, tmp_path: Path) -> None:
    screen, key = setup(), MASTER.api_key
    screen.expect("Which exchange?")
    screen.type("kraken")
    screen.expect("Owner")
    screen.type("")
    screen.expect("https://www.kraken.com")
    screen.expect("❌ Withdraw Funds")
    enter(screen, ApiKey(key.key, key.secret[:-1]))
    screen.expect("Try again")
    enter(screen, key)
    assert screen.end() == 0, screen.seen
    assert "✅ MASTER KRAKEN CONNECTED!" in screen.seen
    assert "💰 Balance: $10000.00" in screen.seen
    assert "Written to .env" in screen.seen
    assert key.key not in screen.seen
    assert key.secret[:-1] not in screen.seen
    assert (tmp_path / ".env").read_text() == (
        f"KRAKEN_MASTER_API_KEY={key.key}\nKRAKEN_MASTER_API_SECRET={key.secret}\n"
    )


def test_a_name_is_shown_as_it_will_be_written_and_a_wrong_signature_is_followed_by_another_try(
    setup: Setup, tmp_path: Path
) -> None:
    screen, key = setup("--exchange", "kraken"), DAIVON.api_key
    screen.expect("Owner")
    screen.type("Daivön Frazier")
    screen.expect("Account: kraken:daivoen_frazier (key in KRAKEN_USER_DAIVOEN_FRAZIER_API_KEY)")
    enter(screen, ApiKey(key.key, MASTER.api_key.secret))
    screen.expect("❌ Invalid signature")
    screen.expect("Try again")
    enter(screen, key)
    assert screen.end() == 0, screen.seen
    assert set(dotenv_values(tmp_path / ".env")) == {
        "KRAKEN_USER_DAIVOEN_FRAZIER_API_KEY",
        "KRAKEN_USER_DAIVOEN_FRAZIER_API_SECRET",
    }


def test_a_private_key_of_several_lines_can_be_pasted(setup: Setup, tmp_path: Path) -> None:
    screen, key = setup("--exchange", "coinbase", "--owner", "master"), COINBASE.api_key
    screen.expect("Key name")
    screen.type(key.key)
    screen.expect("Private key")
    screen.type(key.secret)
    assert screen.end() == 0, screen.seen
    written = dotenv_values(tmp_path / ".env")["COINBASE_MASTER_API_SECRET"]
    assert written is not None
    assert written.strip() == key.secret.strip()
    assert not any(line in screen.seen for line in key.secret.split("\n")[1:-1] if line)


@pytest.mark.parametrize(
    ("pasted", "more"),
    [
        ("a plain key\n", False),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcC\n", True),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n", False),
        ('{\n  "name": "a",\n', True),
        ('{\n  "name": "a"\n}\n', False),
    ],
)
def test_a_private_key_and_a_key_file_are_read_to_their_last_line(pasted: str, *, more: bool) -> None:
    assert is_unfinished(pasted) is more


def test_a_key_that_works_is_kept_unless_the_person_agrees_to_replace_it(setup: Setup, tmp_path: Path) -> None:
    write_master(tmp_path)
    screen = setup("--exchange", "kraken", "--owner", "master")
    screen.expect("which works. Setting up a new one replaces it.")
    screen.expect("Replace it? [y/n] (n)")
    screen.type("")
    assert screen.end() == 2
    assert "nothing was written: kraken:master keeps its key" in screen.seen
    assert MASTER.api_key.key in (tmp_path / ".env").read_text()


def test_the_removal_of_a_name_that_is_not_there_is_refused_without_a_question(setup: Setup, tmp_path: Path) -> None:
    write_master(tmp_path)
    screen = setup("--remove", "kraken:tania_gilbert")
    assert screen.end() == 2
    assert "Remove the credentials" not in screen.seen
    assert "❌ .env has no credentials of kraken:tania_gilbert. It has: kraken:master." in screen.seen


def test_the_end_of_input_ends_the_wizard_and_writes_nothing(setup: Setup, tmp_path: Path) -> None:
    screen = setup("--exchange", "kraken", "--owner", "master")
    screen.expect("API key (56 characters)")
    screen.type("\x04")
    assert screen.end() == 2
    assert "Nothing was written." in screen.seen
    assert not (tmp_path / ".env").exists()
