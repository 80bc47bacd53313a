"""/login, /logout, and /owner/TOKEN, which opens the session of an owner's link."""

from __future__ import annotations

import hmac
import math
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.responses import RedirectResponse
from starlette.routing import Route

from brokers.figures import duration
from nija.log.event_log import get_log
from nija.web.context import STRANGER
from nija.web.cookies import BROWSER, LOGIN, SESSION, delete_cookie, read_cookie, set_cookie
from nija.web.owner_links import OwnerLinksUnusable
from nija.web.password import is_right
from nija.web.rendering import render
from nija.web.site import caller_of, form_of, viewer_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from nija.web.site import Site

_FORM_SECONDS = 3_600
_BROWSER_SECONDS = 365 * 86_400
_WRONG = "This is not the password."


class PasswordCheck:
    """Asks the throttle, then compares; one comparison at a time, as each takes 64 MB."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._one_at_a_time = CapacityLimiter(1)

    async def fault(self, request: Request, password: str) -> tuple[int, str]:
        """The status and the text of a refusal; an empty text if the password is right."""
        site, caller = self._site, caller_of(request)
        browser = known_browser(site, read_cookie(request, BROWSER, caller))
        wait = site.throttle.attempt(caller.address, browser)
        if wait > 0:
            return 429, f"Too many wrong passwords. Try again in {duration(math.ceil(wait))}."
        known = site.password_hash or ""
        if not await run_sync(is_right, password, known, limiter=self._one_at_a_time):
            get_log("nija.web").warning(f"⚠️  A wrong password was entered at the page, from {caller.address}")
            return 403, _WRONG
        site.throttle.succeeded(caller.address, browser)
        return 200, ""


def login_routes(site: Site, check: PasswordCheck) -> list[Route]:
    async def show(request: Request) -> Response:
        if not site.needs_login:
            return RedirectResponse("/", 303)
        return _form(site, request, _target(request.query_params.get("next", "/")))

    async def log_in(request: Request) -> Response:
        form, caller = form_of(request), caller_of(request)
        target = _target(form.get("next", "/"))
        if not site.needs_login:
            return RedirectResponse("/", 303)
        nonce = read_cookie(request, LOGIN, caller)
        if not nonce or not hmac.compare_digest(form.get("token", "").encode(), _form_token(site, nonce).encode()):
            return _form(site, request, target, 403, "This form is no longer valid. Please log in again.")
        status, fault = await check.fault(request, form.get("password", ""))
        if fault:
            return _form(site, request, target, status, fault)
        get_log("nija.web").info(f"Somebody logged in to the page, from {caller.address}")
        return _logged_in(site, request, target)

    async def log_out(request: Request) -> Response:
        caller = caller_of(request)
        site.sessions.close(read_cookie(request, SESSION, caller))
        response = RedirectResponse("/login", 303)
        delete_cookie(response, SESSION, caller)
        return response

    async def open_owner(request: Request) -> Response:
        return _opened(site, request, request.path_params["token"])

    return [
        Route("/login", show, methods=["GET"]),
        Route("/login", log_in, methods=["POST"]),
        Route("/logout", log_out, methods=["POST"]),
        Route("/owner/{token}", open_owner, methods=["GET"]),
    ]


def known_browser(site: Site, cookie: str) -> str:
    """The name of a browser that has logged in with the present password; empty for any other."""
    name, _, signature = cookie.partition(".")
    is_ours = hmac.compare_digest(signature.encode(), _browser_signature(site, name).encode())
    return name if name and is_ours else ""


def _form(site: Site, request: Request, target: str, status: int = 200, fault: str = "") -> Response:
    caller = caller_of(request)
    request.state.viewer = viewer_of(request)
    nonce = read_cookie(request, LOGIN, caller) or secrets.token_urlsafe(16)
    response = render(request, "login.html", status, target=target, token=_form_token(site, nonce), fault=fault)
    set_cookie(response, LOGIN, nonce, caller, seconds=_FORM_SECONDS)
    return response


def _logged_in(site: Site, request: Request, target: str) -> Response:
    """Every login gets a new session: one that was known before it is worth nothing after it."""
    caller = caller_of(request)
    site.sessions.close(read_cookie(request, SESSION, caller))
    response = RedirectResponse(target, 303)
    set_cookie(response, SESSION, site.sessions.open(), caller)
    delete_cookie(response, LOGIN, caller)
    browser = known_browser(site, read_cookie(request, BROWSER, caller)) or secrets.token_urlsafe(12)
    signed = f"{browser}.{_browser_signature(site, browser)}"
    set_cookie(response, BROWSER, signed, caller, seconds=_BROWSER_SECONDS)
    return response


def _opened(site: Site, request: Request, token: str) -> Response:
    """Not a redirect: from a link in a mail, the browser would not send the new cookie along with it."""
    caller = caller_of(request)
    try:
        link = site.links.opened_by(token) if site.needs_login else None
    except OwnerLinksUnusable as error:
        get_log("nija.web").error(f"❌ {error}")
        link = None
    if link is None:
        request.state.viewer = STRANGER
        return render(request, "owner_opened.html", 404, account="", target="", is_owner=False)
    target = f"/account/{link.account.exchange}/{link.account.owner}"
    if viewer_of(request).may_act:
        return render(request, "owner_opened.html", account=str(link.account), target=target, is_owner=True)
    request.state.viewer = STRANGER
    response = render(request, "owner_opened.html", account=str(link.account), target=target, is_owner=False)
    site.sessions.close(read_cookie(request, SESSION, caller))
    set_cookie(response, SESSION, site.sessions.open(link.account, link.id), caller)
    return response


def _target(wanted: str) -> str:
    """Where to go after the login: a path of this page, never another host."""
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_path and wanted.isascii() and wanted.isprintable() else "/"


def _form_token(site: Site, nonce: str) -> str:
    return hmac.new(site.key, f"login {nonce}".encode(), sha256).hexdigest()


def _browser_signature(site: Site, name: str) -> str:
    """Signed with the password's hash: valid across restarts, and no longer once the password is changed."""
    return hmac.new((site.password_hash or "").encode(), f"browser {name}".encode(), sha256).hexdigest()
