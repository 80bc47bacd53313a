"""No circle: neither of files nor of packages. An import for types alone counts as any other does."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).parents[1]
PACKAGES = ("nija", "accounts", "brokers")

Imports = dict[str, set[str]]


def read_imports(root: Path, packages: Iterable[str]) -> Imports:
    """By module: the modules of these packages that it imports. A package's own module is called PACKAGE.__init__."""
    files = {_name(file.relative_to(root)): file for package in packages for file in root.glob(f"{package}/**/*.py")}
    return {name: set(_imported(ast.parse(file.read_text(encoding="utf-8")), files)) for name, file in files.items()}


def circle(imports: Mapping[str, Iterable[str]]) -> list[str]:
    """One circle, its first name again at the end; empty where there is none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found[::-1]
    return []


def between_children(imports: Imports, parent: str) -> Imports:
    """The same between the files and packages that stand in one package, each with all that is in it."""
    found: Imports = {}
    for name, targets in imports.items():
        importer = _child(name, parent)
        for target in targets:
            imported = _child(target, parent)
            if importer and imported and importer != imported:
                found.setdefault(importer, set()).add(imported)
    return found


def _name(file: Path) -> str:
    return ".".join(file.with_suffix("").parts)


def _imported(tree: ast.Module, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [
                f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in known else node.module
                for alias in node.names
            ]
        for name in names:
            yield from (one for one in (name, f"{name}.__init__") if one in known)


def _child(name: str, parent: str) -> str:
    inside = name.removeprefix(f"{parent}.")
    return "" if inside == name else f"{parent}.{inside.partition('.')[0]}"


IMPORTS = read_imports(ROOT, PACKAGES)
PARENTS = sorted({name.rpartition(".")[0] for name in IMPORTS})


def test_no_file_imports_itself_by_a_detour() -> None:
    assert circle(IMPORTS) == []


@pytest.mark.parametrize("parent", PARENTS)
def test_nothing_in_a_package_imports_itself_by_a_detour(parent: str) -> None:
    assert circle(between_children(IMPORTS, parent)) == []


def test_a_circle_is_named_although_it_is_for_types_alone(tmp_path: Path) -> None:
    (tmp_path / "house" / "cellar").mkdir(parents=True)
    (tmp_path / "house" / "roof.py").write_text("from house.cellar import stairs\n")
    (tmp_path / "house" / "cellar" / "stairs.py").write_text("from house.cellar.door import KEY\n")
    (tmp_path / "house" / "cellar" / "door.py").write_text("if TYPE_CHECKING:\n    from house.roof import Tile\n")
    imports = read_imports(tmp_path, ["house"])
    assert set(circle(imports)) == {"house.roof", "house.cellar.stairs", "house.cellar.door"}
    assert set(circle(between_children(imports, "house"))) == {"house.roof", "house.cellar"}
    assert circle(between_children(imports, "house.cellar")) == []


def test_packages_make_a_circle_where_no_file_does(tmp_path: Path) -> None:
    for package in ("left", "right"):
        (tmp_path / "house" / package).mkdir(parents=True)
    (tmp_path / "house" / "left" / "low.py").write_text("")
    (tmp_path / "house" / "left" / "high.py").write_text("import house.right.low\n")
    (tmp_path / "house" / "right" / "low.py").write_text("")
    (tmp_path / "house" / "right" / "high.py").write_text("from house.left import low\n")
    imports = read_imports(tmp_path, ["house"])
    assert circle(imports) == []
    assert set(circle(between_children(imports, "house"))) == {"house.left", "house.right"}
