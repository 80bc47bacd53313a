"""docs/architecture.md matches the code: its glossary, layers and folders, and the files of the exchange folders."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, page, pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAGE = page("docs/architecture.md")
_PACKAGES = ("nija", "accounts", "brokers")
_CODE = re.compile(r"`([^`]+)`")
_CLASS = re.compile(r"[A-Z]\w+")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
# The glossary has another word for each of these.
_SYNONYMS = frozenset(
    "brake courier latch nursery purse reaper seat seatable sighting stillness venue".split()  # noqa: SIM905
)
# A table of the journal and a field of the JSON that users read keep the name of the first version, and the exchanges'
# protocols have words of their own.
_KEPT_NAME = re.compile(r"[\"`.]latches\b|\blatches[:=]|\b(?:product|execution)_venue\b")
# A migration that was released never changes.
_MIGRATIONS = ROOT / "nija/journal/migrations/versions"


def section(heading: str) -> str:
    (_, _, rest) = _PAGE.text.partition(f"\n{heading}\n")
    assert rest, f"{_PAGE.name} has no {heading}"
    level = heading.split(maxsplit=1)[0]
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def table_rows(text: str) -> list[list[str]]:
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    heads = {number + offset for number, row in enumerate(rows) if set(row[0]) <= set("-|") for offset in (-1, 0)}
    return [row for number, row in enumerate(rows) if number not in heads]


def layer_names(rows: list[list[str]]) -> list[set[str]]:
    return [set(_CODE.findall(row[0])) for row in rows if "/" not in row[0]]


def sources() -> tuple[Path, ...]:
    return tuple(path for package in _PACKAGES for path in sorted((ROOT / package).rglob("*.py")))


@pytest.fixture(scope="module")
def names() -> frozenset[str]:
    """Every class, function, attribute and variable of the code."""
    found = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found |= {
                value for field in ("name", "attr", "id", "arg") if isinstance(value := getattr(node, field, None), str)
            }
    return frozenset(found)


def test_every_name_in_the_glossary_exists_in_the_code(names: frozenset[str]) -> None:
    rows = table_rows(section("## Glossary"))
    assert len(rows) > 0
    told = {name for row in rows for name in _CODE.findall(row[2])}
    assert {name for name in told if name not in names and not (ROOT / name).is_file()} == set()


def test_every_word_in_the_glossary_names_something_in_the_code() -> None:
    assert [row[0] for row in table_rows(section("## Glossary")) if not _CODE.findall(row[2])] == []


def test_the_words_of_the_glossary_are_sorted_and_explained_once() -> None:
    parts = re.split(r"^### .*$", section("## Glossary"), flags=re.MULTILINE)[1:]
    words = [[row[0] for row in table_rows(part)] for part in parts]
    assert all(part == sorted(part) for part in words), words
    everything = [word for part in words for word in part]
    assert len(set(everything)) == len(everything)


def test_the_layers_are_those_that_the_import_check_enforces() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("containers") == ["nija"])
    enforced = [set(layer.split(" | ")) for layer in layers if layer != "__main__"]
    shown = layer_names(table_rows(section("## Packages")))
    assert shown == enforced


def test_every_folder_of_code_is_in_the_table_of_folders() -> None:
    shown = {name.rstrip("/") for row in table_rows(section("## Packages")) for name in _CODE.findall(row[0])}
    packages = {str(path.parent.relative_to(ROOT)) for path in sources()}
    outside_nija = {name for name in packages if not name.startswith("nija/")}
    assert outside_nija | {"tests", "bench", "docs"} <= shown


def test_the_table_of_exchange_folders_lists_every_file_of_both() -> None:
    text = section("## Exchange folders")
    common = {name for row in table_rows(text) for name in _CODE.findall(row[0])}
    special = set(_CODE.findall(text.partition("Only Kraken has")[2].partition("To add")[0]))
    folders = [
        {path.stem for path in (ROOT / "brokers" / name).glob("*.py")} - {"__init__"} for name in ("kraken", "coinbase")
    ]
    assert set.intersection(*folders) == common
    assert set.union(*folders) - common == special


def _synonyms(text: str) -> set[str]:
    words = {word.casefold() for word in _WORD.findall(_KEPT_NAME.sub("", text))}
    return {word for word in words if {word, word.removesuffix("s"), word.removesuffix("es")} & _SYNONYMS}


def _texts() -> Iterator[tuple[str, str]]:
    for path in sources():
        if path.is_relative_to(_MIGRATIONS):
            continue
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for one in pages():
        yield one.name, one.text


def test_a_synonym_is_noticed_in_a_name_and_in_prose() -> None:
    assert _synonyms("class LatchStore: the brakes of a venue") == {"latch", "brakes", "venue"}
    assert _synonyms('view.latches, "latches", latches=(), latches: tuple') == set()


def test_no_synonym_of_a_word_in_the_glossary_is_used() -> None:
    assert {name: found for name, text in _texts() if (found := _synonyms(text))} == {}
