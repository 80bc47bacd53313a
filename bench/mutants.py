"""Takes away one safeguard of orders after the other, and shows which test notices.

    python -m bench.mutants [--only WORDS] [--list]

Each mutation of `bench/mutations.py` is applied to a copy of the tree, and the tests that should notice run there.
The exit code is 1 where one survives, or where the code no longer holds the text that a mutation replaces.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.limit_mutations import LIMIT_MUTATIONS
from bench.mutations import MUTATIONS, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parents[1]
_COPIED = ("nija", "accounts", "brokers", "tests", "bench")
_FILES = ("pyproject.toml",)
_ENOUGH = 3
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_TIMEOUT = 600.0


class Outdated(Exception):
    """The code has changed so that a mutation no longer fits: mend it in bench/mutations.py."""


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


def run_tests(tree: Path, tests: Iterable[str]) -> tuple[str, ...]:
    """The names of the tests that failed; empty where all passed. What ends in any other way is named by its output."""
    command = [sys.executable, "-m", "pytest", "-q", f"--maxfail={_ENOUGH}", "-p", "no:cacheprovider", *sorted(tests)]
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter on our own tests
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return (f"no end within {_TIMEOUT:.0f} s",)
    if done.returncode == 0:
        return ()
    return tuple(_FAILED.findall(done.stdout)) or (f"pytest ended with {done.returncode}: {done.stdout[-300:]}",)


def judge(tree: Path, mutation: Mutation) -> bool:
    """Whether the mutation was noticed; prints by which tests."""
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
    print(f"{sign} {mutation.name} ({time.monotonic() - began:.0f} s)")
    for name in failed:
        print(f"     {name}")
    sys.stdout.flush()
    return bool(failed)


def work(mutations: Sequence[Mutation]) -> int:
    with tempfile.TemporaryDirectory(prefix="nija-mutants-") as folder:
        tree = Path(folder)
        for name in _COPIED:
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in _FILES:
            shutil.copy(ROOT / name, tree / name)
        unsound = run_tests(tree, {test for mutation in mutations for test in mutation.tests})
        if unsound:
            print("❌ these fail without any mutation:", *unsound, sep="\n     ")
            return 1
        noticed = sum(judge(tree, mutation) for mutation in mutations)
    print(f"{noticed} of {len(mutations)} mutations noticed")
    return 0 if noticed == len(mutations) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="mutations whose name holds these words")
    parser.add_argument("--list", action="store_true", help="name the mutations and end")
    given = parser.parse_args()
    chosen = [mutation for mutation in (*MUTATIONS, *LIMIT_MUTATIONS) if given.only in mutation.name]
    if given.list:
        print("\n".join(mutation.name for mutation in chosen))
        return 0
    return work(chosen)


if __name__ == "__main__":
    raise SystemExit(main())
