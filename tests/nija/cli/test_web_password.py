"""`nija web password`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from accounts.dotenv_file import load_environment
from accounts.environment import process_settings
from nija.cli.app import app
from nija.web.password import is_right
from tests.nija.terminals import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

GOOD = "correct horse battery staple"


def web_password(typed: str) -> Result:
    return CliRunner().invoke(app, ["web", "password"], input=typed)


def test_its_line_goes_into_env_as_it_is_and_fits_the_password(tmp_path: Path) -> None:
    done = web_password(f"{GOOD}\n")
    assert done.exit_code == 0
    (tmp_path / ".env").write_text(done.stdout)
    hashed = process_settings(load_environment({}, tmp_path / ".env").values).web_password_hash
    assert hashed is not None
    assert is_right(GOOD, hashed)
    assert not is_right("correct horse battery", hashed)
    assert GOOD not in done.output


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("short\n", "at least 12 characters"),
        ("aaaaaaaaaaaaaaaa\n", "repeats too few characters"),
        ("ab" * 200 + "\n", "at most 256"),
        ("", "at least 12 characters"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused_without_showing_it(typed: str, said: str) -> None:
    done = web_password(typed)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert not typed.strip() or typed.strip() not in done.output


@pytest.mark.parametrize(("second", "code"), [(GOOD, 0), ("something else entirely", 2)])
def test_at_a_terminal_it_is_asked_for_twice_and_stays_hidden(tmp_path: Path, second: str, code: int) -> None:
    terminal = Terminal([sys.executable, "-m", "nija", "web", "password"], tmp_path, {"PYTHONPATH": ":".join(sys.path)})
    try:
        terminal.expect("it stays hidden): ")
        terminal.type(GOOD)
        terminal.expect("The same again: ")
        terminal.type(second)
        assert terminal.end() == code
    finally:
        terminal.close()
    assert GOOD not in terminal.seen
    assert ("NIJA_WEB_PASSWORD_HASH='$argon2id$" in terminal.seen) is (code == 0)
    assert ("the two passwords differ" in terminal.seen) is (code == 2)
