"""What contributors and hosted runs use says the same as start.sh and pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

from tests.deployment.dockerfile import ROOT

START = (ROOT / "start.sh").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOW = (ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8")


def hooks() -> list[dict[str, Any]]:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repository["repo"] == "local"
    hooks: list[dict[str, Any]] = repository["hooks"]
    return hooks


def test_each_hook_runs_a_check_of_start_sh_and_downloads_nothing() -> None:
    for hook in hooks():
        tool, *arguments = hook["entry"].removeprefix(".venv/").split()
        assert hook["language"] == "system"
        assert " ".join([f'step "$venv/{tool}"', *arguments]) in START


def test_hosted_runs_cover_every_python_that_start_sh_takes() -> None:
    matrix = yaml.safe_load(WORKFLOW)["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert set(matrix) == set(re.findall(r"\bpython(3\.\d+)\b", START))


def test_hosted_runs_make_every_check_and_hold_no_secret() -> None:
    steps = yaml.safe_load(WORKFLOW)["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["./start.sh test"]
    assert "secrets." not in WORKFLOW


def test_code_is_written_for_the_oldest_python_that_is_supported() -> None:
    oldest = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert PROJECT["project"]["requires-python"] == f">={oldest}"
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"


def test_the_version_is_written_once() -> None:
    version = re.escape(PROJECT["project"]["version"])
    files = [ROOT / "Dockerfile", ROOT / "start.sh", *(ROOT / "nija").rglob("*.py"), *(ROOT / "brokers").rglob("*.py")]
    naming = [file.name for file in files if re.search(rf"\b{version}\b", file.read_text(encoding="utf-8"))]
    assert naming == []
