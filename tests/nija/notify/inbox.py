"""A web server on loopback in place of a messenger or a heartbeat monitor."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 10.0


class Inbox:
    """What arrived, oldest first: the paths of all requests, the bodies of messages.

    `status` is what the next requests are answered with; they wait while `hang` is cleared.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.status = 200
        self.hang = threading.Event()
        self.hang.set()
        self.bodies: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._news = threading.Condition()

    def take(self, path: str, body: bytes) -> None:
        with self._news:
            self.paths.append(path)
            if self.status < 400 and body:
                self.bodies.append(json.loads(body))
            self._news.notify_all()

    def wait_for_requests(self, count: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: len(self.paths) >= count, PATIENCE), self.paths

    def wait_for_messages(self, count: int) -> list[dict[str, str]]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.bodies) >= count, PATIENCE), self.bodies
            return list(self.bodies)

    @property
    def notify_url(self) -> str:
        return f"json://127.0.0.1:{self.port}/hidden-token"

    @property
    def heartbeat_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ping/hidden-token"


@contextmanager
def inbox() -> Iterator[Inbox]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.take(self.path, body)
            found.hang.wait(PATIENCE)
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815  the name http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Inbox(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        found.hang.set()
        server.shutdown()
        thread.join()
        server.server_close()
