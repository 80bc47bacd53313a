"""`nija run`: the daemon."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import MappingProxyType
from typing import TYPE_CHECKING

import typer

from accounts.data_dir import DataDirUnusable
from accounts.dotenv_file import DotenvError, export_library_variables
from accounts.environment import EnvironmentFault, RunMode
from accounts.ownership import KeyInUse
from accounts.setting_faults import SettingsError
from brokers.clock import SystemClock
from brokers.errors import BrokerError
from nija.cli.context import FAILED
from nija.control.wire import ControlError
from nija.journal.errors import JournalError
from nija.log import lines
from nija.log.event_log import get_log
from nija.log.file import LogFileUnusable
from nija.log.setup import configure_logging, log_uncaught
from nija.strategy.base import StrategyError
from nija.supervisor.configuration import Configuration, ConfigurationError, read_configuration
from nija.supervisor.demo import demo, demo_lives, in_demo
from nija.supervisor.paper import on_paper
from nija.supervisor.source import ConfigurationSource
from nija.supervisor.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from nija.log.redaction import Redactor

_KILLED = 130
# `timeout`, shells and process managers signal the process and its group, so the same signal may arrive twice.
_SAME_SIGNAL_SECONDS = 1.0


def run() -> None:
    """Run the daemon. Without credentials it runs the demo.

    Exit code: 0 stopped as requested, 2 it cannot start with this setup.
    """
    raise typer.Exit(run_daemon())


def run_daemon() -> int:
    """Run the daemon until a signal stops it. Returns the exit code: 0, or 2 if it cannot start with this setup."""
    # Before libraries' variables of .env are added to it: what .env says must not win over its next edit.
    environ = MappingProxyType(dict(os.environ))
    try:
        configuration = read_configuration(environ, Path())
        export_library_variables(configuration.environ)
        return _run_logged(configuration, environ)
    except (DotenvError, EnvironmentFault, SettingsError, ConfigurationError, LogFileUnusable) as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"❌ {line}\n")
        return FAILED


def _run_logged(configuration: Configuration, environ: Mapping[str, str]) -> int:
    process = configuration.process
    log = configure_logging(
        level=process.log_level,
        file=process.log_file,
        log_format=process.log_format,
        secrets=configuration.discovery.secrets | process.secrets | configuration.settings.secrets,
        environ=configuration.environ,
    )
    log_uncaught(log)
    try:
        return _run_mode(configuration, environ, log.redactor)
    except (
        KeyInUse,
        DataDirUnusable,
        ControlError,
        JournalError,
        StrategyError,
        ConfigurationError,
        BrokerError,
    ) as error:
        get_log("nija").error(f"❌ {error}")
        return FAILED
    finally:
        log.close()


def _run_mode(written: Configuration, environ: Mapping[str, str], redactor: Redactor) -> int:
    stop = threading.Event()
    _stop_on_signals(stop)
    if written.mode is not RunMode.DEMO:
        return _run_until(stop, written, environ, redactor)
    get_log("nija").info(lines.DEMO)
    code = 0
    for over in demo_lives(stop):
        code = _run_until(over, written, environ, redactor)
    return code


def _run_until(stop: threading.Event, written: Configuration, environ: Mapping[str, str], redactor: Redactor) -> int:
    clock = SystemClock(stop)
    configuration, adapt = written, _as_written
    with ExitStack() as stack:
        if configuration.mode is RunMode.DEMO:
            configuration = stack.enter_context(demo(configuration, clock))
            redactor.add(*configuration.discovery.secrets)
            adapt = partial(in_demo, configuration)
        if configuration.mode is RunMode.PAPER:
            get_log("nija").info(lines.PAPER)
            configuration, adapt = on_paper(configuration), on_paper
        source = ConfigurationSource(environ, Path(), written, adapt, lambda secrets: redactor.add(*secrets))
        return Supervisor(configuration, clock, stop, redactor.redact, source=source).run()


def _as_written(configuration: Configuration) -> Configuration:
    return configuration


def _stop_on_signals(stop: threading.Event) -> None:
    received: list[float] = []
    # A signal may interrupt code that holds the event's lock; SimpleQueue.put is reentrant.
    stop_requests: SimpleQueue[None] = SimpleQueue()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        received.append(time.monotonic())
        if received[-1] - received[0] > _SAME_SIGNAL_SECONDS:
            # A second signal: exit at once. The journal is consistent at any moment.
            os._exit(_KILLED)
        stop_requests.put(None)

    def wait_for_signal() -> None:
        stop_requests.get()
        stop.set()

    threading.Thread(target=wait_for_signal, name="signals", daemon=True).start()
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    # Under `nohup` NIJA must keep running after the terminal closes.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, on_signal)
