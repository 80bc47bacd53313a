"""What a demo needs after a while: the memory of the daemon and of its exchange, its journals and its log.

Run: python -m bench.demo [--minutes 30]

A line a minute. After ten minutes the figures should hardly change any more.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.crowd import REPOSITORY, Crowd

_MB = 1024 * 1024
_KEPT = ("PATH", "LANG", "HOME")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=30)
    minutes = parser.parse_args().minutes
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ} | {"PYTHONPATH": str(REPOSITORY)}
    with TemporaryDirectory(prefix="nija-bench-") as name:
        folder = Path(name)
        daemon = subprocess.Popen(
            [sys.executable, "-m", "nija", "run"], cwd=folder, env=kept, stdout=subprocess.DEVNULL
        )
        try:
            print("minute   daemon  exchange  journals    log (MB)")
            for minute in range(1, minutes + 1):
                time.sleep(60)
                print(_line(minute, daemon.pid, folder), flush=True)
        finally:
            daemon.terminate()
            daemon.wait(30)


def _line(minute: int, pid: int, folder: Path) -> str:
    (exchange,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    journals = sum(file.stat().st_size for file in (folder / "data").rglob("*.sqlite3*"))
    log = (folder / "nija.log").stat().st_size
    sizes = (Crowd(pid, folder).rss_bytes(), Crowd(int(exchange), folder).rss_bytes(), journals, log)
    return f"{minute:6}" + "".join(f"{size / _MB:9.2f}" for size in sizes)


if __name__ == "__main__":
    main()
