"""Serves the health pages and the page, in a separate thread that trading never waits for."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from nija.log.event_log import get_log
from nija.web.app import web_app
from nija.web.listeners import LOOPBACK, listen

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from starlette.routing import BaseRoute

    from nija.web.listeners import Listener
    from nija.web.site import Site

# Trading must never run out of file descriptors.
CONNECTIONS_AT_ONCE = 100
# The rest is for others: nobody who opens many connections can keep a monitor or an owner out.
CONNECTIONS_FOR_THE_GREEDY = 60
GREEDY_FROM = 8
# For a request to arrive; an answer may take longer, as a stream of updates does.
REQUEST_SECONDS = 10.0
_STOP_SECONDS = 1.0


class WebServer:
    """Serves `site` on `listeners`; `make_pages` is called in the server's own thread."""

    def __init__(
        self, site: Site, make_pages: Callable[[], Sequence[BaseRoute]], listeners: tuple[Listener, ...]
    ) -> None:
        self._site = site
        self._make_pages = make_pages
        self._listeners = listeners
        self._opened: list[tuple[Listener, socket.socket]] = []
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that are listened on, in the order of the listeners. Only after `start`."""
        return tuple(opened.getsockname()[1] for _, opened in self._opened)

    @property
    def page_ports(self) -> frozenset[int]:
        """Those of them that serve the page."""
        return frozenset(
            port for (listener, _), port in zip(self._opened, self.ports, strict=True) if listener.has_page
        )

    def start(self) -> None:
        """Start listening and counting. Raises PortUnusable."""
        try:
            for listener in self._listeners:
                opened = listen(listener)
                if opened is not None:
                    self._opened.append((listener, opened))
        except BaseException:
            self._close()
            raise
        self._server = _server(lambda: web_app(self._site, self._make_pages(), self.page_ports))
        self._site.health.start()
        self._thread.start()
        self._say_where()

    def stop(self) -> None:
        """Stop serving within a second. Safe to call twice, or without `start`."""
        self._site.health.stop()
        if self._server is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(_STOP_SECONDS)
        self._close()

    def _say_where(self) -> None:
        log = get_log("nija.web")
        pages = [(listener, port) for (listener, _), port in zip(self._opened, self.ports, strict=True)]
        for listener, port in pages:
            if listener.has_page:
                wider = "" if listener.host == LOOPBACK else ", and this machine's other addresses, with the password"
                log.info(f"🌐 The page: http://{LOOPBACK}:{port}{wider}")
        if any(listener.has_page for listener in self._listeners) and not self.page_ports:
            log.warning("⚠️  The page is not served: no port is free for it. Set NIJA_WEB_PORT to one that is")

    def _serve(self) -> None:
        if self._server is None:
            return
        try:
            asyncio.run(self._server.serve(sockets=[opened for _, opened in self._opened]))
        except Exception:  # noqa: BLE001  logged with its traceback
            # The thread's top: trading goes on without these pages.
            get_log("nija.web").exception("❌ The page and the health pages have failed; trading goes on without them")

    def _close(self) -> None:
        for _, opened in self._opened:
            opened.close()
        self._opened = []


class _LimitedProtocol(H11Protocol):
    """uvicorn's, with few connections, and no patience with requests that do not arrive."""

    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # narrowed as in uvicorn
        super().connection_made(transport)
        # Whoever sends nonsense must not fill the log.
        self.logger = _quiet_log()
        if len(self.connections) > (CONNECTIONS_FOR_THE_GREEDY if self._is_greedy() else CONNECTIONS_AT_ONCE):
            # At once, as others may come before the loop says that it is lost.
            self.connections.discard(self)
            transport.abort()
            return
        self._await_request()

    def _is_greedy(self) -> bool:
        """Whether this address has many connections open, this one included."""
        mine = (one for one in self.connections if isinstance(one, _LimitedProtocol) and one.host == self.host)
        return len(list(mine)) > GREEDY_FROM

    @property
    def host(self) -> str | None:
        return None if self.client is None else self.client[0]

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_request(self) -> None:
        self._stop_waiting()
        self._end = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _give_up(self) -> None:
        """Close the connection, unless a whole request has arrived and is being answered."""
        cycle = self.cycle
        if cycle is None or cycle.more_body or cycle.response_complete:
            self.transport.abort()

    def _stop_waiting(self) -> None:
        if self._end is not None:
            self._end.cancel()


def _quiet_log() -> logging.Logger:
    log = logging.getLogger("uvicorn.error.web")
    log.setLevel(logging.ERROR)
    log.addFilter(_is_a_fault)
    return log


def _is_a_fault(record: logging.LogRecord) -> bool:
    """An answer that ends because NIJA stops is none."""
    return record.exc_info is None or not isinstance(record.exc_info[1], asyncio.CancelledError)


def _server(make_app: Callable[[], object]) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            make_app,
            factory=True,
            http=_LimitedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # NIJA reads what proxies say itself, and only from those that are trusted.
            proxy_headers=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=1,
        )
    )
