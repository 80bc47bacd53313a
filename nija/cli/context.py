"""What every command starts with: the environment, read as the daemon reads it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from accounts.dotenv_file import DotenvError, export_library_variables, load_environment
from accounts.environment import EnvironmentFault, process_settings

if TYPE_CHECKING:
    from accounts.dotenv_file import Environment
    from accounts.environment import ProcessSettings

DOTENV = Path(".env")
# The exit code of a command that failed.
FAILED = 2


class SetupFault(Exception):
    """The environment cannot be used; `faults` are safe to show."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class CliContext:
    environment: Environment
    settings: ProcessSettings


def read_context() -> CliContext:
    """Read the environment, and `.env` in the working directory. Raises SetupFault."""
    try:
        environment = load_environment(os.environ, DOTENV)
        settings = process_settings(environment.values)
    except DotenvError as error:
        raise SetupFault((str(error),)) from error
    except EnvironmentFault as error:
        raise SetupFault(error.faults) from error
    export_library_variables(environment.values)
    return CliContext(environment, settings)


def print_fault(error: Exception) -> None:
    """One line per fault on standard error."""
    faults = error.faults if isinstance(error, SetupFault) else (str(error),)
    sys.stderr.write("".join(f"❌ {fault}\n" for fault in faults))
