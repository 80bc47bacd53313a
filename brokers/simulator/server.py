"""Serves the simulator: the faces and the admin API, each on a loopback port, in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

import uvicorn

from brokers.clock import SystemClock
from brokers.model import Exchange
from brokers.simulator import FACES
from brokers.simulator.admin import admin_app
from brokers.simulator.fault_middleware import DroppableProtocol, FaultMiddleware, abort
from brokers.simulator.tls import TlsFiles, make_tls_files
from brokers.simulator.world import Prices, World, build_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

    from brokers.clock import Clock
    from brokers.simulator.config import SimulatedAccount, SimulatorConfig
    from brokers.simulator.mounted import MountedFace

T = TypeVar("T")

_TICK = 0.02
_LOOPBACK = "127.0.0.1"
_START_TIMEOUT = 30.0
# Longer than any client's pause: closing an idle connection is a fault, and faults happen only on request.
_KEEP_ALIVE = 600


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of a running simulator; a face that is not served has an empty URL.

    `ca_file` is the authority of the TLS face, `ca_bundle` has it together with the public ones (REQUESTS_CA_BUNDLE).
    """

    kraken_url: str
    coinbase_url: str
    admin_url: str
    ca_file: str
    ca_bundle: str

    @property
    def by_exchange(self) -> dict[Exchange, str]:
        """The URLs of the faces that are served."""
        urls = {Exchange.KRAKEN: self.kraken_url, Exchange.COINBASE: self.coinbase_url}
        return {exchange: url for exchange, url in urls.items() if url}


class _Server(uvicorn.Server):
    """Leaves signals to its caller and stops when the world does."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Otherwise uvicorn would wait for TLS clients that left without a close_notify."""
        for connection in self.server_state.connections:
            if isinstance(connection, DroppableProtocol) and connection.is_idle:
                abort(connection.transport)
        await super().shutdown(sockets)

    async def main_loop(self) -> None:
        while not self._stopping.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1.0)


async def run(world: World, on_ready: Callable[[Addresses], None]) -> None:
    """Serve until `world.stopping` is set."""
    ports = world.config.ports
    wanted = {Exchange.KRAKEN: ports.kraken, Exchange.COINBASE: ports.coinbase}
    with TemporaryDirectory(prefix="nija-simulator-") as folder, contextlib.ExitStack() as stack:
        tls = make_tls_files(Path(folder))
        urls = dict.fromkeys(FACES, "")
        admin = stack.enter_context(_bound(ports.admin))
        servers = [(_server(world, admin_app(world)), admin)]
        for exchange, face in world.faces.items():
            bound = stack.enter_context(_bound(wanted[exchange]))
            servers.append((_server(world, _gated(world, face), tls if face.tls else None), bound))
            urls[exchange] = _url("https" if face.tls else "http", bound)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_keep_ticking(world))
            for server, bound in servers:
                tasks.create_task(server.serve(sockets=[bound]))
            for server, _ in servers:
                await server.ready.wait()
            on_ready(
                Addresses(
                    kraken_url=urls[Exchange.KRAKEN],
                    coinbase_url=urls[Exchange.COINBASE],
                    admin_url=_url("http", admin),
                    ca_file=str(tls.ca),
                    ca_bundle=str(tls.bundle),
                )
            )


def serve(config: SimulatorConfig, clock: Clock, on_ready: Callable[[Addresses], None]) -> None:
    """Run in this thread, which must be the main one, until SIGINT or SIGTERM."""

    async def main() -> None:
        world = build_world(config, clock)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, world.stopping.set)
        await run(world, on_ready)

    asyncio.run(main())


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulator in a background thread of this process."""

    world: World
    addresses: Addresses
    loop: asyncio.AbstractEventLoop

    @property
    def kraken_url(self) -> str:
        return self.addresses.kraken_url

    @property
    def coinbase_url(self) -> str:
        return self.addresses.coinbase_url

    @property
    def admin_url(self) -> str:
        return self.addresses.admin_url

    @property
    def ca_file(self) -> str:
        return self.addresses.ca_file

    @property
    def ca_bundle(self) -> str:
        return self.addresses.ca_bundle

    @property
    def accounts(self) -> tuple[SimulatedAccount, ...]:
        return self.world.config.accounts

    def call(self, act: Callable[[], T]) -> T:
        """Run a function in the simulator's thread and return its result."""

        async def inside() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(inside(), self.loop).result(_START_TIMEOUT)


@contextlib.contextmanager
def running_simulator(
    config: SimulatorConfig, *, clock: Clock | None = None, prices: Prices | None = None
) -> Iterator[Simulator]:
    """A running simulator, stopped at the end of the block."""
    ready: Future[Simulator] = Future()

    async def main() -> None:
        world = build_world(config, clock or SystemClock(), prices)
        loop = asyncio.get_running_loop()
        await run(world, lambda addresses: ready.set_result(Simulator(world, addresses, loop)))

    def top() -> None:
        try:
            asyncio.run(main())
        except BaseException as problem:
            if ready.done():
                raise
            ready.set_exception(problem)

    thread = threading.Thread(target=top, name="simulator", daemon=True)
    thread.start()
    simulator = ready.result(_START_TIMEOUT)
    try:
        yield simulator
    finally:
        simulator.loop.call_soon_threadsafe(simulator.world.stopping.set)
        thread.join(_START_TIMEOUT)


async def _keep_ticking(world: World) -> None:
    while not world.stopping.is_set():
        world.tick()
        await asyncio.sleep(_TICK)


def _gated(world: World, face: MountedFace) -> ASGIApp:
    return FaultMiddleware(
        face.app, face.exchange, world.plan, world.records, world.clock, face.identify, world.stopping
    )


def _bound(port: int) -> socket.socket:
    # asyncio disables Nagle's algorithm only if the protocol is given; otherwise each answer is delayed by 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((_LOOPBACK, port))
    except OSError:
        bound.close()
        raise
    return bound


def _server(world: World, app: ASGIApp, tls: TlsFiles | None = None) -> _Server:
    config = uvicorn.Config(
        app,
        http=DroppableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=_KEEP_ALIVE,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    return _Server(config, world.stopping)


def _url(scheme: str, bound: socket.socket) -> str:
    return f"{scheme}://{_LOOPBACK}:{bound.getsockname()[1]}"
