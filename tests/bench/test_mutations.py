"""The list of mutations fits the code: what it would replace is there, and the tests that must notice exist."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from bench.mutants import Outdated, mutate
from bench.mutations import MUTATIONS

ROOT = Path(__file__).resolve().parents[2]


@cache
def text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


@cache
def names_in(file: str) -> frozenset[str]:
    """`test_this` and `TestThat::test_this`, as pytest names what a file holds; empty where there is no such file."""
    if not (ROOT / file).is_file():
        return frozenset()
    names: set[str] = set()
    for node in ast.parse(text_of(file)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return frozenset(names)


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    known = names_in(file)
    return name.partition("[")[0] in known if name else bool(known)


def test_every_mutation_still_fits_the_code() -> None:
    outdated = []
    for mutation in MUTATIONS:
        try:
            mutate(text_of(mutation.file), mutation)
        except (Outdated, OSError) as error:
            outdated.append(f"{mutation.name}: {error}")
    assert not outdated, "\n".join(outdated)


def test_every_test_that_must_notice_a_mutation_exists() -> None:
    missing = [f"{one.name}: {test}" for one in MUTATIONS for test in one.tests if not exists(test)]
    assert not missing, "\n".join(missing)


def test_every_mutation_has_a_name_of_its_own() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    assert sorted(set(names)) == sorted(names)
