"""Logging configuration: structlog and all libraries log through one pair of redacting handlers."""

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

# coinbase logs whole error bodies, which NIJA gets as exceptions anyway. The others may log warnings.
_SILENT = ("coinbase.RESTClient", "coinbase.WSClient")
_QUIET = (
    *("urllib3", "requests", "krakenex", "pykrakenapi", "httpx", "httpcore", "uvicorn", "uvicorn.access"),
    *("alembic", "sqlalchemy", "asyncio", "filelock", "dotenv"),
)


@dataclass(frozen=True, slots=True)
class Log:
    """The configured log. Secrets that appear later are added to `redactor`. `close` flushes and closes the file."""

    redactor: Redactor
    handlers: tuple[logging.Handler, ...]

    @property
    def is_open(self) -> bool:
        return any(handler in logging.getLogger().handlers for handler in self.handlers)

    def close(self) -> None:
        root = logging.getLogger()
        for handler in self.handlers:
            root.removeHandler(handler)
            # A full disk or a closed terminal was already reported, and must not prevent the exit.
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
    """Log to the console and, if given, to `file`. Raises LogFileUnusable.

    `environ` may hold NO_COLOR; `console` is standard output by default.
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
    # A handler that fails would otherwise print the raw record, with its secrets, on standard error.
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
    """Report uncaught exceptions of any thread without secrets, even after `log` was closed."""

    def uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        if log.is_open:
            get_log("nija").critical("uncaught error", exc_info=(kind, error, traceback))
        else:
            sys.stderr.write(log.redactor.redact("".join(format_exception(kind, error, traceback))))

    def uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
        if hook.exc_value is not None:
            uncaught(hook.exc_type, hook.exc_value, hook.exc_traceback)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread


def _console_handler(stream: TextIO) -> logging.Handler:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        # The FIXED lines contain emoji, which a container's ASCII locale cannot print.
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
    """If a library's arguments do not match its message, the message is logged without them."""
    if record.args:
        try:
            record.getMessage()
        except (TypeError, ValueError, KeyError):
            record.args = ()
    return True


def _quieten_libraries() -> None:
    for name in _SILENT:
        # A later import of the library sets its level and handler; `disabled` survives that.
        logging.getLogger(name).disabled = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
