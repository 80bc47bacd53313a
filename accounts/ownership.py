"""One process per key: an exclusive lock that the operating system releases when its holder dies."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from filelock import FileLock, Timeout

from accounts.data_dir import DataDirUnusable, ensure_directory
from brokers.clock import utc_now

if TYPE_CHECKING:
    from types import TracebackType

    from brokers.clock import Clock


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that uses a key; `since` is an ISO 8601 UTC time."""

    pid: int
    since: str
    command: str


class KeyInUse(Exception):
    """Another process uses the key; `holder` is None if it has not yet identified itself."""

    def __init__(self, fingerprint: str, holder: Holder | None) -> None:
        who = f"process {holder.pid} ({holder.command}) since {holder.since}" if holder else "another process"
        super().__init__(
            f"the key {fingerprint} is in use by {who}. Only one process may use a key, or its nonces would clash: "
            "stop that process, or query it with nija status"
        )
        self.fingerprint = fingerprint
        self.holder = holder


class KeyOwnership:
    """The right to use one key, from construction until `release` or the end of the process."""

    def __init__(self, data_dir: Path, fingerprint: str, clock: Clock, command: str | None = None) -> None:
        """Take the lock without waiting. Raises KeyInUse, DataDirUnusable.

        `command` identifies this process in the error of another one. Default: the program's name.
        """
        self.fingerprint = fingerprint
        locks = ensure_directory(ensure_directory(data_dir) / "locks")
        self._holder_file = locks / f"{fingerprint}.json"
        # Any thread may release it. No fallback to a marker file, which would outlive its process.
        self._lock = FileLock(locks / f"{fingerprint}.lock", thread_local=False, fallback_to_soft=False)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise KeyInUse(fingerprint, read_holder(data_dir, fingerprint)) from None
        except OSError as error:
            raise DataDirUnusable(locks, error) from error
        holder = Holder(os.getpid(), utc_now(clock).isoformat(timespec="seconds"), command or Path(sys.argv[0]).name)
        self._introduce(holder)

    def release(self) -> None:
        """Release the key. Safe to call twice."""
        if self._lock.is_locked:
            self._holder_file.unlink(missing_ok=True)
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def _introduce(self, holder: Holder) -> None:
        """Replaces the file atomically, so that readers never see half of it."""
        fresh = self._holder_file.with_suffix(f".{os.getpid()}.tmp")
        try:
            fresh.write_text(json.dumps(asdict(holder)), encoding="utf-8")
            fresh.replace(self._holder_file)
        except OSError as error:
            self._lock.release()
            raise DataDirUnusable(self._holder_file.parent, error) from error


def read_holder(data_dir: Path, fingerprint: str) -> Holder | None:
    """The last process that took the key; None if there was none. Meaningful only while the lock is held."""
    try:
        read = json.loads((data_dir / "locks" / f"{fingerprint}.json").read_text(encoding="utf-8"))
        return Holder(int(read["pid"]), str(read["since"]), str(read["command"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
