"""Where NIJA's words go: structlog and every library through one pair of redacting handlers."""

from __future__ import annotations

import logging
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from traceback import format_exception
from typing import TYPE_CHECKING, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter

from accounts.environment import LogFormat, LogLevel
from nija.log.event_log import get_log
from nija.log.file import LogFile, open_log_file
from nija.log.redaction import Redactor
from nija.log.render import RecordStamper, RedactValues, TextLine, json_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from structlog.typing import Processor

# coinbase logs whole error bodies, which come to us as exceptions anyway; the others speak when something is wrong.
_SILENT = ("coinbase.RESTClient", "coinbase.WSClient")
_QUIET = (
    *("urllib3", "requests", "krakenex", "pykrakenapi", "httpx", "httpcore", "uvicorn", "uvicorn.access"),
    *("alembic", "sqlalchemy", "asyncio", "filelock", "dotenv"),
)


@dataclass(frozen=True, slots=True)
class Log:
    """The configured log. `redactor` learns secrets that appear later; `close` flushes and lets go of the file."""

    redactor: Redactor
    handlers: tuple[logging.Handler, ...]

    @property
    def is_open(self) -> bool:
        return any(handler in logging.getLogger().handlers for handler in self.handlers)

    def close(self) -> None:
        root = logging.getLogger()
        for handler in self.handlers:
            root.removeHandler(handler)
            # A full disk or a closed terminal has been told of before, and the way out stays open.
            with suppress(OSError):
                handler.flush()
            if isinstance(handler, LogFile):
                with suppress(OSError):
                    handler.close()
        logging.captureWarnings(False)
        logging.raiseExceptions = True
        structlog.reset_defaults()


def configure_logging(
    *,
    level: LogLevel = LogLevel.INFO,
    file: Path | None = None,
    log_format: LogFormat = LogFormat.TEXT,
    secrets: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
    console: TextIO | None = None,
) -> Log:
    """Send everything to the console and, where given, to `file`. Raises LogFileUnusable.

    `environ` is asked for NO_COLOR; `console` is standard output unless given.
    """
    redactor = Redactor(secrets)
    stream = console or sys.stdout
    handlers: list[logging.Handler] = [] if file is None else [open_log_file(file)]
    for handler in handlers:
        handler.setFormatter(_formatter(redactor, log_format, colours=False))
    handlers.append(_console_handler(stream))
    colours = stream.isatty() and not (environ or {}).get("NO_COLOR")
    handlers[-1].setFormatter(_formatter(redactor, log_format, colours=colours))
    root = logging.getLogger()
    for handler in handlers:
        handler.addFilter(_fit_arguments)
        root.addHandler(handler)
    root.setLevel(level)
    # A handler's own mishap would otherwise print the raw record, secrets and all, on standard error.
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    _quieten_libraries()
    structlog.configure(
        processors=[ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    return Log(redactor, tuple(handlers))


def log_uncaught(log: Log) -> None:
    """Let whatever no one caught, in any thread, come out redacted, even after `log` was closed."""

    def uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        if log.is_open:
            get_log("nija").critical("uncaught error", exc_info=(kind, error, traceback))
        else:
            sys.stderr.write(log.redactor.redact("".join(format_exception(kind, error, traceback))))

    def uncaught_in_thread(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            uncaught(told.exc_type, told.exc_value, told.exc_traceback)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread


def _console_handler(stream: TextIO) -> logging.Handler:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        # The fixed lines hold signs that a bare container's ASCII could not print.
        reconfigure(encoding="utf-8", errors="backslashreplace")
    return logging.StreamHandler(stream)


def _formatter(redactor: Redactor, log_format: LogFormat, *, colours: bool) -> logging.Formatter:
    last: Processor = json_line if log_format is LogFormat.JSON else TextLine(colours=colours)
    return ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
        processors=[
            RecordStamper(log_format),
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            RedactValues(redactor),
            last,
        ],
    )


def _fit_arguments(record: logging.LogRecord) -> bool:
    """A library's message whose arguments do not fit is shown without them, rather than lost."""
    if record.args:
        try:
            record.getMessage()
        except (TypeError, ValueError, KeyError):
            record.args = ()
    return True


def _quieten_libraries() -> None:
    for name in _SILENT:
        # Its import sets a level and a handler of its own, whenever that comes; this outlasts both.
        logging.getLogger(name).disabled = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
