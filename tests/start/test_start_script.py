"""start.sh on machines of all kinds: a copy of it in a folder with blanks in its name, and tools that only note."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ORDINARY_TOOLS = (
    "bash",
    "cat",
    "cp",
    "cut",
    "dirname",
    "mkdir",
    "printf",
    "readlink",
    "rm",
    "sed",
    "sha256sum",
    "env",
    "touch",
)


class Machine:
    """A checkout, and a PATH that holds only what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "my checkout of it"
        self.root.mkdir()
        self.tools = folder / "tools"
        self.tools.mkdir()
        self.notes = folder / "notes"
        for name in ("start.sh", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(ROOT / name, self.root / name)
        for tool in ORDINARY_TOOLS:
            (self.tools / tool).symlink_to(shutil.which(tool) or tool)

    def tool(self, name: str, script: str, folder: Path | None = None) -> None:
        path = (folder or self.tools) / name
        path.write_text(f"#!{shutil.which('bash')}\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def with_python(self, version: tuple[int, int] = (3, 11), *, venv: bool = True) -> None:
        """A python3 that answers start.sh's two questions as told."""
        self.tool(
            "python3",
            f"""case "$*" in
              *version_info*) [ {version[0]}{version[1]:02} -ge 311 ] ;;
              *ensurepip*) {"true" if venv else "false"} ;;
              --version) echo "Python {version[0]}.{version[1]}.1" ;;
              "-m venv"*) echo "venv" >>"{self.notes}"; {self._venv_script("${@: -1}")} ;;
            esac""",
        )

    def with_uv(self) -> None:
        self.tool(
            "uv",
            f"""echo "uv $*" >>"{self.notes}"
            if [ "$1" = venv ]; then {self._venv_script("${@: -1}")}; fi""",
        )

    def _venv_script(self, place: str) -> str:
        return f'mkdir -p "{place}/bin"; cp "{self._environments_python()}" "{place}/bin/python"'

    def _environments_python(self) -> Path:
        """It notes what it is asked to run, and runs it where that is the daemon."""
        self.tool(
            "environments-python",
            f"""echo "python $*" >>"{self.notes}"
            [ "$1 $2" = "-m nija" ] || exit 0
            shift 2
            exec "{sys.executable}" "$PWD/daemon.py" "$@" """,
        )
        return self.tools / "environments-python"

    def daemon(self, script: str) -> None:
        (self.root / "daemon.py").write_text(script, encoding="utf-8")

    def start(self, *arguments: str, cwd: str = "/") -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - start.sh itself
            [str(self.root / "start.sh"), *arguments],
            cwd=cwd,
            env={"PATH": str(self.tools)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def noted(self) -> list[str]:
        return self.notes.read_text(encoding="utf-8").splitlines() if self.notes.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.daemon("print('the daemon')")
    return machine


def test_a_python_that_is_too_old_is_named_with_the_remedy(machine: Machine) -> None:
    machine.with_python((3, 9))
    ended = machine.start()
    assert ended.returncode == 1
    assert "NIJA needs Python 3.11 or newer; found Python 3.9.1" in ended.stderr
    assert "apt-get install -y python3 python3-venv" in ended.stderr
    assert not (machine.root / ".venv").exists()


def test_no_python_at_all_is_named_as_well(machine: Machine) -> None:
    ended = machine.start()
    assert ended.returncode == 1
    assert "found no Python 3" in ended.stderr


def test_where_debian_lacks_venv_the_one_command_is_told(machine: Machine) -> None:
    machine.with_python(venv=False)
    ended = machine.start()
    assert ended.returncode == 1
    assert ended.stderr.rstrip().endswith("Run: sudo apt-get install -y python3-venv")


def test_uv_is_used_where_it_is_and_hashes_are_checked(machine: Machine) -> None:
    machine.with_python()
    machine.with_uv()
    ended = machine.start()
    assert ended.stdout == "the daemon\n"
    installs = [line for line in machine.noted() if "pip install" in line and "-e ." not in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
    assert "venv" not in machine.noted()


def test_without_uv_pip_is_used_and_hashes_are_checked(machine: Machine) -> None:
    machine.with_python()
    ended = machine.start()
    assert ended.stdout == "the daemon\n"
    installs = [line for line in machine.noted() if "pip install" in line and "-e ." not in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)


def test_when_nothing_has_changed_it_starts_at_once_and_installs_nothing(machine: Machine) -> None:
    machine.with_python()
    machine.start()
    before = machine.noted()
    began = time.monotonic()
    machine.start()
    assert time.monotonic() - began < 3
    assert machine.noted()[len(before) :] == ["python -m nija"]


@pytest.mark.parametrize("changed", ["requirements.txt", "pyproject.toml"])
def test_a_changed_lock_or_project_is_installed_again(machine: Machine, changed: str) -> None:
    machine.with_python()
    machine.start()
    before = len(machine.noted())
    with (machine.root / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    machine.start()
    assert any("pip install" in line for line in machine.noted()[before:])


def test_an_environment_that_was_moved_is_made_anew(machine: Machine) -> None:
    machine.with_python()
    machine.start()
    moved = machine.root.with_name("moved")
    machine.root.rename(moved)
    machine.root = moved
    before = len(machine.noted())
    assert machine.start().stdout == "the daemon\n"
    assert any("pip install" in line for line in machine.noted()[before:])


def test_an_installation_that_failed_is_tried_again(machine: Machine) -> None:
    machine.with_python()
    machine.tool("uv", f'echo "uv $*" >>"{machine.notes}"; exit 1')
    assert machine.start().returncode != 0
    machine.with_uv()
    assert machine.start().stdout == "the daemon\n"


def test_the_test_environment_serves_the_daemon_too(machine: Machine) -> None:
    machine.with_python()
    for tool in ("ruff", "lint-imports", "mypy"):
        machine.tool(tool, "true")
    machine.start("test")
    before = len(machine.noted())
    machine.start()
    assert machine.noted()[before:] == ["python -m nija"]


@pytest.mark.parametrize("flag", ["--fast", "fast"])
def test_the_fast_tier_is_one_run_of_the_fast_tests(machine: Machine, flag: str) -> None:
    machine.with_python()
    machine.start("test", flag)
    for tool in ("ruff", "lint-imports", "mypy"):
        machine.tool(tool, "true", machine.root / ".venv/bin")
    ended = machine.start("test", flag)
    tests = [line for line in machine.noted() if "-m pytest" in line]
    assert ended.returncode == 0
    assert tests == ["python -m pytest -n auto --dist worksteal --fast"]


def test_arguments_and_the_exit_code_pass_through(machine: Machine) -> None:
    machine.with_python()
    machine.daemon("import sys; print(sys.argv[1:]); sys.exit(7)")
    ended = machine.start("status", "--json", "two words")
    assert ended.returncode == 7
    assert ended.stdout == "['status', '--json', 'two words']\n"


def test_it_runs_in_its_own_folder_from_wherever_it_is_called(machine: Machine, tmp_path: Path) -> None:
    machine.with_python()
    machine.daemon("import os; print(os.getcwd())")
    link = tmp_path / "link.sh"
    link.symlink_to(machine.root / "start.sh")
    ended = subprocess.run(  # noqa: S603 - start.sh itself
        [str(link)], cwd="/", env={"PATH": str(machine.tools)}, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.stdout == f"{machine.root}\n"


def test_a_signal_reaches_the_daemon_itself(machine: Machine) -> None:
    machine.with_python()
    machine.daemon(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('calm'), sys.exit(0)))\n"
        "print('ready', flush=True)\n"
        "time.sleep(20)\n"
    )
    with subprocess.Popen(  # noqa: S603 - start.sh itself
        [str(machine.root / "start.sh")], env={"PATH": str(machine.tools)}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGTERM)
        assert process.stdout.read() == "calm\n"
    assert process.returncode == 0
