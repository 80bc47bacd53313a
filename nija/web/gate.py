"""Whose session a request belongs to, and what that viewer may reach."""

from __future__ import annotations

import asyncio
import hmac
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from brokers.exchanges import exchanges
from nija.web.context import STRANGER, Viewer
from nija.web.cookies import SESSION, read_cookie
from nija.web.guard import HEALTH_PATHS
from nija.web.site import caller_of, form_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from nija.web.site import Site

# How soon an open stream notices that its session has ended.
SESSION_LOOK_SECONDS = 5.0
# They check for themselves who asks.
_PUBLIC = ("/login", "/owner/", "/static/", *HEALTH_PATHS)
# For NIJA's owner alone.
_OWNERS = ("/act", "/owners")


class Gate:
    """Sets `request.state.viewer`, and lets through only what that viewer may see or do."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        key = read_cookie(request, SESSION, caller_of(request))
        viewer = self._viewer(key)
        request.state.viewer = viewer
        refusal = _refusal(request, viewer)
        if refusal is not None:
            await refusal(scope, receive, send)
        elif self._site.needs_login and not viewer.is_stranger:
            await self._while_open(key, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _viewer(self, key: str) -> Viewer:
        if not self._site.needs_login:
            return self._site.owner
        return (self._site.sessions.viewer(key) if key else None) or STRANGER

    async def _while_open(self, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream ends with its session: to the app it looks as if the browser had gone."""
        state = {"started": False, "complete": False}

        async def noted(message: Message) -> None:
            state["started"] = True
            state["complete"] = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        async def until_ended() -> Message:
            waiting = asyncio.ensure_future(receive())
            try:
                while not waiting.done():
                    if not self._site.sessions.is_open(key):
                        return {"type": "http.disconnect"}
                    await asyncio.wait({waiting}, timeout=SESSION_LOOK_SECONDS)
                return await waiting
            finally:
                waiting.cancel()

        await self._app(scope, until_ended, noted)
        if state["started"] and not state["complete"]:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _refusal(request: Request, viewer: Viewer) -> Response | None:
    path, method = request.url.path, request.method
    if path.startswith(_PUBLIC):
        return None
    if viewer.is_stranger:
        return _login(request)
    if viewer.only is not None and (_is_below(path, _OWNERS) or not _sees_accounts_in(request, viewer)):
        # As if it were not there: whose accounts exist is nobody else's business.
        return PlainTextResponse("There is no such page.\n", 404)
    if method not in ("GET", "HEAD") and not hmac.compare_digest(
        form_of(request).get("token", "").encode(), viewer.token.encode()
    ):
        return PlainTextResponse("This form is no longer valid: reload the page and try again.\n", 403)
    return None


def _login(request: Request) -> Response:
    """To the login page, and back afterwards; a script or a form is only told to log in."""
    is_page = request.method in ("GET", "HEAD") and "hx-request" not in request.headers
    if not is_page or request.url.path.startswith(("/data/", "/events")):
        return PlainTextResponse("Log in first.\n", 401, {"HX-Redirect": "/login"})
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(target, safe='/')}" if target != "/" else "/login", 303)


def _is_below(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _sees_accounts_in(request: Request, viewer: Viewer) -> bool:
    """Whether every account that the address names, as .../kraken/master or kraken:master, is the viewer's."""
    asked = (text for pair in request.query_params.multi_items() for text in pair)
    words = [text.lower().replace(":", "/").split("/") for text in (request.url.path, *asked)]
    named = (f"{one}:{two}" for parts in words for one, two in pairwise(parts) if one in exchanges())
    return all(map(viewer.sees, named))
