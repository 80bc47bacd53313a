"""What every request passes first: who calls, whether it may come from our own page, and how much it may send."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from nija.web.caller import Caller
    from nija.web.site import Site

MOST_BODY_BYTES = 16 * 1024
_MOST_FIELDS = 20
HEALTH_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_READING = frozenset({"GET", "HEAD"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not no-referrer: with that, browsers hide the origin of our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
_TLS_SECONDS = 365 * 86_400


class Guard:
    """Adds the security headers, and answers only what may reach a page of `site`; health pages have no forms."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        peer = scope["client"][0] if scope.get("client") else ""
        caller = self._site.proxies.caller(peer, headers)
        scope.setdefault("state", {})["caller"] = caller
        protected = _with_headers(send, caller, _caching(scope["path"]))
        if scope["path"] in HEALTH_PATHS:
            await self._app(scope, receive, protected)
            return
        refusal = self._refusal(scope["method"], headers, caller)
        if refusal is None and scope["method"] not in _READING:
            refusal = await _read_form(Request(scope, receive))
        await (refusal or self._app)(scope, receive, protected)

    def _refusal(self, method: str, headers: Headers, caller: Caller) -> PlainTextResponse | None:
        host = headers.get("host", "")
        if not self._site.needs_login and not (caller.is_local and is_loopback_name(host)):
            # A name that leads here from elsewhere could belong to any web page (DNS rebinding).
            return _refused(403, "Without a password this page answers only at http://127.0.0.1 on this machine.")
        if caller.unknown_proxy:
            return _refused(403, _UNKNOWN_PROXY)
        if caller.is_in_the_clear:
            return _refused(403, _IN_THE_CLEAR)
        if method in _READING:
            return _cross_site_read(headers)
        if not is_from_own_page(headers, host, is_encrypted=caller.is_encrypted):
            return _refused(403, "This form did not come from NIJA's own page: open the page and try again.")
        return None


_UNKNOWN_PROXY = (
    "This request came through a proxy that NIJA does not know. Set NIJA_WEB_TRUSTED_PROXIES to railway, render or the "
    "proxy's address, and restart NIJA: docs/security.md."
)
_IN_THE_CLEAR = (
    "NIJA asks for no password without encryption. Reach it by https, Tailscale or an SSH tunnel: docs/security.md."
)


def is_loopback_name(host: str) -> bool:
    """Whether a Host header names this machine itself."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def is_from_own_page(headers: Headers, host: str, *, is_encrypted: bool) -> bool:
    """By what browsers say of a form's origin; a program that says nothing is refused."""
    relation, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if relation not in (None, "same-origin") or (relation is None and origin is None):
        return False
    if origin is None:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.netloc.lower() == host.lower() and parts.scheme in (("https",) if is_encrypted else ("http", "https"))


def _cross_site_read(headers: Headers) -> PlainTextResponse | None:
    """Other sites may link to a page, but not load it into one of theirs."""
    is_foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if is_foreign and headers.get("sec-fetch-mode") != "navigate":
        return _refused(403, "Another site may not load this.")
    return None


async def _read_form(request: Request) -> PlainTextResponse | None:
    """Read the whole form into `request.state.form`; returns a refusal if it is too large or no form."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > MOST_BODY_BYTES:
        return _refused(413, "The form is too large.")
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST_BODY_BYTES:
                return _refused(413, "The form is too large.")
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except (ValueError, ClientDisconnect):
        return _refused(400, "This is not a form.")
    request.state.form = dict(fields)
    return None


def _refused(status: int, text: str) -> PlainTextResponse:
    # The rest of the body is not read, so the connection cannot be used again.
    return PlainTextResponse(text + "\n", status, {"Cache-Control": "no-store", "Connection": "close"})


def _caching(path: str) -> str:
    """Vendored files carry their version in their name; our own are asked for again, and mostly unchanged."""
    if path.startswith("/static/vendor/"):
        return "public, max-age=31536000, immutable"
    return "no-cache" if path.startswith("/static/") else "no-store"


def _with_headers(send: Send, caller: Caller, caching: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", caching)
            if caller.is_encrypted:
                headers["Strict-Transport-Security"] = f"max-age={_TLS_SECONDS}"
        await send(message)

    return sending
