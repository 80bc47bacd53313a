"""Where the configuration comes from, and whether its files have changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nija.supervisor.configuration import read_configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nija.supervisor.configuration import Configuration

    Stamp = tuple[int, int, int] | None
    """When a file was changed, its size and its inode; None if there is none."""


@dataclass(frozen=True, slots=True)
class ConfigurationSource:
    """`environ` is the environment at the start of the process, without `.env`.

    `adapt` makes the configuration that runs from the one that is written: the demo and paper trading have accounts of
    their own. `learn_secrets` is called before anything else may see what was read.
    """

    environ: Mapping[str, str]
    directory: Path
    started: Configuration
    adapt: Callable[[Configuration], Configuration]
    learn_secrets: Callable[[Iterable[str]], None]

    @property
    def dotenv(self) -> Path:
        return self.directory / ".env"

    def read(self) -> Configuration:
        """As written now. Raises as `read_configuration` does."""
        written = read_configuration(self.environ, self.directory)
        self.learn_secrets(written.discovery.secrets | written.process.secrets | written.settings.secrets)
        return written

    def files(self, written: Configuration) -> tuple[Path, ...]:
        """The files from which this configuration was read, and those that would be read if they existed."""
        config = written.process.config
        return (self.dotenv, config if isinstance(config, Path) else self.directory / "nija.toml")


class FileWatch:
    """Notices edits by looking at the files now and then. Used by one thread."""

    def __init__(self) -> None:
        self._taken: tuple[Stamp, ...] | None = None
        self._seen: tuple[Stamp, ...] | None = None

    def is_edited(self, files: tuple[Path, ...]) -> bool:
        """Whether the files have changed since `take`, and not since the last look.

        An editor may save in several steps; what is half written must not be read.
        """
        seen, self._seen = self._seen, _stamps(files)
        return self._seen == seen and self._seen != self._taken

    def take(self, files: tuple[Path, ...]) -> None:
        """The files are about to be read."""
        self._taken = self._seen = _stamps(files)


def _stamps(files: tuple[Path, ...]) -> tuple[Stamp, ...]:
    return tuple(map(_stamp, files))


def _stamp(file: Path) -> Stamp:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
