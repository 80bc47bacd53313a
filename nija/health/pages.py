"""/healthz, /readyz and /metrics. They read what is there; nothing can be changed through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from accounts.manager import AccountState

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry
    from starlette.requests import Request

    from accounts.manager import AccountSnapshot
    from nija.health.judgement import Verdict

READY = frozenset({AccountState.CONNECTED, AccountState.TRADING, AccountState.PAUSED})
_OK = 200
_UNAVAILABLE = 503
_FRESH = {"Cache-Control": "no-store"}


def health_pages(
    snapshots: Callable[[], tuple[AccountSnapshot, ...]],
    verdict: Callable[[], Verdict],
    registry: CollectorRegistry,
) -> Starlette:
    async def healthz(_request: Request) -> Response:
        found = verdict()
        return _json({"healthy": found.healthy, "reason": found.reason}, good=found.healthy)

    async def readyz(_request: Request) -> Response:
        accounts = snapshots()
        ready = any(snapshot.state in READY for snapshot in accounts)
        states = {str(snapshot.account): snapshot.state.value for snapshot in accounts}
        return _json({"ready": ready, "accounts": states}, good=ready)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), headers={**_FRESH, "Content-Type": CONTENT_TYPE_LATEST})

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


def _json(content: dict[str, object], *, good: bool) -> Response:
    return JSONResponse(content, _OK if good else _UNAVAILABLE, _FRESH)
