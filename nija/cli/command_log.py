"""The log of commands other than `run`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from accounts.credentials import discover
from accounts.environment import EnvironmentFault, LogLevel, process_settings
from nija.log.setup import configure_logging

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def command_log(values: Mapping[str, str]) -> Iterator[None]:
    """Within the block, warnings and errors go to standard error, with secrets removed.

    `values` are the environment variables. Nothing goes to nija.log, which belongs to the daemon.
    """
    try:
        secrets = process_settings(values).secrets
    except EnvironmentFault:
        # Reported by the code that needs these settings.
        secrets = frozenset()
    log = configure_logging(
        level=LogLevel.WARNING, secrets=discover(values).secrets | secrets, environ=values, console=sys.stderr
    )
    try:
        yield
    finally:
        log.close()
