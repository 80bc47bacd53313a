"""A made-up NIJA whose pages are served on loopback, under the strict policy of the real one."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvicorn

from brokers.clock import SystemClock
from tests.nija.web.page_world import World

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page, Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PHONE, TABLET, DESK = (360, 740), (820, 1100), (1280, 900)
_JOIN_SECONDS = 5.0


class Served:
    """`world` is what the pages show. It can be stopped and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self._stop = threading.Event()
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._stop = threading.Event()
        # Real browsers wait for real time.
        self.world.clock = SystemClock(self._stop)  # type: ignore[assignment]  # a Clock, as the pages take it
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen()
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            _Strict(self.world.app()), ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        self._server = server
        self._thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._stop.set()
        self._server.should_exit = True
        self._thread.join(_JOIN_SECONDS)
        self._server = None


@dataclass
class Visit:
    """One window, and what went wrong in it: complaints of the console, and requests to other hosts."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._on_request)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path, wait_until="load")

    @property
    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return max(0, width)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.elsewhere.append(request.url)


def visit(browser: Browser, served: Served, size: tuple[int, int] = DESK, *, dark: bool = False) -> Visit:
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    return Visit(context.new_page(), served.address)


class _Strict:
    """Adds the headers of the real server that a browser enforces."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", _POLICY.encode())]
            await send(message)

        await self._app(scope, receive, send_strictly)
