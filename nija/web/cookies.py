"""The page's cookies: never readable by scripts, never sent along by another site's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from nija.web.caller import Caller

SESSION = "nija_session"
# Ties the login form to the browser that asked for it.
LOGIN = "nija_login"
# Kept by a browser that has logged in before.
BROWSER = "nija_browser"


def cookie_name(name: str, caller: Caller) -> str:
    """With TLS the prefix makes the browser refuse a cookie that was set for another path, host or without TLS."""
    return f"__Host-{name}" if caller.is_encrypted else name


def read_cookie(request: Request, name: str, caller: Caller) -> str:
    return request.cookies.get(cookie_name(name, caller), "")


def set_cookie(response: Response, name: str, value: str, caller: Caller, *, seconds: int | None = None) -> None:
    """Without `seconds` it ends with the browser's session."""
    response.set_cookie(
        cookie_name(name, caller),
        value,
        max_age=seconds,
        path="/",
        secure=caller.is_encrypted,
        httponly=True,
        samesite="strict",
    )


def delete_cookie(response: Response, name: str, caller: Caller) -> None:
    set_cookie(response, name, "", caller, seconds=0)
