"""Queries to the daemon of a data folder."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from nija.control.address import short_address
from nija.control.wire import LARGEST_ANSWER, SOCKET_NAME, ControlError, Unanswered, encode, receive

if TYPE_CHECKING:
    from pathlib import Path


def ask(data_dir: Path, command: str, *, timeout: float = 10.0, **arguments: object) -> dict[str, object] | None:
    """The daemon's answer, or None if no daemon runs on this data folder.

    `timeout` is in seconds. Raises Unanswered if a daemon runs but does not answer, ControlError if it refuses.
    """
    path = data_dir / SOCKET_NAME
    try:
        with short_address(path) as address, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            connection.connect(address)
            connection.sendall(encode({"command": command, "arguments": arguments}))
            answer = receive(connection, LARGEST_ANSWER, timeout)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        return None
    except ControlError as error:
        # The daemon ended during the request.
        raise Unanswered(f"{error}: try again; if this keeps happening, look at nija.log") from error
    except PermissionError:
        raise Unanswered(f"{path} belongs to another user: run this command as the user that runs NIJA") from None
    except OSError as error:
        raise Unanswered(
            f"a daemon is running but does not answer ({error.strerror or error}). Look at nija.log; if nothing new is "
            "logged there, restart NIJA"
        ) from error
    return _content(answer)


def _content(answer: dict[str, object]) -> dict[str, object]:
    content = answer.get("answer")
    if isinstance(content, dict):
        return content
    raise ControlError(str(answer.get("error", "the daemon's answer cannot be read: restart it after an update")))
