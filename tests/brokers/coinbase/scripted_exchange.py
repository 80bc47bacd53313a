"""A TLS server on loopback with scripted answers, including ones no well-behaved exchange would give."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import trustme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

API = "/api/v3/brokerage"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    token: str
    body: Any


@dataclass(frozen=True)
class Reply:
    """`cut` announces more bytes than it sends; `silent` closes the connection without an answer."""

    body: object = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    silent: bool = False

    @property
    def content(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass
class ScriptedExchange:
    """Replies are used one by one per path; the last one stays. A callable is called each time."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    script: dict[str, list[Reply | Callable[[Asked], Reply]]] = field(default_factory=dict)

    def on(self, path: str, *replies: Reply | Callable[[Asked], Reply]) -> None:
        self.script[path] = list(replies)

    def asked_for(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        replies = self.script.get(asked.path)
        if not replies:
            return Reply({"error": "NOT_FOUND", "error_details": "no such path", "message": "no such path"}, 404)
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply if isinstance(reply, Reply) else reply(asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    exchange: ScriptedExchange

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the overridden name
        """Say nothing."""

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", "0")))
        parts = urlsplit(self.path)
        asked = Asked(
            method=self.command,
            path=parts.path.removeprefix(API),
            query=parse_qs(parts.query),
            token=self.headers.get("authorization", "").removeprefix("Bearer "),
            body=json.loads(raw) if raw else None,
        )
        reply = self.exchange.answer(asked)
        self.close_connection = reply.cut or reply.silent
        if reply.silent:
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.content) + (100 if reply.cut else 0)))
        self.end_headers()
        self.wfile.write(reply.content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of some scripts."""


@dataclass(frozen=True)
class Authority:
    """`bundle` is for REQUESTS_CA_BUNDLE."""

    context: ssl.SSLContext
    bundle: str

    @classmethod
    def make(cls, folder: Path) -> Authority:
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        bundle = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(bundle))
        return cls(context, str(bundle))


@contextlib.contextmanager
def scripted_exchange(authority: Authority) -> Iterator[ScriptedExchange]:
    exchange = ScriptedExchange()
    handler = type("Handler", (_Handler,), {"exchange": exchange})
    server = _Server(("127.0.0.1", 0), handler)
    server.socket = authority.context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
    thread.start()
    exchange.url = f"https://localhost:{server.server_address[1]}"
    try:
        yield exchange
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
