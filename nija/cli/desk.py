"""What every command of the operator's desk begins with: the environment, read as the daemon reads it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from accounts.dotenv_file import DotenvError, load_environment
from accounts.environment import EnvironmentFault, process_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.dotenv_file import Environment
    from accounts.environment import ProcessSettings

DOTENV = Path(".env")
# Read by the libraries themselves, so a value in .env has to be put where they look.
_FOR_LIBRARIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


class DeskFault(Exception):
    """Nothing can be done before this is mended; `faults` are safe to show."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Desk:
    environment: Environment
    settings: ProcessSettings


def open_desk() -> Desk:
    """Read `.env` and the environment of the working directory. Raises DeskFault."""
    try:
        environment = load_environment(os.environ, DOTENV)
        settings = process_settings(environment.values)
    except DotenvError as error:
        raise DeskFault((str(error),)) from error
    except EnvironmentFault as error:
        raise DeskFault(error.faults) from error
    lend_to_libraries(environment.values)
    return Desk(environment, settings)


def lend_to_libraries(values: Mapping[str, str]) -> None:
    """Put what the libraries read by themselves where they look."""
    for name in _FOR_LIBRARIES:
        if values.get(name):
            os.environ.setdefault(name, values[name])


def tell_fault(error: Exception) -> None:
    """One line for each fault on standard error."""
    faults = error.faults if isinstance(error, DeskFault) else (str(error),)
    sys.stderr.write("".join(f"❌ {fault}\n" for fault in faults))
