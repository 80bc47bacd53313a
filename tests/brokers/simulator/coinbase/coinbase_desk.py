"""The Coinbase face without a socket: one request in, its answer out, for tests of its rules."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from brokers.model import Exchange
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.fault_middleware import FaultMiddleware
from brokers.simulator.faults import Fault, FaultKind
from brokers.simulator.world import Prices, World, build_world
from tests.fakes import ManualClock
from tests.simulator_fixtures import START_PRICES, UNLIMITED, ManualPrices, WallMarketClock, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Message, Scope

    from brokers.simulator.config import SimulatedAccount
    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.engine.engine import Engine
    from brokers.simulator.engine.market_data import MarketClock

HOST = "localhost:8443"
V3 = "/api/v3/brokerage"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:  # noqa: ANN401  whatever came
        return json.loads(self.text)


@dataclass(slots=True)
class Desk:
    """Calls as `coinbase:master`, with a valid token by default."""

    world: World
    clock: ManualClock
    prices: ManualPrices
    peer: str = "127.0.0.1"
    ids: list[int] = field(default_factory=lambda: [0])

    @property
    def engine(self) -> Engine:
        return self.world.faces[Exchange.COINBASE].engine

    @property
    def account(self) -> Account:
        return self.engine.accounts["master"]

    @property
    def simulated(self) -> SimulatedAccount:
        return next(account for account in self.world.config.accounts if account.name == "coinbase:master")

    def price(self, symbol: str, price: str) -> None:
        self.prices.set(symbol, price)
        self.world.tick()

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.world.tick()

    def fault(self, kind: FaultKind, **values: object) -> None:
        self.world.plan.add(replace(Fault(kind), **values))  # type: ignore[arg-type]  # the fields of a Fault

    def violations(self) -> list[str]:
        return [violation.rule for violation in self.world.records.violations]

    def token(self, method: str, path: str, headers: Mapping[str, Any] | None = None, **claims: Any) -> str:  # noqa: ANN401  claims to get wrong
        """A token as the official client makes it; a claim or header that is None is left out."""
        now, name = int(self.clock.time()), self.simulated.api_key.key
        right = {"sub": name, "iss": "cdp", "nbf": now, "exp": now + 120, "uri": f"{method} {HOST}{path}"}
        head = {"kid": name, "nonce": "a1b2"} | dict(headers or {})
        return sign(self.simulated.api_key.secret, _without_none(right | claims), _without_none(head))

    def get(self, path: str, **params: Any) -> Reply:  # noqa: ANN401  lists and texts
        return self.call("GET", V3 + path, params=params)

    def post(self, path: str, **body: Any) -> Reply:  # noqa: ANN401  a JSON object
        return self.call("POST", V3 + path, body=json.dumps(body).encode())

    def public(self, path: str, **params: Any) -> Reply:  # noqa: ANN401  lists and texts
        return self.call("GET", path, params=params, authorization="")

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes = b"{}",
        authorization: str | None = None,
    ) -> Reply:
        bearer = f"Bearer {self.token(method, path)}" if authorization is None else authorization
        headers = {"host": HOST, "content-type": "application/json"} | ({"authorization": bearer} if bearer else {})
        return asyncio.run(self._ask(method, path, urlencode(params or {}, doseq=True).encode(), body, headers))

    def create(self, configuration: dict[str, Any], **changes: Any) -> Any:  # noqa: ANN401  the JSON of the answer
        """Create an order of BTC-USD, by default a buy; returns the answer's JSON."""
        self.ids[0] += 1
        fields = {"client_order_id": f"id-{self.ids[0]}", "product_id": "BTC-USD", "side": "BUY"}
        reply = self.post("/orders", **(fields | {"order_configuration": configuration} | changes))
        assert reply.status == 200, reply.text
        return reply.json

    def placed(self, configuration: dict[str, Any], **changes: Any) -> str:  # noqa: ANN401  as above
        """The id of an order that must be accepted."""
        answer = self.create(configuration, **changes)
        assert answer["success"], answer
        return str(answer["success_response"]["order_id"])

    def refused(self, configuration: dict[str, Any], **changes: Any) -> tuple[str, str]:  # noqa: ANN401  as above
        """The two reasons of an order that must be refused."""
        answer = self.create(configuration, **changes)
        assert not answer["success"], answer
        assert set(answer) == {"success", "failure_reason", "order_id", "error_response", "order_configuration"}
        assert answer["failure_reason"] == "UNKNOWN_FAILURE_REASON"
        assert answer["order_id"] == ""
        error = answer["error_response"]
        assert error["error"] == error["new_order_failure_reason"]
        return str(error["error"]), str(error["preview_failure_reason"])

    def order(self, order_id: str) -> Any:  # noqa: ANN401  the JSON of one order
        return self.get(f"/orders/historical/{order_id}").json["order"]

    async def _ask(self, method: str, path: str, query: bytes, body: bytes, headers: Mapping[str, str]) -> Reply:
        face, world = self.world.faces[Exchange.COINBASE], self.world
        app = FaultMiddleware(
            face.app, "coinbase", world.plan, world.records, world.clock, face.identify, world.stopping
        )
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "https",
            "query_string": query,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": (self.peer, 1),
            "server": ("127.0.0.1", 2),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await app(scope, receive, send)
        text = b"".join(message.get("body", b"") for message in sent).decode()
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], text, answered)


def sign(secret: str, claims: dict[str, Any], headers: dict[str, Any]) -> str:
    private = load_pem_private_key(secret.encode(), password=None)
    return jwt.encode(claims, private, algorithm="ES256", headers=headers)  # type: ignore[arg-type]  # a P-256 key


def make_desk(
    config: SimulatorConfig | None = None,
    market_clock: MarketClock | None = None,
    prices: Mapping[str, str] = START_PRICES,
) -> Desk:
    """Without a configuration: 10000 USD and no rate limits."""
    clock, source = ManualClock(), ManualPrices(prices)
    chosen = config or SimulatorConfig(usd_accounts(), limits=UNLIMITED)
    world = build_world(chosen, clock, Prices(market_clock or WallMarketClock(), {"coinbase": source}))
    return Desk(world, clock, source)


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
