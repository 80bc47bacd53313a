"""The log of a command that runs beside the daemon, or without one."""

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
    """Within the block, warnings and errors go to standard error without a secret: standard output is the answer.

    `values` are those of the environment. Nothing goes to nija.log, which belongs to the daemon.
    """
    try:
        secrets = process_settings(values).secrets
    except EnvironmentFault:
        # Whoever needs these settings says what is wrong with them.
        secrets = frozenset()
    log = configure_logging(
        level=LogLevel.WARNING, secrets=discover(values).secrets | secrets, environ=values, console=sys.stderr
    )
    try:
        yield
    finally:
        log.close()
