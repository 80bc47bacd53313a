"""A canned Kraken on loopback: gives scripted answers and records its requests."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from brokers.kraken.symbols import KrakenNames, Symbols, symbols_of
from brokers.model import ApiKey

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
KEY = ApiKey("K" * 56, SECRET)

ASSETS = {
    "XXBT": {"altname": "XBT", "decimals": 10, "status": "enabled"},
    "XXDG": {"altname": "XDG", "decimals": 8, "status": "enabled"},
    "XTZ": {"altname": "XTZ", "decimals": 8, "status": "enabled"},
    "XETH": {"altname": "ETH", "decimals": 10, "status": "enabled"},
    "ZUSD": {"altname": "USD", "decimals": 4, "status": "enabled"},
}
BTC_USD = {
    "altname": "XBTUSD",
    "wsname": "XBT/USD",
    "aclass_base": "currency",
    "base": "XXBT",
    "quote": "ZUSD",
    "cost_decimals": 5,
    "pair_decimals": 1,
    "lot_decimals": 8,
    "ordermin": "0.00005",
    "costmin": "0.5",
    "tick_size": "0.1",
    "status": "online",
}
PAIRS = {
    "XXBTZUSD": BTC_USD,
    "XTZUSD": {"altname": "XTZUSD", "base": "XTZ", "quote": "ZUSD", "pair_decimals": 4, "lot_decimals": 8},
}


def named_symbols() -> Symbols:
    """All of the above with names."""
    names = KrakenNames()
    names.learn_pairs(PAIRS)
    names.learn_assets(ASSETS)
    return symbols_of(PAIRS, names)


def order_row(described: dict[str, Any] | None = None, **changes: object) -> dict[str, Any]:
    """A resting limit order placed by hand, with changes applied."""
    row: dict[str, Any] = {
        "refid": None,
        "userref": 0,
        "status": "open",
        "opentm": 1_700_000_000.1234,
        "descr": {"pair": "XBTUSD", "type": "sell", "ordertype": "limit", "price": "50000.0", "leverage": "none"},
        "vol": "1.0",
        "vol_exec": "0.0",
        "cost": "0.0",
        "fee": "0.0",
        "price": "0.0",
        "stopprice": "0.0",
        "misc": "",
        "oflags": "fciq",
    }
    return row | changes | {"descr": row["descr"] | (described or {})}


@dataclass
class Asked:
    method: str
    params: dict[str, str]
    headers: dict[str, str]
    raw: str


@dataclass
class CannedKraken:
    """`answers[method]` holds raw texts, or (status, text) pairs; the last one stays."""

    url: str = ""
    answers: dict[str, deque[str | tuple[int, str]]] = field(default_factory=lambda: defaultdict(deque))
    asked: list[Asked] = field(default_factory=list)

    def say(self, method: str, result: object) -> None:
        self.answers[method].append(json.dumps({"error": [], "result": result}))

    def refuse(self, method: str, *errors: str) -> None:
        self.answers[method].append(json.dumps({"error": errors}))

    def raw(self, method: str, text: str, status: int = 200) -> None:
        self.answers[method].append((status, text))

    def calls(self, method: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == method]

    def answer(self, method: str) -> tuple[int, str]:
        queue = self.answers[method]
        told = queue.popleft() if len(queue) > 1 else queue[0] if queue else '{"error":["EGeneral:Unknown method"]}'
        return told if isinstance(told, tuple) else (200, told)


def _handler(canned: CannedKraken) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._serve(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._serve(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _serve(self, raw: str) -> None:
            method = urlsplit(self.path).path.rpartition("/")[2]
            canned.asked.append(Asked(method, dict(parse_qsl(raw, keep_blank_values=True)), dict(self.headers), raw))
            status, text = canned.answer(method)
            if status == 0:
                self.close_connection = True
                return
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if 300 <= status < 400:
                self.send_header("Location", "/0/private/Elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the overridden signature
            pass

    return Handler


@contextmanager
def canned_kraken() -> Iterator[CannedKraken]:
    kraken = CannedKraken()
    kraken.say("Assets", ASSETS)
    kraken.say("AssetPairs", PAIRS)
    kraken.say("SystemStatus", {"status": "online", "timestamp": "2023-11-14T22:13:20Z"})
    kraken.say("Time", {"unixtime": 1_700_000_000, "rfc1123": "Tue, 14 Nov 23 22:13:20 +0000"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(kraken))
    server.daemon_threads = True
    kraken.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield kraken
    finally:
        server.shutdown()
        server.server_close()
