"""The web server of the daemon, with what it may see and do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from accounts.data_dir import ensure_directory
from accounts.environment import RunMode
from nija.supervisor.configuration import ConfigurationError
from nija.web.caller import TrustedProxies
from nija.web.listeners import PortUnusable, listeners
from nija.web.login_throttle import LoginThrottle
from nija.web.owner_links import OwnerLinks
from nija.web.pages import page_routes
from nija.web.server import WebServer
from nija.web.sessions import Sessions
from nija.web.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from nija.health.health import Health
    from nija.supervisor.configuration import Configuration
    from nija.trader.commands import CommandQueue
    from nija.web.context import WebContext


@contextmanager
def web(
    configuration: Configuration,
    context: WebContext,
    health: Health,
    queues: Callable[[], Mapping[AccountId, CommandQueue]],
    clock: Clock,
) -> Iterator[None]:
    """Serve the health pages and the page within the block. Raises ConfigurationError, DataDirUnusable."""
    process = configuration.process
    password_hash, is_demo = process.web_password_hash, configuration.mode is RunMode.DEMO
    site = Site(
        context=context,
        health=health,
        queues=queues,
        sessions=Sessions(clock),
        throttle=LoginThrottle(clock),
        links=OwnerLinks(ensure_directory(process.data_dir), clock),
        proxies=TrustedProxies(process.web_trusted_proxies),
        password_hash=password_hash,
        metrics_token=process.metrics_token,
        acts_without_password=is_demo,
    )
    try:
        wanted = listeners(process.port, process.web_port, has_password=password_hash is not None, is_demo=is_demo)
        server = WebServer(site, lambda: page_routes(context, clock), wanted)
        server.start()
    except PortUnusable as error:
        raise ConfigurationError(str(error)) from error
    try:
        yield
    finally:
        server.stop()
