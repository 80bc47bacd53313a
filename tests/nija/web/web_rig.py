"""The web server on a real socket, with a clock that the test moves, and a browser that sends what browsers send."""

from __future__ import annotations

import http.client
import re
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import anyio
from argon2 import PasswordHasher
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from accounts.identity import AccountId
from nija.control.wire import ControlError
from nija.events import Events
from nija.health.health import Health
from nija.log.event_log import get_log
from nija.status.report import AccountStatus, PositionStatus, StatusReport
from nija.trader.commands import CommandQueue
from nija.web.caller import TrustedProxies
from nija.web.context import WebContext
from nija.web.listeners import LOOPBACK, Listener
from nija.web.login_throttle import LoginThrottle
from nija.web.owner_links import OwnerLinks
from nija.web.pages import page_routes
from nija.web.server import WebServer
from nija.web.sessions import Sessions
from nija.web.site import Site
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from brokers.model import Candles, Exchange, Timeframe
    from nija.journal.journal import Journal

PASSWORD = "correct horse battery"
# As cheap as argon2 allows: what a login costs is not what is tested here.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
METRICS_TOKEN = "a-token-for-monitoring"
MASTER, DAIVON = AccountId.parse("kraken:master"), AccountId.parse("kraken:daivon_frazier")
HELD = PositionStatus(
    market="BTC/USD",
    amount=Decimal("0.001"),
    entry_price=Decimal(90_000),
    stop=Decimal(85_000),
    price=Decimal(95_000),
    profit=None,
    profit_percent=None,
)


@dataclass(repr=False)
class WebRig:
    """`accounts` are what the pages show; `queues` take the commands and obey at once.

    The pages are plain ones, or with `has_real_pages` those that NIJA has.
    """

    folder: Path
    password_hash: str | None = PASSWORD_HASH
    proxies: tuple[str, ...] = ()
    acts_without_password: bool = False
    has_page: bool = True
    has_real_pages: bool = False
    is_stopping: bool = False
    mode: str = "live"
    clock: ManualClock = field(default_factory=ManualClock)
    log: CapturedLog = field(default_factory=CapturedLog)
    journals_of: dict[AccountId, Journal] = field(default_factory=dict)
    accounts: tuple[AccountStatus, ...] = ()

    def __post_init__(self) -> None:
        self.accounts = tuple(map(self.account, (MASTER, DAIVON)))
        self.events = Events(get_log("tests"))
        self.sessions = Sessions(self.clock)
        self.throttle = LoginThrottle(self.clock)
        self.links = OwnerLinks(self.folder, self.clock)
        self.health = Health(lambda: self.accounts, self.events, self.clock)
        self.queues = {account: self._queue(account) for account in (MASTER, DAIVON)}
        self.site = Site(
            context=WebContext(self._report, self.health.verdict, self._read_journal, no_candles),
            health=self.health,
            queues=self.commands,
            sessions=self.sessions,
            throttle=self.throttle,
            links=self.links,
            proxies=TrustedProxies(self.proxies),
            password_hash=self.password_hash,
            metrics_token=METRICS_TOKEN,
            acts_without_password=self.acts_without_password,
        )
        self.server = WebServer(self.site, self._pages, (Listener(LOOPBACK, (0,), has_page=self.has_page),))

    def account(self, account: AccountId) -> AccountStatus:
        now = datetime.fromtimestamp(self.clock.time(), UTC)
        return AccountStatus(
            str(account),
            account.label,
            "kraken",
            "TRADING",
            equity=Decimal("100.50"),
            positions=(HELD,),
            last_useful_work=now,
            is_known=True,
        )

    @property
    def port(self) -> int:
        return self.server.ports[0]

    def browser(self, **headers: str) -> Browser:
        return Browser(self.port, headers)

    def logged_in(self) -> Browser:
        browser = self.browser()
        answer = browser.log_in(PASSWORD)
        assert answer.status == 303, answer.text
        return browser

    def owner_of(self, account: AccountId) -> Browser:
        """A browser that has opened a new owner's link of this account."""
        browser = self.browser()
        answer = browser.get(f"/owner/{self.links.create(account)}")
        assert answer.status == 200, answer.text
        return browser

    def _pages(self) -> Sequence[BaseRoute]:
        return page_routes(self.site.context, self.clock) if self.has_real_pages else pages()

    def _read_journal(self, account: AccountId) -> Journal:
        return journals_in(self.folder, self.clock, self.log.logger).read(account)

    def journal(self, account: AccountId) -> Journal:
        """Opened once a command needs it."""
        if account not in self.journals_of:
            journals = journals_in(self.folder, self.clock, self.log.logger)
            self.journals_of[account] = journals.open(account)
        return self.journals_of[account]

    def commands(self) -> Mapping[AccountId, CommandQueue]:
        if self.is_stopping:
            raise ControlError("NIJA is stopping: repeat the command when it has stopped or restarted")
        return self.queues

    def _report(self) -> StatusReport:
        return StatusReport(4711, "0.1.0", None, self.mode, self.accounts)

    def _queue(self, account: AccountId) -> CommandQueue:
        queue = CommandQueue(account, self.clock, self.log.logger, lambda: queue.execute(self.journal(account)))
        return queue


@contextmanager
def serving(rig: WebRig) -> Iterator[WebRig]:
    rig.server.start()
    try:
        yield rig
    finally:
        rig.server.stop()
        for journal in rig.journals_of.values():
            journal.close()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.text)
        return found[1] if found else ""


class Browser:
    """Keeps cookies, and says of a form that it comes from the page's own origin."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self.headers = {"Host": f"{LOOPBACK}:{port}", **headers}
        self.seen: list[str] = []

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"} | headers)

    def post(self, path: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        own = {"Origin": f"http://{self.headers['Host']}", "Sec-Fetch-Site": "same-origin"}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, kind | (own if headers is None else dict(headers)), urlencode(form))

    def log_in(self, password: str, path: str = "/login") -> Answer:
        token = self.get(path).token
        return self.post("/login", {"token": token, "password": password, "next": "/"})

    def send(self, method: str, path: str, headers: Mapping[str, str], body: str | None = None) -> Answer:
        with closing(http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)) as connection:
            connection.request(method, path, body, self._sent(headers))
            response = connection.getresponse()
            text = response.read().decode()
            self._keep_cookies(response)
            sent = "".join(f"{name}: {value}\n" for name, value in response.getheaders())
            self.seen.append(sent + text)
            return Answer(response.status, response.headers, text)

    def _sent(self, headers: Mapping[str, str]) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return self.headers | dict(headers) | ({"Cookie": cookies} if cookies else {})

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value.strip('"')


def no_candles(_exchange: Exchange, _market: str, _timeframe: Timeframe) -> Candles | None:
    return None


def pages() -> list[Route]:
    """Pages as plain as can be: who looks, and a stream without an end."""

    async def overview(request: Request) -> Response:
        return PlainTextResponse(f"overview for {request.state.viewer.only or 'everybody'}")

    async def account(request: Request) -> Response:
        return PlainTextResponse("account {exchange}:{owner}".format(**request.path_params))

    async def events(_request: Request) -> Response:
        return StreamingResponse(endless(), media_type="text/event-stream")

    async def broken(_request: Request) -> Response:
        raise RuntimeError("the secret is hunter2")

    return [
        Route("/", overview),
        Route("/account/{exchange}/{owner}", account),
        Route("/history", overview),
        Route("/events", events),
        Route("/broken", broken),
    ]


async def endless() -> AsyncIterator[str]:
    yield "data: first\n\n"
    await anyio.sleep_forever()
