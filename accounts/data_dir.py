"""The data folder, created on first use."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class DataDirUnusable(Exception):
    """The data folder cannot be created or written. The text names the folder, the reason and the remedy."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"the data folder {path} cannot be used ({error.strerror or error}). Set NIJA_DATA_DIR to a folder on a "
            "local disk that is writable for the user that runs NIJA, or make this one writable"
        )
        self.path = path


def ensure_directory(path: Path) -> Path:
    """Create `path` if it is missing, and check that it is writable. Raises DataDirUnusable."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, probe = tempfile.mkstemp(dir=path, prefix=".probe-")
        os.close(handle)
        os.unlink(probe)  # noqa: PTH108 - the probe is a name from mkstemp, not a Path
    except OSError as error:
        raise DataDirUnusable(path, error) from error
    return path
