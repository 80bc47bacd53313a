"""The Kraken face without a socket: one call in, its JSON out, for tests of rules rather than of the wire."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import krakenex

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

    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.engine.engine import Engine


@dataclass(slots=True)
class Desk:
    """`owner` is who calls. Nonces rise by themselves."""

    world: World
    clock: ManualClock
    prices: ManualPrices
    owner: str = "master"
    nonce: int = 1_700_000_000_000_000

    @property
    def engine(self) -> Engine:
        return self.world.faces[Exchange.KRAKEN].engine

    @property
    def account(self) -> Account:
        return self.engine.accounts[self.owner]

    def price(self, symbol: str, price: str) -> None:
        self.prices.set(symbol, price)
        self.world.tick()

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.world.tick()

    def fault(self, kind: FaultKind, **values: object) -> None:
        self.world.plan.add(replace(Fault(kind), **values))  # type: ignore[arg-type]  # the fields of a Fault

    def public(self, method: str, **data: str) -> dict[str, Any]:
        return self._call("GET", f"/0/public/{method}", urlencode(data).encode(), b"", {})

    def private(self, method: str, /, **data: str) -> dict[str, Any]:
        """A signed form; `close_price` and its like become `close[price]`."""
        named = {f"close[{key[6:]}]" if key.startswith("close_") else key: value for key, value in data.items()}
        return self.signed(method, {"nonce": str(self._next()), **named})

    def signed(self, method: str, data: dict[str, str], *, key: str = "", secret: str = "") -> dict[str, Any]:
        """Exactly this form, signed by the owner's key or by another."""
        mine = next(account.api_key for account in self.world.config.accounts if account.name == f"kraken:{self.owner}")
        path = f"/0/private/{method}"
        api = krakenex.API(key or mine.key, secret or mine.secret)
        headers = {"API-Key": api.key, "API-Sign": api._sign(data, path)}
        api.close()
        body = urlencode(data).encode()
        return self._call("POST", path, b"", body, headers | {"Content-Type": "application/x-www-form-urlencoded"})

    def raw(self, method: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        return self._call("POST", f"/0/private/{method}", b"", body, headers)

    def result(self, method: str, /, **data: str) -> Any:  # noqa: ANN401  whatever the call gives
        answer = self.private(method, **data)
        assert answer["error"] == [], answer
        return answer["result"]

    def error(self, method: str, /, **data: str) -> str:
        answer = self.private(method, **data)
        assert len(answer["error"]) == 1, answer
        assert "result" not in answer
        return str(answer["error"][0])

    def add(self, **data: str) -> str:
        """AddOrder of BTC/USD unless told otherwise; the txid."""
        txid = self.result("AddOrder", **({"pair": "XBTUSD"} | data))["txid"][0]
        return str(txid)

    def refused(self, **data: str) -> str:
        return self.error("AddOrder", **({"pair": "XBTUSD"} | data))

    def order(self, txid: str) -> dict[str, Any]:
        found: dict[str, Any] = self.result("QueryOrders", txid=txid, trades="true")[txid]
        return found

    def _next(self) -> int:
        self.nonce += 1
        return self.nonce

    def _call(self, method: str, path: str, query: bytes, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        return asyncio.run(self._ask(method, path, query, body, headers))

    async def _ask(self, method: str, path: str, query: bytes, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        face, world = self.world.faces[Exchange.KRAKEN], self.world
        app = FaultMiddleware(face.app, "kraken", world.plan, world.records, world.clock, face.identify, world.stopping)
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": query,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        sent = bytearray()

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.extend(message.get("body", b""))

        await app(scope, receive, send)
        answer: dict[str, Any] = json.loads(sent)
        return answer


def make_desk(config: SimulatorConfig | None = None, start: Mapping[str, str] = START_PRICES) -> Desk:
    """Without a configuration: 10000 USD each and no rate limits."""
    clock, prices = ManualClock(), ManualPrices(start)
    chosen = config or SimulatorConfig(usd_accounts(), limits=UNLIMITED)
    world = build_world(chosen, clock, Prices(WallMarketClock(), {"kraken": prices}))
    return Desk(world, clock, prices)
