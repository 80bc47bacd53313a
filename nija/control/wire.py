"""The control socket's protocol: one JSON line each way, limited in size."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

SOCKET_NAME = "control.sock"
LARGEST_REQUEST = 64 * 1024
LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024


class ControlError(Exception):
    """The daemon could not be reached, or refused. The text says what to do and is safe to show."""


class Unanswered(ControlError):
    """A daemon runs, but it did not answer."""


def encode(message: Mapping[str, object]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def receive(connection: socket.socket, largest: int, seconds: float) -> dict[str, object]:
    """One message within `seconds` in all. Raises ControlError; TimeoutError; OSError."""
    line = _read_line(connection, largest, time.monotonic() + seconds)
    try:
        message = json.loads(line)
    except ValueError as error:
        raise ControlError("the message on the control socket is not a line of JSON") from error
    if not isinstance(message, dict):
        raise ControlError("the message on the control socket is not a JSON object")
    return message


def _read_line(connection: socket.socket, largest: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the message was not complete in time")
        connection.settimeout(remaining)
        part = connection.recv(_CHUNK)
        if not part:
            raise ControlError("the connection was closed before the message was complete")
        parts.append(part)
        size += len(part)
        if size > largest:
            raise ControlError(f"the message is longer than {largest} bytes")
        if part.endswith(b"\n"):
            return b"".join(parts)
