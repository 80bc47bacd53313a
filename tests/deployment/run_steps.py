"""Runs the Dockerfile without a container engine: `python -m tests.deployment.run_steps`, about two minutes.

Every stage gets a folder for a root. COPY obeys .dockerignore, RUN runs as it is written with its absolute paths
below that folder, and packages come from the index that pip is configured for. Then the last stage's command runs the
demo with nothing but that folder, is found healthy by HEALTHCHECK's command, is stopped as an engine would, and must
have written nothing outside /data. Exit code: 0, 1 with what is wrong, or 77 (skipped) where no index can be reached.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.deployment.dockerfile import ROOT, Stage, is_sent, stages

if TYPE_CHECKING:
    from tests.deployment.dockerfile import Instruction

SKIPPED = 77
TRADING = "Started independent trading thread"
_ABSOLUTE = re.compile(r"(?<![\w./$~-])/(opt|src|app|data)\b")
# What a machine needs to reach its package index at all.
_INDEX_VARIABLES = re.compile(r"PIP_.*|.*_CA_BUNDLE|SSL_CERT_.*|https?_proxy|no_proxy", re.IGNORECASE)
_NO_INDEX = re.compile(r"No matching distribution|Could not find a version|NewConnectionError|ConnectTimeout")
_START_SECONDS = 90.0
_STOP_SECONDS = 10.0


class Failure(Exception):
    """A step did not do what the image needs."""


class Skipped(Exception):
    """The package index cannot be reached."""


class Image:
    """One stage's root folder, working directory and environment."""

    def __init__(self, root: Path, others: dict[str, Image]) -> None:
        self.root = root
        self.work = root
        self.others = others
        (root / "usr/bin").mkdir(parents=True)
        (root / "usr/bin/python").symlink_to(Path(sys.executable).resolve())
        self.environment = {"PATH": f"{root}/usr/bin:/usr/bin:/bin", "HOME": str(root), "LANG": "C.UTF-8"}

    def path(self, inside: str) -> Path:
        return self.root / inside.lstrip("/") if inside.startswith("/") else self.work / inside

    def below(self, text: str) -> str:
        """The same text with the image's absolute paths below its folder."""
        return _ABSOLUTE.sub(lambda found: f"{self.root}/{found[1]}", text)

    def do(self, one: Instruction) -> None:
        if one.keyword == "WORKDIR":
            self.work = self.path(one.text)
            self.work.mkdir(parents=True, exist_ok=True)
        elif one.keyword == "ENV":
            for word in one.words:
                name, _, value = word.partition("=")
                self.environment[name] = self.below(value).replace("$PATH", self.environment["PATH"])
        elif one.keyword == "COPY":
            self._copy(one)
        elif one.keyword == "RUN":
            self._run(one)

    def _copy(self, one: Instruction) -> None:
        *sources, target = one.words
        if "from" in one.flags:
            (source,) = sources
            shutil.copytree(self.others[one.flags["from"]].path(source), self.path(target), symlinks=True)
            return
        found = [path for source in sources for path in sorted(ROOT.glob(source))]
        into = self.path(target)
        ignore = (ROOT / ".dockerignore").read_text()
        for path in found:
            files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
            for file in files:
                if is_sent(file.relative_to(ROOT).as_posix(), ignore):
                    copy = into / (file.relative_to(path) if path.is_dir() else file.name)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(file, copy)

    def _run(self, one: Instruction) -> None:
        say(f"RUN {one.text}")
        reach = {name: value for name, value in os.environ.items() if _INDEX_VARIABLES.fullmatch(name)}
        done = subprocess.run(  # noqa: S603  the Dockerfile's own steps
            ["/bin/sh", "-c", self.below(one.text)],
            cwd=self.work,
            env={**reach, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            if _NO_INDEX.search(done.stderr):
                raise Skipped(done.stderr.strip().splitlines()[-1])
            raise Failure(f"RUN {one.text} ended with {done.returncode}:\n{done.stderr}")


def build(folder: Path) -> tuple[Image, Stage]:
    images: dict[str, Image] = {}
    last: tuple[Image, Stage] | None = None
    for number, stage in enumerate(stages((ROOT / "Dockerfile").read_text())):
        image = Image(folder / f"stage-{number}", images)
        for instruction in stage.instructions:
            image.do(instruction)
        images[stage.name] = image
        last = image, stage
    if last is None:
        raise Failure("the Dockerfile has no stage")
    return last


def try_out(image: Image, stage: Stage) -> None:
    """Run the image's command, ask its health, stop it, and look at what it wrote."""
    before = written(image)
    command = [*stage.last("ENTRYPOINT").words, *stage.last("CMD").words]
    say(" ".join(command))
    daemon = subprocess.Popen(  # noqa: S603  the Dockerfile's own command
        command, cwd=image.work, env=image.environment, stdout=subprocess.DEVNULL
    )
    try:
        wait_for_trading(image.path("/data/nija.log"), daemon)
        check_health(image, stage)
        began = time.monotonic()
        daemon.send_signal(getattr(signal, stage.last("STOPSIGNAL").text))
        code = daemon.wait(_STOP_SECONDS)
        say(f"stopped with exit code {code} after {time.monotonic() - began:.1f} s")
    finally:
        daemon.kill()
        daemon.wait()
    if code != 0:
        raise Failure(f"the daemon ended with exit code {code}")
    if strays := written(image) - before:
        raise Failure(f"written outside /data: {sorted(strays)[:10]}")


def wait_for_trading(log: Path, daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not (log.exists() and TRADING in log.read_text()):
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise Failure(f"the demo did not begin to trade:\n{log.read_text() if log.exists() else 'no log'}")
        time.sleep(0.5)


def check_health(image: Image, stage: Stage) -> None:
    """A trader's first useful work comes seconds after its thread; an engine asks more than once, too."""
    words = stage.health_command.words
    deadline = time.monotonic() + 20.0
    while True:
        asked = subprocess.run(  # noqa: S603  the Dockerfile's own command
            words, cwd=image.work, env=image.environment, capture_output=True, text=True, check=False
        )
        if asked.returncode == 0 and "NIJA is working" in asked.stdout:
            say(f"{' '.join(words)}: {asked.stdout.strip()}")
            return
        if time.monotonic() > deadline:
            raise Failure(f"HEALTHCHECK says {asked.stdout.strip() or asked.stderr.strip()}")
        time.sleep(1.0)


def written(image: Image) -> set[tuple[str, int, int]]:
    """Every file outside /data, with its size and time."""
    data = image.path("/data")
    found: set[tuple[str, int, int]] = set()
    for folder, _, names in os.walk(image.root):
        if Path(folder).is_relative_to(data):
            continue
        for name in names:
            status = (Path(folder) / name).lstat()
            found.add((str(Path(folder) / name), status.st_size, status.st_mtime_ns))
    return found


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="nija-image-") as folder:
        try:
            image, stage = build(Path(folder))
            try_out(image, stage)
        except Skipped as reason:
            say(f"skipped: packages cannot be had here: {reason}")
            return SKIPPED
        except Failure as failure:
            say(f"❌ {failure}")
            return 1
    say("✅ every step of the Dockerfile works")
    return 0


if __name__ == "__main__":
    sys.exit(main())
