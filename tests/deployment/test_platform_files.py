"""railway.json, render.yaml, docker-compose.yml and the systemd unit: each read, and held to what NIJA needs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from accounts.credentials import discover
from accounts.environment import process_settings, unknown_variables
from tests.deployment.dockerfile import ROOT, stages

if TYPE_CHECKING:
    from pathlib import Path

# NIJA ends within 10 s of SIGTERM; a platform must not kill it before.
DRAIN_SECONDS = 10
START = "python -m nija run"


def loaded(name: str) -> Any:  # noqa: ANN401  whatever the file holds
    return yaml.safe_load((ROOT / name).read_text())


def unit() -> dict[str, list[tuple[str, str]]]:
    """The sections of the systemd unit, whose keys may come more than once."""
    sections: dict[str, list[tuple[str, str]]] = {}
    section = ""
    for line in (ROOT / "docs/nija.service").read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            sections[section] = []
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            sections[section].append((key, value))
    return sections


def service() -> dict[str, str]:
    return dict(unit()["Service"])


def test_railway_builds_the_dockerfile_and_restarts_what_died() -> None:
    railway = json.loads((ROOT / "railway.json").read_text())
    assert railway["build"] == {"builder": "DOCKERFILE", "dockerfilePath": "Dockerfile"}
    deploy = railway["deploy"]
    assert (deploy["startCommand"], deploy["restartPolicyType"]) == (START, "ALWAYS")
    # Not /healthz: a deploy whose keys are all refused must not replace one that works.
    assert deploy["healthcheckPath"] == "/readyz"


def test_railway_never_runs_two_at_once_and_gives_the_old_one_time_to_end() -> None:
    deploy = json.loads((ROOT / "railway.json").read_text())["deploy"]
    assert (deploy["numReplicas"], deploy["overlapSeconds"]) == (1, 0)
    # Railway's parser takes numbers only, whatever its reference shows.
    assert isinstance(deploy["drainingSeconds"], int)
    assert deploy["drainingSeconds"] >= DRAIN_SECONDS
    assert deploy["requiredMountPath"] == stages((ROOT / "Dockerfile").read_text())[-1].environment["NIJA_DATA_DIR"]


def test_render_runs_one_worker_whose_data_is_on_its_disk() -> None:
    (worker,) = loaded("render.yaml")["services"]
    assert (worker["type"], worker["runtime"], worker["numInstances"]) == ("worker", "python", 1)
    assert worker["startCommand"] == START
    assert worker["buildCommand"] == "pip install --require-hashes -r requirements.txt"
    assert worker["disk"]["mountPath"] == "/data"
    # Render refuses this one beside a disk; what it gives anyway, 30 s, is enough.
    assert "maxShutdownDelaySeconds" not in worker


def test_render_asks_for_secrets_and_keeps_none() -> None:
    (worker,) = loaded("render.yaml")["services"]
    variables = {one["key"]: one for one in worker["envVars"]}
    values = {key: one["value"] for key, one in variables.items() if "value" in one}
    assert all(isinstance(value, str) for value in values.values())
    assert str(process_settings(values).data_dir) == worker["disk"]["mountPath"]
    assert str(process_settings(values).log_file).startswith(worker["disk"]["mountPath"])
    assert unknown_variables(values) == ()
    for key in ("KRAKEN_MASTER_API_KEY", "KRAKEN_MASTER_API_SECRET"):
        assert variables[key] == {"key": key, "sync": False}
    assert discover(values).is_empty


def test_renders_python_is_the_one_of_the_image() -> None:
    (worker,) = loaded("render.yaml")["services"]
    (version,) = (one["value"] for one in worker["envVars"] if one["key"] == "PYTHON_VERSION")
    major_minor, _, patch = version.rpartition(".")
    assert patch.isdigit()
    assert stages((ROOT / "Dockerfile").read_text())[0].base.startswith(f"python:{major_minor}-")


def test_compose_runs_a_locked_down_container_that_comes_back() -> None:
    compose = loaded("docker-compose.yml")
    nija = compose["services"]["nija"]
    assert (nija["build"], nija["restart"], nija["read_only"], nija["cap_drop"]) == (
        ".",
        "unless-stopped",
        True,
        ["ALL"],
    )
    assert nija["security_opt"] == ["no-new-privileges:true"]
    assert int(nija["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS
    assert "ports" not in nija
    assert "privileged" not in nija


def test_composes_data_is_on_a_named_volume_and_its_secrets_in_env() -> None:
    compose = loaded("docker-compose.yml")
    nija = compose["services"]["nija"]
    (mount,) = nija["volumes"]
    volume, _, folder = mount.partition(":")
    assert volume in compose["volumes"]
    assert nija["environment"] == {"NIJA_DATA_DIR": folder, "NIJA_LOG_FILE": f"{folder}/nija.log"}
    assert nija["env_file"] == [{"path": ".env", "required": False}]


def test_the_command_that_every_platform_runs_exists() -> None:
    done = subprocess.run(  # noqa: S603  our own module
        [sys.executable, *START.split()[1:], "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_restarts_what_died_and_waits_for_what_stops() -> None:
    parameters = service()
    assert (parameters["Restart"], parameters["KillSignal"]) == ("always", "SIGTERM")
    assert int(parameters["TimeoutStopSec"]) > DRAIN_SECONDS
    assert parameters["ExecStart"].endswith("-m nija run")
    assert parameters["ExecStart"].startswith(parameters["WorkingDirectory"])


def test_systemd_lets_nija_write_its_state_and_nothing_else() -> None:
    parameters = service()
    environment = dict(
        pair.partition("=")[::2] for key, value in unit()["Service"] if key == "Environment" for pair in value.split()
    )
    assert (parameters["User"], parameters["ProtectSystem"], parameters["StateDirectory"]) == ("nija", "strict", "nija")
    assert environment["NIJA_DATA_DIR"] == f"/var/lib/{parameters['StateDirectory']}"
    assert environment["NIJA_LOG_FILE"].startswith(environment["NIJA_DATA_DIR"])
    assert unknown_variables(environment) == ()


def test_systemd_itself_takes_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed; where it is, it must take the unit")
    text = (ROOT / "docs/nija.service").read_text().replace("/opt/nija/.venv/bin/python", "/bin/sh")
    copy = tmp_path / "nija.service"
    copy.write_text(text)
    done = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  a linter
    assert (done.returncode, done.stderr) == (0, "")
