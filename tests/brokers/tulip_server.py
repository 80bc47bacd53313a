"""Tulip itself: the simulator's engine, by way of a paper account's books, behind a protocol of its own on loopback."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from brokers.clock import SystemClock
from brokers.errors import BrokerError, Unauthorized
from brokers.model import ApiKey, Market, OrderRequest, Ticker
from brokers.paper.broker import PaperBroker
from tests.brokers.tulip.description import TULIP
from tests.brokers.tulip.wire import row, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_MINUTE = 60
_STEP = Decimal("0.01")
BTC = Market("BTC/USD", "BTC", "USD", Decimal("0.0001"), _STEP, Decimal("0.0001"), Decimal(1))
EPOCH = datetime.fromtimestamp(0, UTC)
KEY = ApiKey("bulb-of-daivon-frazier", "root-of-daivon-frazier")


class TulipExchange:
    """One account with 10,000 USD, one market whose last price is 100. `met` waits for something to become true."""

    def __init__(self, folder: Path) -> None:
        self.permissions = ["look", "deal"]
        self._price = Decimal(100)
        self._candles = [[_MINUTE * number, 100, 100, 100, 100, 1] for number in range(50)]
        self._changed = threading.Condition()
        starting = {"USD": Decimal(10_000)}
        self.books = PaperBroker(
            TULIP, folder / "tulip.json", SystemClock(), listed=self, prices=self._ticker, starting=starting
        )
        self.books.connect()

    def close_candle(self, price: int) -> None:
        """The market moves to `price`, and a candle closes there."""
        with self._changed:
            self._price = Decimal(price)
            self._candles.append([self._candles[-1][0] + _MINUTE, price, price, price, price, 1])
            self.books.open_orders()

    def met(self, condition: Callable[[PaperBroker], bool], within: float = 60.0) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: condition(self.books), within)

    def markets(self, max_age: float) -> Mapping[str, Market]:
        return {BTC.symbol: BTC}

    def markets_age(self) -> float:
        return 0.0

    def answer(self, call: str, key: tuple[str, str], body: dict[str, Any]) -> dict[str, Any]:
        with self._changed:
            try:
                public = self._public(body)
                if call not in public and key != (KEY.key, KEY.secret):
                    raise Unauthorized("no such key")
                return {"result": {**public, **self._private(body)}[call]()}
            except BrokerError as error:
                return {"error": type(error).__name__, "text": str(error)}
            finally:
                self._changed.notify_all()

    def _public(self, body: dict[str, Any]) -> dict[str, Callable[[], object]]:
        return {
            "time": lambda: datetime.now(UTC).timestamp(),
            "markets": lambda: [row(BTC)],
            "candles": lambda: self._candles,
            "tickers": lambda: [row(self._ticker(market)) for market in body["markets"]],
        }

    def _private(self, body: dict[str, Any]) -> dict[str, Callable[[], object]]:
        books = self.books

        def moment() -> datetime:
            return datetime.fromisoformat(body["since"])

        def found() -> object:
            orders = (*books.open_orders(), *books.closed_orders(EPOCH))
            return next((row(order) for order in orders if order.client_id == body["client_id"]), None)

        def amend() -> None:
            books.amend_stop(body["id"], body["market"], Decimal(body["amount"]), Decimal(body["stop_price"]))

        return {
            "key": lambda: {"account": "bulbs of daivon", "permissions": self.permissions},
            "fees": lambda: row(books.fees(body["market"])),
            "balances": lambda: [row(balance) for balance in books.balances().values()],
            "place": lambda: books.place(value_of(OrderRequest, body["order"])),
            "preview": lambda: books.preview(value_of(OrderRequest, body["order"])),
            "find": found,
            "amend": amend,
            "cancel": lambda: books.cancel(body["id"]),
            "order": lambda: row(books.order(body["id"])),
            "orders": lambda: [row(order) for order in books.orders(body["ids"]).values()],
            "open_orders": lambda: [row(order) for order in books.open_orders()],
            "closed_orders": lambda: [row(order) for order in books.closed_orders(moment())],
            "fills": lambda: [row(fill) for fill in books.fills(moment())],
        }

    def _ticker(self, market: str) -> Ticker:
        return Ticker(market, self._price - _STEP, self._price + _STEP, self._price, datetime.now(UTC))


@contextmanager
def serving(exchange: TulipExchange) -> Iterator[str]:
    """Its address, as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._tell(exchange.answer(self.path[1:], (self.headers["Key"], self.headers["Secret"]), body))

        def do_GET(self) -> None:
            """The keyless clock, for whoever looks with a browser or with `nija doctor`."""
            self._tell({"time": exchange.answer(self.path[1:], ("", ""), {})["result"]})

        def log_message(self, *_: object) -> None:
            """Quietly."""

        def _tell(self, answer: dict[str, Any]) -> None:
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
