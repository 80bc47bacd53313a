"""Takes away one safeguard after the other, and shows which test notices.

    python -m bench.mutants [--only WORDS] [--list] [--jobs N]

Each mutation of `bench/mutations` is applied to a copy of the tree, and the tests that should notice run there.
The exit code is 1 where one survives, or where the code no longer holds the text that a mutation replaces.
"""

from __future__ import annotations

import argparse
import compileall
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import TYPE_CHECKING

from bench.mutations import MUTATIONS, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parents[1]
_COPIED = ("nija", "accounts", "brokers", "tests", "bench")
_FILES = ("pyproject.toml",)
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_TIMEOUT = 600.0


class Outdated(Exception):
    """The code has changed so that a mutation no longer fits: mend it in bench/mutations."""


def mutate(text: str, mutation: Mutation) -> str:
    """Raises Outdated."""
    count = text.count(mutation.old)
    if count != 1:
        raise Outdated(f"{mutation.file} holds the text to replace {count} times, not once:\n{mutation.old}")
    mutated = text.replace(mutation.old, mutation.new)
    try:
        compile(mutated, mutation.file, "exec")
    except SyntaxError as error:
        # Every test would notice that, and it would say nothing of the safeguard.
        raise Outdated(f"{mutation.file} is no Python any more with it: {error}") from error
    return mutated


def copy_tree(tree: Path) -> Path:
    """A copy that tests may run in. Compiled by content: a mutation may keep a file's size and second of change."""
    for name in _COPIED:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(str(tree / name), quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    for name in _FILES:
        shutil.copy(ROOT / name, tree / name)
    return tree


def run_tests(tree: Path, tests: Iterable[str], *, enough: int = 1) -> tuple[str, ...]:
    """The first `enough` tests that failed; empty where all passed. What ends in any other way is named by its output."""
    command = [sys.executable, "-m", "pytest", "-q", f"--maxfail={enough}", "-p", "no:cacheprovider", *sorted(tests)]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter on our own tests
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return (f"no end within {_TIMEOUT:.0f} s",)
    if done.returncode == 0:
        return ()
    said = (done.stdout + done.stderr)[-300:]
    return tuple(_FAILED.findall(done.stdout))[:enough] or (f"pytest ended with {done.returncode}: {said}",)


def judge(tree: Path, mutation: Mutation) -> bool:
    """Whether the mutation was noticed; prints by which test."""
    file = tree / mutation.file
    sound = file.read_text(encoding="utf-8")
    began = time.monotonic()
    try:
        file.write_text(mutate(sound, mutation), encoding="utf-8")
        failed = run_tests(tree, mutation.tests)
    except Outdated as error:
        print(f"❌ {mutation.name}\n     {error}", flush=True)
        return False
    finally:
        file.write_text(sound, encoding="utf-8")
    sign = "✅" if failed else "❌ SURVIVED:"
    lines = [f"{sign} {mutation.name} ({time.monotonic() - began:.0f} s)", *(f"     {name}" for name in failed)]
    print("\n".join(lines), flush=True)
    return bool(failed)


def work(mutations: Sequence[Mutation], jobs: int) -> int:
    with tempfile.TemporaryDirectory(prefix="nija-mutants-") as folder:
        trees = [copy_tree(Path(folder) / str(number)) for number in range(jobs)]
        unsound = run_tests(trees[0], {test for mutation in mutations for test in mutation.tests}, enough=9)
        if unsound:
            print("❌ these fail without any mutation:", *unsound, sep="\n     ")
            return 1

        def share(number: int) -> int:
            return sum(judge(trees[number], mutation) for mutation in mutations[number::jobs])

        with ThreadPoolExecutor(jobs) as pool:
            noticed = sum(pool.map(share, range(jobs)))
    print(f"{noticed} of {len(mutations)} mutations noticed")
    return 0 if noticed == len(mutations) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="mutations whose name or file holds these words")
    parser.add_argument("--list", action="store_true", help="name the mutations and end")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at the same time")
    given = parser.parse_args()
    chosen = [mutation for mutation in MUTATIONS if given.only in mutation.name or given.only in mutation.file]
    if given.list:
        print("\n".join(mutation.name for mutation in chosen))
        return 0
    return work(chosen, given.jobs)


if __name__ == "__main__":
    raise SystemExit(main())
