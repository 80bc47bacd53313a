"""Serves the health pages, in a separate thread that trading never waits for."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from functools import partial
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from brokers.clock import utc_now
from nija.health.counters import FillCounter, TroubleCounter
from nija.health.judgement import judge
from nija.health.metrics import AccountCollector, registry_with
from nija.health.pages import health_pages
from nija.log.event_log import get_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokers.clock import Clock
    from nija.events import Events
    from nija.health.judgement import Verdict
    from nija.status.report import AccountStatus

# A platform's health checks come from outside the container.
EVERYWHERE = "0.0.0.0"  # noqa: S104  nothing listens at all unless PORT is set
CONNECTIONS_AT_ONCE = 32
CONNECTION_SECONDS = 10.0
_STOP_SECONDS = 1.0


class PortUnusable(Exception):
    """The health pages cannot be served. The text names PORT and the remedy."""


class HealthServer:
    """Serves /healthz, /readyz and /metrics on `port`; 0 lets the system choose. `host` is for tests."""

    def __init__(
        self,
        port: int,
        accounts: Callable[[], tuple[AccountStatus, ...]],
        events: Events,
        clock: Clock,
        *,
        host: str = EVERYWHERE,
    ) -> None:
        self._address = (host, port)
        self._accounts = accounts
        self._clock = clock
        self._started = clock.monotonic()
        registry = registry_with(AccountCollector(accounts, self._judged, clock))
        events.listen(FillCounter(registry).on_event)
        self._troubles = TroubleCounter(registry)
        self._server = _server(partial(health_pages, accounts, self.verdict, registry))
        self._listener: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on. Only after `start`."""
        if self._listener is None:
            raise RuntimeError("the health pages are not served yet")
        port: int = self._listener.getsockname()[1]
        return port

    def start(self) -> None:
        """Start listening and counting. Raises PortUnusable."""
        self._listener = _listen(self._address)
        logging.getLogger().addHandler(self._troubles)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving within a second. Safe to call twice, or without `start`."""
        logging.getLogger().removeHandler(self._troubles)
        if self._listener is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(_STOP_SECONDS)
        self._listener.close()

    def verdict(self) -> Verdict:
        return self._judged(self._accounts())

    def _judged(self, accounts: tuple[AccountStatus, ...]) -> Verdict:
        return judge(accounts, utc_now(self._clock), self._clock.monotonic() - self._started)

    def _serve(self) -> None:
        if self._listener is None:
            return
        try:
            asyncio.run(self._server.serve(sockets=[self._listener]))
        except Exception:  # noqa: BLE001  logged with its traceback
            # The thread's top: trading goes on without these pages.
            get_log("nija.health").exception("❌ The health pages on PORT have failed; trading goes on without them")


class _LimitedProtocol(H11Protocol):
    """uvicorn's, with few and short-lived connections, so that trading never runs out of file descriptors."""

    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # narrowed as in uvicorn
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_AT_ONCE:
            transport.abort()
            return
        self._end = self.loop.call_later(CONNECTION_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)


def _listen(address: tuple[str, int]) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # From now on connections wait for the thread instead of being refused.
        listener.listen()
    except OSError as error:
        listener.close()
        raise PortUnusable(
            f"the health pages cannot be served on port {address[1]} ({error.strerror or error}): set PORT to a free "
            "port, or unset it if nothing requests /healthz"
        ) from error
    return listener


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
            timeout_keep_alive=5,
            timeout_graceful_shutdown=1,
        )
    )
