"""The machine: Python, packages, files and disk."""

from __future__ import annotations

import os
import shutil
import stat
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from accounts.data_dir import DataDirUnusable, ensure_directory
from accounts.dotenv_file import DotenvError, load_environment
from accounts.setting_faults import SettingsError
from accounts.settings import load_settings
from accounts.toml_source import TomlText
from nija.doctor.finding import Finding, broken, fine, warning
from nija.strategy.registry import STRATEGY_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from accounts.toml_source import TomlSource

_OLDEST_PYTHON = (3, 11)
_OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO
_LEAST_FREE = 50 * 1024 * 1024
_SCANT_FREE = 500 * 1024 * 1024
# The two whose versions the setup guide names.
REQUIRED = {"krakenex": "2.2.2", "pykrakenapi": "0.3.2"}
IMPORTED = ("coinbase-advanced-py", "python-dotenv", "structlog", "tenacity", "pydantic", "SQLAlchemy", "numpy")
_INSTALL = "Run ./start.sh once, or: pip install -r requirements.txt"


def check_python(running: tuple[int, int, int]) -> Finding:
    shown = ".".join(map(str, running))
    if running[:2] < _OLDEST_PYTHON:
        return broken(
            f"Python {shown} is too old: NIJA needs 3.11 or newer", "Install Python 3.11, then run ./start.sh"
        )
    return fine(f"Python {shown}")


def check_packages(required: Mapping[str, str], imported: Iterable[str]) -> Iterator[Finding]:
    """`required` maps a package to the only version that NIJA is tested with."""
    found = {name: _version(name) for name in (*required, *imported)}
    missing = [name for name, present in found.items() if present is None]
    if missing:
        yield broken(f"Packages are missing: {', '.join(missing)}", _INSTALL)
    for name, expected in required.items():
        if found[name] not in (None, expected):
            yield broken(f"{name} is {found[name]}, NIJA needs {expected}", _INSTALL)
    if not missing and all(found[name] == expected for name, expected in required.items()):
        yield fine("Packages: " + ", ".join(f"{name} {expected}" for name, expected in required.items()))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def check_dotenv(environ: Mapping[str, str], path: Path) -> Iterator[Finding]:
    """Whether `.env` exists, is valid, and cannot be read by others."""
    try:
        environment = load_environment(environ, path)
    except DotenvError as error:
        yield broken(".env cannot be used", str(error))
        return
    if not path.exists():
        yield fine(".env: does not exist", "All variables come from the environment; nija setup creates a .env")
        return
    yield from (warning(text, "Correct the line in .env") for text in environment.warnings)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS_MAY:
        yield warning(f".env can be read by others (mode {mode:04o})", f"It holds secrets. Run: chmod 600 {path}")
    else:
        yield fine(f".env: {len(environment.dotenv)} variables, mode {mode:04o}")


def check_settings(source: TomlSource | None) -> Iterator[Finding]:
    if source is None:
        yield fine("nija.toml: does not exist, so every setting has its default")
        return
    place = "variable" if isinstance(source, TomlText) else "file"
    try:
        load_settings(source, STRATEGY_TABLES)
    except SettingsError as error:
        for fault in error.faults:
            yield broken(f"{source.name}: {fault}", f"Fix it in the {place}; nija config check lists every problem")
    else:
        yield fine(f"{source.name}: all keys are valid")


def check_data_dir(path: Path) -> Iterator[Finding]:
    """Whether the journal, nonce marks and locks can be written, and how much disk space is left."""
    try:
        ensure_directory(path)
    except DataDirUnusable as error:
        yield broken(f"The data folder {path} cannot be used", str(error))
        return
    free = shutil.disk_usage(path).free
    shown = f"{free // 1024**2} MB free"
    if free < _LEAST_FREE:
        yield broken(f"Disk: {shown} in {path}", "NIJA sends no orders that it cannot journal: free some space")
    elif free < _SCANT_FREE:
        yield warning(f"Disk: {shown} in {path}", "Free some space before it runs out")
    else:
        yield fine(f"Disk: {shown} in {path}")


def check_log_file(path: Path) -> Finding:
    target = path if path.exists() else path.parent
    if target.is_dir() and path.exists():
        return broken(f"The log file {path} is a folder", "Set NIJA_LOG_FILE to the path of a file")
    if not target.exists():
        return fine(f"Log file: {path}", "NIJA creates its folder when it starts")
    if not os.access(target, os.W_OK):
        return broken(
            f"The log file {path} cannot be written", "Make it writable, or set NIJA_LOG_FILE to another path"
        )
    return fine(f"Log file: {path}")
