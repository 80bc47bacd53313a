"""Where the web server listens: for the health pages, for the page, or for both."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
# A platform's health checks and its proxy come from outside the container.
EVERYWHERE = "0.0.0.0"  # noqa: S104  nothing listens there unless PORT, or a password's hash, is set
# Where the page of a demo is looked for; the next ones are for demos beside it.
DEMO_PORTS = range(8150, 8170)


class PortUnusable(Exception):
    """A port cannot be listened on. The text names the variable and the remedy."""


@dataclass(frozen=True, slots=True)
class Listener:
    """`variable` is the one that asks for it; a demo's page has none, and takes any free one of `ports`."""

    host: str
    ports: tuple[int, ...]
    has_page: bool
    variable: str = ""


def listeners(port: int | None, web_port: int | None, *, has_password: bool, is_demo: bool) -> tuple[Listener, ...]:
    """The listeners of these settings. Raises PortUnusable for settings that contradict each other."""
    return tuple(_listeners(port, web_port, has_password=has_password, is_demo=is_demo))


def _listeners(port: int | None, web_port: int | None, *, has_password: bool, is_demo: bool) -> Iterator[Listener]:
    if port is not None and port == web_port and not has_password:
        raise PortUnusable(
            f"PORT and NIJA_WEB_PORT are both {port}, but without a password the page is for this machine only: set "
            "NIJA_WEB_PASSWORD_HASH (nija web password makes it), or another NIJA_WEB_PORT"
        )
    if port is not None:
        yield Listener(EVERYWHERE, (port,), has_page=has_password, variable="PORT")
    if web_port is not None and web_port != port:
        yield Listener(EVERYWHERE if has_password else LOOPBACK, (web_port,), has_page=True, variable="NIJA_WEB_PORT")
    elif web_port is None and is_demo:
        yield Listener(LOOPBACK, tuple(DEMO_PORTS), has_page=True)


def listen(listener: Listener) -> socket.socket | None:
    """Connections wait from now on. None if none of a demo's ports is free. Raises PortUnusable."""
    for port in listener.ports:
        opened = socket.socket()
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((listener.host, port))
            opened.listen()
        except OSError as error:
            opened.close()
            if listener.variable:
                raise PortUnusable(_unusable(listener.variable, port, error.strerror or str(error))) from error
        else:
            return opened
    return None


def _unusable(variable: str, port: int, why: str) -> str:
    if variable == "PORT":
        return (
            f"the health pages cannot be served on port {port} ({why}): set PORT to a free port, or unset it if "
            "nothing requests /healthz"
        )
    return f"the page cannot be served on port {port} ({why}): set {variable} to a free port"
