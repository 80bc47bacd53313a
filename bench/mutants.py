"""Takes away one safeguard after the other, and shows which test notices.

    python -m bench.mutants [--only WORDS] [--list] [--jobs N]

Each mutation of `bench/mutations` is applied to a copy of the tree, and the tests that should notice run there.
The exit code is 1 where one survives, or where the code no longer holds the text that a mutation replaces.
"""

from __future__ import annotations

import argparse
import compileall
import importlib
import os
import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings

from bench.mutations import MUTATIONS, Mutation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parents[1]
_MUTATED = ("nija", "accounts", "brokers")
_COPIED = (*_MUTATED, "tests", "bench", "docs")
_FILES = ("pyproject.toml",)
_SAID = "said.txt"
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
_TIMEOUT = 600.0
# What everything stands on, and no mutation changes: to import it anew each time takes longer than most tests.
_PRELOADED = ("_hypothesis_pytestplugin", "alembic.command", "anyio", "numpy", "pydantic", "requests", "sqlalchemy.orm")
_fork = get_context("fork")


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


def copy_trees(folder: Path, count: int) -> list[Path]:
    """Copies to run tests in. Compiled by content: a mutation may keep a file's size and the second of its change."""
    trees = [folder / str(number) for number in range(count)]
    for name in _COPIED:
        shutil.copytree(ROOT / name, trees[0] / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _MUTATED:
        compileall.compile_dir(str(trees[0] / name), quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    for name in _FILES:
        shutil.copy(ROOT / name, trees[0] / name)
    for tree in trees[1:]:
        shutil.copytree(trees[0], tree)
    return trees


def run_tests(tree: Path, tests: Iterable[str], *, enough: int = 1) -> tuple[str, ...]:
    """The first tests that failed, `enough` of them; empty where all passed. Any other end is named by its output."""
    process = _fork.Process(target=_pytest, args=(tree, [*sorted(tests), f"--maxfail={enough}"]))
    process.start()
    process.join(_TIMEOUT)
    if process.exitcode is None:
        process.kill()
        return (f"no end within {_TIMEOUT:.0f} s",)
    if process.exitcode == 0:
        return ()
    said = (tree / _SAID).read_text(encoding="utf-8", errors="replace")
    return tuple(_FAILED.findall(said))[:enough] or (f"pytest ended with {process.exitcode}: {said[-300:]}",)


def _pytest(tree: Path, arguments: Sequence[str]) -> None:
    """In a process of its own, which it ends."""
    said = os.open(tree / _SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, sys.stdout.fileno())
    os.dup2(said, sys.stderr.fileno())
    os.chdir(tree)
    sys.dont_write_bytecode = False
    os.environ["PYTHONPATH"] = str(tree)
    sys.path[:] = [str(tree), *(place for place in sys.path if place not in ("", str(ROOT)))]
    # It would import hypothesis by itself, to see more of its asserts.
    options = ["-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([*options, *arguments], plugins=[_FirstExample()])
    sys.stdout.flush()
    os._exit(code)


class _FirstExample:
    """That a test fails is enough: its smallest example is of no interest."""

    def pytest_configure(self) -> None:
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", phases=phases, database=None, deadline=None, derandomize=True)
        settings.load_profile("mutants")


def is_noticed(tree: Path, mutation: Mutation) -> bool:
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


def _share(trees: Sequence[Path], mutations: Sequence[Mutation], number: int) -> int:
    return sum(is_noticed(trees[number], mutation) for mutation in mutations[number :: len(trees)])


def work(mutations: Sequence[Mutation], jobs: int) -> int:
    for name in _PRELOADED:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="nija-mutants-") as folder:
        trees = copy_trees(Path(folder), jobs)
        unsound = run_tests(trees[0], {test for mutation in mutations for test in mutation.tests}, enough=9)
        if unsound:
            print("❌ these fail without any mutation:", *unsound, sep="\n     ")
            return 1
        with ProcessPoolExecutor(jobs, mp_context=_fork) as pool:
            noticed = sum(pool.map(partial(_share, trees, mutations), range(jobs)))
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
