"""What the parts of the web server share."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nija.web.caller import Caller, TrustedProxies
from nija.web.context import STRANGER, Viewer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from accounts.identity import AccountId
    from nija.health.health import Health
    from nija.trader.commands import CommandQueue
    from nija.web.context import WebContext
    from nija.web.login_throttle import LoginThrottle
    from nija.web.owner_links import OwnerLinks
    from nija.web.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Site:
    """`queues` raises ControlError while NIJA is stopping. Without a `password_hash` the page is for loopback alone.

    `acts_without_password`: in a demo without a hash, as no real money moves. `metrics_token` opens /readyz and
    /metrics. `key` signs what a browser keeps for this process; `owner` is the viewer where there is no password.
    """

    context: WebContext
    health: Health
    queues: Callable[[], Mapping[AccountId, CommandQueue]]
    sessions: Sessions
    throttle: LoginThrottle
    links: OwnerLinks
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    password_hash: str | None = field(default=None, repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    acts_without_password: bool = False
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    owner: Viewer = field(default_factory=lambda: Viewer(token=secrets.token_urlsafe(32)), repr=False)

    @property
    def needs_login(self) -> bool:
        return self.password_hash is not None


def caller_of(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def viewer_of(request: Request) -> Viewer:
    viewer: Viewer = getattr(request.state, "viewer", STRANGER)
    return viewer


def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a POST, read and limited before any page is reached."""
    form: Mapping[str, str] = request.state.form
    return form
