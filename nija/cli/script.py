"""How the scripts in the project's root start NIJA: with any python3, from any folder, in the project's environment.

Standard library only, and nothing newer than Python 3.7: the calling interpreter may be that old.
"""

from __future__ import annotations

import importlib.util
import os
import runpy
import sys
from pathlib import Path

_NO_ENVIRONMENT = 2
_OLDEST_PYTHON = (3, 11)
_NEEDED = ("typer", "rich", "krakenex", "pykrakenapi", "coinbase", "pydantic", "sqlalchemy", "filelock")
_CHANGED_PYTHON = "_NIJA_CHANGED_PYTHON"
_NOT_THERE = "NIJA's environment does not exist yet: run ./start.sh once\n"


def run_script(root: Path, *arguments: str) -> int:
    """Run `nija ARGUMENTS` plus the command line's own arguments in the project's folder. Returns the exit code."""
    python = root / ".venv" / "bin" / "python"
    is_inside = Path(sys.prefix).resolve() == (root / ".venv").resolve()
    if python.exists() and not is_inside and _CHANGED_PYTHON not in os.environ:
        os.environ[_CHANGED_PYTHON] = "1"
        os.execv(str(python), [str(python), *sys.argv])  # noqa: S606  the project's own Python, without a shell
    if sys.version_info < _OLDEST_PYTHON or any(importlib.util.find_spec(name) is None for name in _NEEDED):
        _say(_NOT_THERE)
        return _NO_ENVIRONMENT
    os.chdir(str(root))
    sys.argv[1:1] = arguments
    runpy.run_module("nija", run_name="__main__", alter_sys=True)
    return 0


def _say(text: str) -> None:
    """On both streams, so that a redirected output has it too; once where both are the same terminal or file."""
    sys.stdout.write(text)
    if not os.path.sameopenfile(1, 2):
        sys.stderr.write(text)
