"""What the image promises, read from the Dockerfile. That its steps work is shown by `run_steps.py`."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.deployment.dockerfile import ROOT, Stage, is_sent, stages

TEXT = (ROOT / "Dockerfile").read_text()
IGNORE = (ROOT / ".dockerignore").read_text()


def build_stage() -> Stage:
    return stages(TEXT)[0]


def image() -> Stage:
    return stages(TEXT)[-1]


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_both_stages_stand_on_the_same_slim_python() -> None:
    assert {stage.base for stage in stages(TEXT)} == {"python:3.11-slim-bookworm"}
    assert len(stages(TEXT)) == 2


def test_packages_come_from_the_lock_with_their_hashes_and_the_project_from_itself() -> None:
    installs = [one.text for one in build_stage().all("RUN") if "pip install" in one.text]
    assert len(installs) == 2
    assert "--require-hashes -r requirements.txt" in installs[0]
    assert "--no-deps --no-build-isolation ." in installs[1]
    assert "-e" not in installs[1].split()


def test_the_lock_is_installed_before_the_sources_come_so_that_a_change_rebuilds_in_seconds() -> None:
    steps = [one.text for one in build_stage().instructions]
    lock = next(place for place, text in enumerate(steps) if "-r requirements.txt" in text)
    sources = [place for place, text in enumerate(steps) if text.startswith(("brokers", "accounts", "nija"))]
    assert len(sources) == 3
    assert lock < min(sources)


def test_the_image_runs_nothing_as_root() -> None:
    final = image()
    assert final.all("RUN") == []
    user, _, group = final.last("USER").text.partition(":")
    assert int(user) > 0
    assert int(group) > 0


def test_all_that_is_written_goes_to_the_data_folder_which_the_user_owns() -> None:
    final = image()
    variables = final.environment
    assert (variables["NIJA_DATA_DIR"], variables["HOME"], variables["TMPDIR"]) == ("/data", "/data", "/data")
    assert variables["NIJA_LOG_FILE"].startswith("/data/")
    assert variables["PYTHONDONTWRITEBYTECODE"] == "1"
    (data,) = (one for one in final.all("COPY") if one.words[-1] == "/data")
    assert data.flags == {"from": "build", "chown": final.last("USER").text}


def test_there_is_no_volume_instruction_for_railway_refuses_it() -> None:
    assert [stage.all("VOLUME") for stage in stages(TEXT)] == [[], []]


def test_python_is_the_first_process_and_gets_the_signals_itself() -> None:
    final = image()
    assert final.last("ENTRYPOINT").is_exec_form
    assert final.last("CMD").is_exec_form
    assert [*final.last("ENTRYPOINT").words, *final.last("CMD").words] == ["python", "-m", "nija", "run"]
    assert final.last("STOPSIGNAL").text == "SIGTERM"


def test_the_health_check_means_work_and_gives_a_start_its_time() -> None:
    check = image().last("HEALTHCHECK")
    assert image().health_command.words == ["python", "-m", "nija.health.check"]
    assert seconds(check.flags["start-period"]) >= 180
    assert seconds(check.flags["timeout"]) >= 10


def test_no_secret_is_named_in_the_image() -> None:
    secret = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|_URLS?\b")
    for stage in stages(TEXT):
        assert stage.all("ARG") == []
        assert not any(secret.search(name) for name in stage.environment)


def test_the_image_says_what_it_is() -> None:
    labels = image().last("LABEL").text
    for name in ("title", "description", "licenses"):
        assert f"org.opencontainers.image.{name}=" in labels


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".env.production",
        "data/journal/kraken-master.db",
        "nija.log",
        ".git/config",
        ".venv/bin/python",
        "keys.pem",
    ],
)
def test_secrets_and_data_never_reach_the_build(path: str) -> None:
    assert not is_sent(path, IGNORE)


def test_every_file_of_the_packages_reaches_the_build() -> None:
    for package in ("nija", "accounts", "brokers"):
        files = [path.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*") if path.is_file()]
        assert all(is_sent(file, IGNORE) for file in files if not file.endswith(".pyc"))
        assert not any(is_sent(file, IGNORE) for file in files if file.endswith(".pyc"))


def test_what_is_copied_by_name_exists() -> None:
    for stage in stages(TEXT):
        for one in stage.all("COPY"):
            if "from" not in one.flags:
                for name in (word for word in one.words[:-1] if "[" not in word):
                    found = [path.relative_to(ROOT).as_posix() for path in ROOT.glob(name)]
                    assert any(is_sent(f"{path}/x" if (ROOT / path).is_dir() else path, IGNORE) for path in found), name


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed; where it is, the Dockerfile must pass it")
    done = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  a linter
    assert (done.returncode, done.stdout) == (0, "")
