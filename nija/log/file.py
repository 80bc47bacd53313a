"""The log file: rotated by size, limited in total size. A file that cannot be written does not stop trading."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import logging

ROTATE_BYTES = 10 * 1024 * 1024
ROTATED_FILES = 5


class LogFileUnusable(Exception):
    """The log file cannot be written. The text names the file, the variable and the remedy."""


class LogFile(RotatingFileHandler):
    """Reports once, on standard error, that it can no longer write; the console still gets every line.

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
    return log_file


def _copy_and_empty(source: str, destination: str) -> None:
    """Keeps the file's inode, so that `tail -f` goes on reading it.

    If the disk is too full for a copy, the old lines are lost: this frees space for new ones.
    """
    try:
        shutil.copyfile(source, destination)
    except OSError:
        Path(destination).unlink(missing_ok=True)
    with Path(source).open("r+b") as file:
        file.truncate()
