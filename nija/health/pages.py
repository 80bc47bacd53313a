"""/healthz, /readyz and /metrics, which are read-only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import CollectorRegistry
    from starlette.requests import Request

    from nija.health.health import Health

_OK = 200
_UNAVAILABLE = 503
_FRESH = {"Cache-Control": "no-store"}


def health_routes(health: Health, is_entitled: Callable[[Request], bool]) -> list[Route]:
    """Who is not entitled learns whether NIJA works, and no names, reasons or money."""

    async def healthz(request: Request) -> Response:
        found = health.verdict()
        content: dict[str, object] = {"healthy": found.healthy}
        if is_entitled(request):
            content |= {"reason": found.reason, "faults": list(found.faults)}
        return _json(content, good=found.healthy)

    async def readyz(request: Request) -> Response:
        ready, states = health.readiness()
        content: dict[str, object] = {"ready": ready}
        return _json(content | ({"accounts": dict(states)} if is_entitled(request) else {}), good=ready)

    async def metrics(request: Request) -> Response:
        shown = (
            health.registry if is_entitled(request) else cast("CollectorRegistry", _WithoutAccounts(health.registry))
        )
        return Response(generate_latest(shown), headers={**_FRESH, "Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


@dataclass(frozen=True, slots=True)
class _WithoutAccounts:
    """The registry without the figures of single accounts."""

    registry: CollectorRegistry

    def collect(self) -> Iterator[Metric]:
        for metric in self.registry.collect():
            shown = Metric(metric.name, metric.documentation, metric.type, metric.unit)
            shown.samples = [sample for sample in metric.samples if "account" not in sample.labels]
            if shown.samples:
                yield shown


def _json(content: dict[str, object], *, good: bool) -> Response:
    return JSONResponse(content, _OK if good else _UNAVAILABLE, _FRESH)
