"""The ASGI layer in front of a face: reads requests, injects network faults and records everything."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

from brokers.simulator.faults import FaultKind
from brokers.simulator.records import Records, RequestContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from brokers.clock import Clock
    from brokers.simulator.faults import FaultPlan

_LINE = "simulator.line"
# A slow answer is sent in this many pieces, so that long ones take no longer than requested.
_PIECES = 100
_HTML = b"<html><head><title>%d</title></head><body><center><h1>Error %d</h1></center><hr>cloudflare</body></html>"


@dataclass(frozen=True, slots=True)
class _Line:
    """A connection. The socket is kept separately, as a TLS transport drops it once the client has gone."""

    transport: asyncio.Transport
    socket: socket.socket

    def drop(self, *, reset: bool) -> None:
        """Close without sending another byte; `reset` sends RST."""
        if reset:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        abort(self.transport)


def abort(transport: asyncio.BaseTransport) -> None:
    """End a connection at once. On one that is already gone, the TLS transport of Python 3.11.2 raises."""
    if isinstance(transport, asyncio.WriteTransport):
        with contextlib.suppress(AttributeError):
            transport.abort()


class DroppableProtocol(H11Protocol):
    """uvicorn's protocol, but it passes the connection on, so that it can be dropped without an answer."""

    @property
    def is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # narrowed as in uvicorn
        super().connection_made(transport)
        inner, line = self.app, _Line(transport, transport.get_extra_info("socket"))

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[_LINE] = line
            await inner(scope, receive, send)

        self.app = with_transport


@dataclass(slots=True, eq=False)
class _Answer:
    """A response held back until its faults have been injected."""

    start: Message = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


@dataclass(frozen=True, slots=True)
class FaultMiddleware:
    """`identify` returns the endpoint's name and the account (`kraken:master`, or "" for none) of a request."""

    app: ASGIApp
    exchange: str
    plan: FaultPlan
    records: Records
    clock: Clock
    identify: Callable[[Scope], tuple[str, str]]
    stopping: asyncio.Event

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        endpoint, account = self.identify(scope)
        now = self.clock.time()
        context = RequestContext(
            exchange=self.exchange,
            endpoint=endpoint,
            account=account,
            received=now,
            peer=(scope.get("client") or ("", 0))[0],
            faults=self.plan.take(self.exchange, endpoint, account, now),
        )
        scope.setdefault("state", {})["context"] = context
        status = await self._pass(scope, _replay(body), receive, send, context)
        self.records.note(context, status)

    async def _pass(self, scope: Scope, replay: Receive, receive: Receive, send: Send, context: RequestContext) -> int:
        if (delay := context.fault(FaultKind.DELAY_BEFORE)) is not None:
            await self._wait(delay.seconds)
        if (hang := context.fault(FaultKind.HANG)) is not None:
            await self._wait(hang.seconds)
            return await _drop(scope, receive)
        if context.fault(FaultKind.DROP_BEFORE) is not None:
            return await _drop(scope, receive)
        if (error := context.fault(FaultKind.ERROR_BEFORE)) is not None:
            return await _html(send, error.status)
        answer = _Answer()
        await self.app(scope, replay, answer.send)
        return await self._answer(scope, receive, send, context, answer)

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopping.wait()

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, context: RequestContext, answer: _Answer
    ) -> int:
        if (delay := context.fault(FaultKind.DELAY_AFTER)) is not None:
            await self._wait(delay.seconds)
        if context.fault(FaultKind.DROP_AFTER) is not None:
            return await _drop(scope, receive)
        if (error := context.fault(FaultKind.ERROR_AFTER)) is not None:
            return await _html(send, error.status)
        status: int = answer.start["status"]
        body = bytes(answer.body)
        if context.fault(FaultKind.TRUNCATE) is not None:
            body = body[: len(body) // 2]
            headers = [pair for pair in answer.start["headers"] if pair[0] != b"content-length"]
            answer.start["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
        await send(answer.start)
        if context.fault(FaultKind.RESET) is not None:
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            return await _drop(scope, receive, reset=True)
        if (slow := context.fault(FaultKind.SLOW_BODY)) is not None:
            piece = max(1, len(body) // _PIECES)
            for start in range(0, len(body), piece):
                await send({"type": "http.response.body", "body": body[start : start + piece], "more_body": True})
                await self._wait(slow.seconds * piece / len(body))
            body = b""
        await send({"type": "http.response.body", "body": body})
        return status


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None if the client disconnected before it was sent."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _html(send: Send, status: int) -> int:
    body = _HTML % (status, status)
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return status


async def _drop(scope: Scope, receive: Receive, *, reset: bool = False) -> int:
    line: _Line = scope["extensions"][_LINE]
    if reset:
        # Let the bytes written so far leave before the reset.
        await asyncio.sleep(0.01)
    line.drop(reset=reset)
    while (await receive())["type"] != "http.disconnect":
        pass
    return 0
