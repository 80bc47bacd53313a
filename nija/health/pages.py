"""/healthz, /readyz and /metrics, which are read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nija.health.judgement import CONNECTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry
    from starlette.requests import Request

    from nija.health.judgement import Verdict
    from nija.status.report import AccountStatus

_OK = 200
_UNAVAILABLE = 503
_FRESH = {"Cache-Control": "no-store"}


def health_pages(
    accounts: Callable[[], tuple[AccountStatus, ...]],
    verdict: Callable[[], Verdict],
    registry: CollectorRegistry,
) -> Starlette:
    async def healthz(_request: Request) -> Response:
        found = verdict()
        content = {"healthy": found.healthy, "reason": found.reason, "faults": list(found.faults)}
        return _json(content, good=found.healthy)

    async def readyz(_request: Request) -> Response:
        states = {one.id: one.state for one in accounts()}
        ready = any(state in CONNECTED for state in states.values())
        return _json({"ready": ready, "accounts": states}, good=ready)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), headers={**_FRESH, "Content-Type": CONTENT_TYPE_LATEST})

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


def _json(content: dict[str, object], *, good: bool) -> Response:
    return JSONResponse(content, _OK if good else _UNAVAILABLE, _FRESH)
