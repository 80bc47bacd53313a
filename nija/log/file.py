"""The log file: rotated by size, limited in total size. A file that cannot be written does not stop trading."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import logging
    from io import TextIOWrapper

ROTATE_BYTES = 10 * 1024 * 1024
ROTATED_FILES = 5
_OWNER_ONLY = 0o600


class LogFileUnusable(Exception):
    """The log file cannot be written. The text names the file, the variable and the remedy."""


class LogFile(RotatingFileHandler):
    """Readable by its owner only. Reports once, on standard error, that it can no longer write; the console goes on.

    If someone renames or deletes the file, it is created again, so that users find new lines in the usual place.
    """

    _has_reported = False

    def emit(self, record: logging.LogRecord) -> None:
        if self.stream is not None and not self._is_in_place(self.stream):
            with suppress(OSError):
                self.stream.close()
            # The next write opens it again.
            self.stream = None
        super().emit(record)

    def _open(self) -> TextIOWrapper:
        with suppress(OSError):
            # Created closed to others, rather than closed a moment later.
            _create_for_owner(self.baseFilename)
        stream = super()._open()
        # An earlier version left it readable for everybody. A device, such as /dev/stdout, is nobody's to change.
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            with suppress(OSError):
                os.fchmod(stream.fileno(), _OWNER_ONLY)
        return stream

    def _is_in_place(self, stream: TextIO) -> bool:
        try:
            return os.path.samestat(Path(self.baseFilename).stat(), os.fstat(stream.fileno()))
        except FileNotFoundError:
            return False
        except OSError:
            # Unknown: go on writing.
            return True

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's own signature
        if not self._has_reported:
            self._has_reported = True
            error = sys.exc_info()[1]
            sys.stderr.write(f"the log file {self.baseFilename} can no longer be written: {type(error).__name__}\n")


def open_log_file(file: Path, rotate_bytes: int = ROTATE_BYTES, rotated_files: int = ROTATED_FILES) -> LogFile:
    """Raises LogFileUnusable."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        log_file = LogFile(
            file, maxBytes=rotate_bytes, backupCount=rotated_files, encoding="utf-8", errors="backslashreplace"
        )
    except OSError as error:
        raise LogFileUnusable(
            f"the log file {file} cannot be written ({error.strerror or error}). "
            "Set NIJA_LOG_FILE to a file in a folder that the user running NIJA may write"
        ) from error
    log_file.rotator = _copy_and_empty
    for number in range(1, rotated_files + 1):
        with suppress(OSError):
            Path(f"{file}.{number}").chmod(_OWNER_ONLY)
    return log_file


def _copy_and_empty(source: str, destination: str) -> None:
    """Keeps the file's inode, so that `tail -f` goes on reading it.

    If the disk is too full for a copy, the old lines are lost: this frees space for new ones.
    """
    try:
        _create_for_owner(destination)
        shutil.copyfile(source, destination)
    except OSError:
        Path(destination).unlink(missing_ok=True)
    with Path(source).open("r+b") as file:
        file.truncate()


def _create_for_owner(path: str) -> None:
    """Raises OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, _OWNER_ONLY))
