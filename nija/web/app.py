"""The web application: the health pages on every listener, the page on those that are for it."""

from __future__ import annotations

import hmac
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from nija.health.pages import health_routes
from nija.vendor import BROWSER_FILES
from nija.web.actions import Actions
from nija.web.gate import Gate
from nija.web.guard import HEALTH_PATHS, Guard, is_loopback_name
from nija.web.login import PasswordCheck, login_routes
from nija.web.owners import Owners
from nija.web.rendering import render
from nija.web.site import caller_of, viewer_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    from nija.web.site import Site

_SMALLEST_COMPRESSED = 1_000
_NOT_FOUND = 404
_NOTHING_HERE = PlainTextResponse("Not Found", _NOT_FOUND)


def web_app(site: Site, pages: Sequence[BaseRoute], page_ports: Collection[int]) -> ASGIApp:
    """`pages` are those that show NIJA. A listener whose port is not in `page_ports` serves the health pages alone."""
    guarded = Guard(_page(site, pages), site)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        is_page = scope["server"][1] in page_ports
        served = guarded if is_page or scope["path"] in HEALTH_PATHS else _NOTHING_HERE
        await served(scope, receive, send)

    return app


def is_entitled(site: Site, request: Request) -> bool:
    """Whether the health pages may show names and money: on this machine, with the token, or to NIJA's owner."""
    if caller_of(request).is_local and is_loopback_name(request.headers.get("host", "")):
        return True
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if site.metrics_token and scheme.lower() == "bearer":
        return hmac.compare_digest(token.strip().encode(), site.metrics_token.encode())
    return site.needs_login and viewer_of(request).may_act


def _page(site: Site, pages: Sequence[BaseRoute]) -> ASGIApp:
    check = PasswordCheck(site)
    app = Starlette(
        routes=[
            *health_routes(site.health, lambda request: is_entitled(site, request)),
            Mount("/static/vendor", StaticFiles(directory=BROWSER_FILES)),
            Mount("/static", StaticFiles(directory=str(files("nija.web") / "static"))),
            *login_routes(site, check),
            *Actions(site, check).routes(),
            *Owners(site, check).routes(),
            *pages,
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=_SMALLEST_COMPRESSED), Middleware(Gate, site=site)],
        exception_handlers={404: _problem, 405: _problem, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return app


def _problem(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else _NOT_FOUND
    text = "There is no such page." if status == _NOT_FOUND else "This page cannot be used in this way."
    return render(request, "problem.html", status, title="Not found", text=text)


def _failed(_request: Request, _error: Exception) -> Response:
    """The error itself goes to the log, never to the browser."""
    return PlainTextResponse("NIJA failed to make this page; trading goes on. Look at nija.log.\n", 500)
