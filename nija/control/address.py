"""The path of a Unix socket is at most 104 bytes (108 on Linux); that of a data folder may be longer."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nija.control.wire import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 104
_DESCRIPTORS = Path("/proc/self/fd")


@contextmanager
def short_address(path: Path) -> Iterator[str]:
    """A short enough path to the same file, valid within the block. Raises ControlError, OSError."""
    for candidate in (str(path), os.path.relpath(path)):
        if _fits(candidate):
            yield candidate
            return
    if not _DESCRIPTORS.is_dir():
        raise ControlError(f"the path {path} is too long for a socket: set NIJA_DATA_DIR to a shorter one")
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield str(_DESCRIPTORS / str(folder) / path.name)
    finally:
        os.close(folder)


def _fits(address: str) -> bool:
    # The terminating NUL takes a byte too.
    return len(os.fsencode(address)) < _LONGEST
