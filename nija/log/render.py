"""How a log record is rendered as a line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from textwrap import TextWrapper
from typing import TYPE_CHECKING, Any

from accounts.environment import LogFormat
from brokers.figures import exact

if TYPE_CHECKING:
    import logging

    from structlog.typing import EventDict, WrappedLogger

    from nija.log.redaction import Redactor

_LEVEL_NAMES = {"warning": "WARN", "critical": "FATAL"}
_COLOURS = {"DEBUG": "\x1b[2m", "WARN": "\x1b[33m", "ERROR": "\x1b[31m", "FATAL": "\x1b[31m"}
_RESET = "\x1b[0m"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LEVEL_WIDTH = 5
# Emoji take two columns, and a line has at most two of them.
_COLUMNS = 160 - 2
# A line goes on beneath its own text.
_INDENT = " " * len("2026-01-17 12:00:00 INFO  ")
_LEAST_TEXT = 60
_LONGEST_PAIR = 48


class RecordStamper:
    """Adds time (UTC), level and logger, to NIJA's records and those of libraries alike."""

    def __init__(self, log_format: LogFormat) -> None:
        self._pattern = "%Y-%m-%dT%H:%M:%S.%fZ" if log_format is LogFormat.JSON else "%Y-%m-%d %H:%M:%S"

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        record: logging.LogRecord = event["_record"]
        time = datetime.fromtimestamp(record.created, UTC).strftime(self._pattern)
        return {"time": time, "level": record.levelname.lower(), "logger": record.name, **event}


class RedactValues:
    """Removes secrets from the event, its fields and its traceback, before rendering can split them."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {key: self._clean(value) for key, value in event.items()}

    def _clean(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self._redactor.redact(str(key)): self._clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean(item) for item in value]
        return self._redactor.redact(exact(value) if isinstance(value, Decimal) else str(value))


class TextLine:
    """`2026-01-17 12:00:00 INFO  <text>  account=kraken:master …`, followed by any traceback.

    What does not fit a line goes on beneath it, indented: the end of the text, and long values. An order is named by
    the first part of its id, except in warnings and errors; JSON has the whole.
    """

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> str:
        time = event.pop("time")
        level = str(event.pop("level")).lower()
        text = one_line(str(event.pop("event", "")))
        beneath = [_lines(str(event.pop(key))) for key in ("stack", "exception") if event.get(key)]
        event.pop("logger", None)
        if level == "info" and event.get("order"):
            event["order"] = _short_id(str(event["order"]))
        head, *rest = _folded(text, [f"{key}={_value(value)}" for key, value in _account_first(event)])
        return "\n".join((f"{time} {self._level(level)} {head}", *rest, *beneath))

    def _level(self, level: str) -> str:
        name = _LEVEL_NAMES.get(level, level.upper())
        padded = f"{name:<{_LEVEL_WIDTH}}"
        colour = _COLOURS.get(name) if self._colours else None
        return f"{colour}{padded}{_RESET}" if colour else padded


def json_line(_: WrappedLogger, __: str, event: EventDict) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


def one_line(text: str) -> str:
    """Escapes line breaks and terminal codes, so that text from outside cannot forge log lines."""
    return text if text.isprintable() else _CONTROLS.sub(_visible, text)


def _folded(text: str, pairs: list[str]) -> list[str]:
    """The text and its pairs as one line or, if that is too long, as a line and what goes on beneath it."""
    room = _COLUMNS - len(_INDENT)
    line = "  ".join((text, " ".join(pairs))) if pairs else text
    if len(line) <= room:
        return [line]
    beneath = [pair for pair in pairs if len(pair) > _LONGEST_PAIR]
    beside = [pair for pair in pairs if len(pair) <= _LONGEST_PAIR]
    ending = f"  {' '.join(beside)}" if beside else ""
    first, *more = _wrapped(text, max(_LEAST_TEXT, room - len(ending))) or [text]
    below = " ".join((*more, *beneath))
    return [first + ending, *(_INDENT + part for part in _wrapped(below, room))]


def _wrapped(text: str, width: int) -> list[str]:
    """Broken at blanks only, so that an address or an id stays whole. Blanks at the beginning stay."""
    return TextWrapper(width, break_long_words=False, break_on_hyphens=False, replace_whitespace=False).wrap(text)


def _short_id(order: str) -> str:
    """`OYT2LK` of Kraken's OYT2LK-J3T64-ERDBC3, `e140bc7f` of Coinbase's e140bc7f-7464-4bc9-8709-aeebe8f72da6."""
    return order.partition("-")[0] or order


def _lines(text: str) -> str:
    return "\n".join(map(one_line, text.split("\n")))


def _visible(control: re.Match[str]) -> str:
    return repr(control[0])[1:-1]


def _account_first(event: EventDict) -> list[tuple[str, Any]]:
    return sorted(event.items(), key=lambda pair: pair[0] != "account")


def _value(value: object) -> str:
    text = one_line(str(value))
    return f'"{text}"' if not text or " " in text else text
