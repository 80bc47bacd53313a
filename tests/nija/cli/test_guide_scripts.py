"""The four scripts of the setup guide, run as the guide says."""

from __future__ import annotations

import os
import shutil
import subprocess
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
SCRIPTS = (
    "diagnose_master_kraken_issue.py",
    "check_trading_status.py",
    "setup_kraken_master.py",
    "test_kraken_connection_live.py",
)
ACCOUNTS = usd_accounts("123.45")
MASTER, OTHER = ACCOUNTS[0].api_key, ACCOUNTS[1].api_key


@pytest.fixture(scope="module")
def kraken_url() -> Iterator[str]:
    with running_simulator(SimulatorConfig(ACCOUNTS, limits=UNLIMITED)) as simulator:
        yield simulator.kraken_url


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project in a folder with a space in its name, without an environment and without a .env."""
    root = tmp_path / "my nija"
    root.mkdir()
    for name in SCRIPTS:
        shutil.copy(ROOT / name, root / name)
    for package in ("nija", "accounts", "brokers"):
        (root / package).symlink_to(ROOT / package)
    return root


def run(
    script: Path,
    *arguments: str,
    python: tuple[str, ...] = (sys.executable,),
    environ: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run from a folder outside the project."""
    return subprocess.run(  # noqa: S603  our own scripts
        [*python, str(script), *arguments],
        cwd="/",
        env={"PATH": os.environ["PATH"], "NIJA_NONCE_OFFSET_MAX": "0", **(environ or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def credentials() -> dict[str, str]:
    return {"KRAKEN_MASTER_API_KEY": MASTER.key, "KRAKEN_MASTER_API_SECRET": MASTER.secret}


def test_before_the_set_up_the_diagnosis_prints_what_the_guide_expects(project: Path) -> None:
    done = run(project / "diagnose_master_kraken_issue.py")
    assert "❌ KRAKEN_MASTER_API_KEY: NOT SET\n" in done.stdout
    assert "❌ KRAKEN_MASTER_API_SECRET: NOT SET\n" in done.stdout
    assert done.returncode == 2


def test_after_the_set_up_the_diagnosis_prints_what_the_guide_expects(project: Path, kraken_url: str) -> None:
    (project / ".env").write_text("".join(f"{name}={value}\n" for name, value in credentials().items()))
    (project / ".env").chmod(0o600)
    done = run(project / "diagnose_master_kraken_issue.py", environ={"KRAKEN_API_URL": kraken_url})
    expected = [
        "✅ KRAKEN_MASTER_API_KEY: SET (56 characters)",
        "✅ KRAKEN_MASTER_API_SECRET: SET (88 characters)",
        "✅ MASTER KRAKEN CONNECTED!",
        "💰 Balance: $123.45",
    ]
    assert [line for line in done.stdout.splitlines() if line in expected] == expected, done.stdout
    assert done.returncode == 0
    assert MASTER.key not in done.stdout + done.stderr
    assert MASTER.secret not in done.stdout + done.stderr


def test_the_status_counts_the_masters(project: Path, kraken_url: str) -> None:
    done = run(project / "check_trading_status.py", environ={"KRAKEN_API_URL": kraken_url, **credentials()})
    assert "Master Exchanges Connected: 1\n  - kraken: $123.45\n" in done.stdout
    assert done.stdout.endswith(
        "\nMaster Exchanges: 1\n"
        "├─ Coinbase: NOT CONNECTED ❌ (not set up)\n"
        "└─ Kraken: $123.45 (connected, not trading) ⚠️\n"
    )
    assert done.returncode == 2, "no daemon trades"


def test_the_connection_test_names_what_fails_and_announces_that_it_places_no_orders(
    project: Path, kraken_url: str
) -> None:
    user = {"KRAKEN_USER_TANIA_GILBERT_API_KEY": MASTER.key, "KRAKEN_USER_TANIA_GILBERT_API_SECRET": OTHER.secret}
    done = run(project / "test_kraken_connection_live.py", environ={"KRAKEN_API_URL": kraken_url, **user})
    assert "no orders will be placed" in done.stdout
    assert "❌ Invalid signature" in done.stdout
    assert done.returncode == 2


def test_the_wizard_of_the_master_writes_the_key_that_works(project: Path, kraken_url: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(MASTER.key)
    (tmp_path / "secret").write_text(MASTER.secret)
    done = run(
        project / "setup_kraken_master.py",
        "--key-file",
        str(tmp_path / "key"),
        "--secret-file",
        str(tmp_path / "secret"),
        environ={"KRAKEN_API_URL": kraken_url},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / ".env").read_text() == "".join(f"{name}={value}\n" for name, value in credentials().items())


@pytest.mark.parametrize("script", SCRIPTS)
def test_without_the_packages_a_script_names_the_command_to_run(project: Path, script: str) -> None:
    done = run(project / script, python=(sys.executable, "-S"))
    assert done.stderr == "NIJA's environment does not exist yet: run ./start.sh once\n"
    assert done.stdout == done.stderr, "so that `> diagnostic.txt` has it"
    assert done.returncode == 2


def test_at_a_terminal_the_missing_environment_is_said_once(project: Path) -> None:
    script = project / "diagnose_master_kraken_issue.py"
    terminal = Terminal([sys.executable, "-S", str(script)], project, {"PATH": os.environ["PATH"]})
    try:
        assert terminal.end() == 2
    finally:
        terminal.close()
    assert terminal.seen.splitlines() == ["NIJA's environment does not exist yet: run ./start.sh once"]


def test_a_script_runs_itself_again_in_the_projects_environment(project: Path) -> None:
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "in the environment: $@"\n')
    python.chmod(0o755)
    done = run(project / "check_trading_status.py", "--json")
    assert done.stdout == f"in the environment: {project / 'check_trading_status.py'} --json\n"
