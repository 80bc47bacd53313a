"""Time, products, books, trades and candles; the same for a key and, on the public paths, for anyone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from brokers.model import ZERO
from brokers.simulator.coinbase.errors import invalid_argument
from brokers.simulator.coinbase.text import plain, rfc3339, stepped
from brokers.simulator.engine.markets import Mode

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.simulator.coinbase.face import Answer, CoinbaseCall
    from brokers.simulator.coinbase.symbols import Product
    from brokers.simulator.engine.book import Book, BookLevel
    from brokers.simulator.engine.market_data import CandleRow

_GRANULARITIES = {
    "ONE_MINUTE": 60,
    "FIVE_MINUTE": 300,
    "FIFTEEN_MINUTE": 900,
    "THIRTY_MINUTE": 1_800,
    "ONE_HOUR": 3_600,
    "TWO_HOUR": 7_200,
    "FOUR_HOUR": 14_400,
    "SIX_HOUR": 21_600,
    "ONE_DAY": 86_400,
}
_DAY = 86_400
_MOST_BUCKETS = 350
_MOST_TRADES = 1_000
_PRODUCT_NAMES = (
    "limit", "offset", "product_type", "contract_expiry_type", "expiring_contract_status", "get_tradability_status",
    "get_all_products", "products_sort_order", "cursor", "user_native_currency",
)  # fmt: skip


def server_time(call: CoinbaseCall) -> Answer:
    call.query.only()
    now = call.now
    return {
        "iso": datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "epochSeconds": str(int(now)),
        "epochMillis": str(int(now * 1000)),
    }


def list_products(call: CoinbaseCall) -> Answer:
    query = call.query
    query.only(*_PRODUCT_NAMES, lists=("product_ids",))
    kind = query.choice("product_type", ("SPOT", "FUTURE", "UNKNOWN_PRODUCT_TYPE"))
    wanted = query.listed("product_ids")
    products = [product for product in call.face.on_offer() if not wanted or product.id in wanted]
    if kind == "FUTURE":
        products = []
    start = query.whole("offset", 0)
    products = products[start : start + query.limit(max(len(products), 1), 1_000)]
    return {
        "products": [_product_fields(call, product) for product in products],
        "num_products": len(products),
        "pagination": None,
    }


def get_product(call: CoinbaseCall) -> Answer:
    call.query.only("get_tradability_status")
    return _product_fields(call, call.face.product(call.path["product_id"]))


def best_bid_ask(call: CoinbaseCall) -> Answer:
    call.query.only(lists=("product_ids",))
    wanted = call.query.listed("product_ids")
    products = [call.face.product(name) for name in wanted] if wanted else call.face.on_offer()
    return {"pricebooks": [_book_fields(call, product, 1) for product in products]}


def product_book(call: CoinbaseCall) -> Answer:
    call.query.only("product_id", "limit", "aggregation_price_increment")
    product = call.face.product(call.query.needed("product_id"))
    book = _book(call, product)
    bid, ask = book.bids[0].price, book.asks[0].price
    middle = (bid + ask) / 2
    return {
        "pricebook": _book_fields(call, product, call.query.limit(len(book.bids), 1_000)),
        "last": plain(call.face.engine.exchange.price(product.spec.symbol)),
        "mid_market": plain(middle),
        "spread_bps": f"{(ask - bid) / middle * 10_000:.4f}",
        "spread_absolute": plain(ask - bid),
    }


def ticker(call: CoinbaseCall) -> Answer:
    call.query.only("limit", "start", "end")
    product = call.face.product(call.path["product_id"])
    limit = call.query.limit(100, _MOST_TRADES)
    start, end = call.query.whole("start", 0), call.query.whole("end", 2**62)
    book = _book(call, product)
    trades = [trade for trade in call.face.board.recent_trades(product.spec.symbol) if start <= trade.time <= end]
    return {
        "trades": [
            {
                "trade_id": str(trade.number),
                "product_id": product.id,
                "price": plain(trade.price),
                "size": plain(trade.volume),
                "time": rfc3339(trade.time),
                # The maker's side.
                "side": "SELL" if trade.number % 2 else "BUY",
                "exchange": "coinbase",
                "bid": "",
                "ask": "",
            }
            for trade in reversed(trades[-limit:])
        ],
        "best_bid": stepped(book.bids[0].price, product.spec.price_step),
        "best_ask": stepped(book.asks[0].price, product.spec.price_step),
    }


def candles(call: CoinbaseCall) -> Answer:
    """Newest first, without buckets that had no trades."""
    call.query.only("start", "end", "granularity", "limit")
    product = call.face.product(call.path["product_id"])
    name = call.query.needed("granularity")
    seconds = _GRANULARITIES.get(name)
    if seconds is None:
        raise invalid_argument(f"granularity cannot be {name}")
    start, end = (call.query.whole(bound, 0) for bound in ("start", "end") if call.query.needed(bound))
    limit = call.query.limit(_MOST_BUCKETS, _MOST_BUCKETS)
    if end < start:
        raise invalid_argument("end must not lie before start")
    if (end - start) / seconds > _MOST_BUCKETS:
        raise invalid_argument(f"start and end must span at most {_MOST_BUCKETS} buckets")
    rows = [row for row in _shown(call, product, seconds) if start <= row.time <= end]
    return {"candles": [_candle_fields(row) for row in reversed(rows[-limit:])]}


def _shown(call: CoinbaseCall, product: Product, seconds: int) -> list[CandleRow]:
    """Includes the open candle only if market time equals the wall clock.

    Otherwise its end is already before the exchange's time, and clients would have to take it for closed.
    """
    board = call.face.board
    rows = board.candles(product.spec.symbol, seconds)
    if call.face.clock.time() - board.market_time() >= 1 or (rows and not rows[-1].count):
        return rows[:-1]
    return rows


def _candle_fields(row: CandleRow) -> Answer:
    return {
        "start": str(row.time),
        "low": plain(row.low),
        "high": plain(row.high),
        "open": plain(row.open),
        "close": plain(row.close),
        "volume": plain(row.volume),
    }


def _product_fields(call: CoinbaseCall, product: Product) -> Answer:
    spec = product.spec
    mode = call.face.engine.exchange.mode_of(spec.symbol)
    price = call.face.board.last(spec.symbol)
    return {
        "product_id": product.id,
        "price": "" if price is None else plain(price),
        **_last_day(call, product),
        "base_increment": format(spec.amount_step, "f"),
        "quote_increment": format(product.quote_increment, "f"),
        "quote_min_size": plain(product.quote_min_size),
        "quote_max_size": plain(product.quote_max_size),
        "base_min_size": format(spec.min_amount, "f"),
        "base_max_size": plain(product.base_max_size),
        "base_name": product.base_name,
        "quote_name": "US Dollar",
        "watched": False,
        "is_disabled": mode is Mode.DISABLED,
        "new": False,
        "status": "online",
        "cancel_only": mode is Mode.CANCEL_ONLY,
        "limit_only": mode is Mode.LIMIT_ONLY,
        "post_only": mode is Mode.POST_ONLY,
        "trading_disabled": mode in (Mode.HALTED, Mode.MAINTENANCE),
        "auction_mode": mode is Mode.AUCTION,
        "product_type": "SPOT",
        "quote_currency_id": spec.quote,
        "base_currency_id": spec.base,
        "fcm_trading_session_details": None,
        "mid_market_price": "",
        "alias": "",
        "alias_to": list(product.alias_to),
        "base_display_symbol": spec.base,
        "quote_display_symbol": spec.quote,
        "view_only": mode is Mode.VIEW_ONLY,
        "price_increment": format(spec.price_step, "f"),
        "display_name": f"{spec.base}-{spec.quote}",
        "product_venue": "CBE",
    }


def _last_day(call: CoinbaseCall, product: Product) -> Answer:
    """For the last closed day; empty if there is none."""
    rows = call.face.board.candles(product.spec.symbol, _DAY)[-3:-1]
    if not rows:
        names = ("price_percentage_change_24h", "volume_24h", "volume_percentage_change_24h")
        return {**dict.fromkeys(names, ""), "approximate_quote_24h_volume": ""}
    before, last = rows[0], rows[-1]
    return {
        "price_percentage_change_24h": _change(before.close, last.close),
        "volume_24h": plain(last.volume),
        "volume_percentage_change_24h": _change(before.volume, last.volume),
        "approximate_quote_24h_volume": f"{last.volume * last.vwap:.2f}",
    }


def _change(before: Decimal, after: Decimal) -> str:
    return f"{(after / before - 1) * 100:.8f}" if before > ZERO else ""


def _book(call: CoinbaseCall, product: Product) -> Book:
    return call.face.engine.exchange.book(product.spec.symbol)


def _book_fields(call: CoinbaseCall, product: Product, levels: int) -> Answer:
    book = _book(call, product)
    return {
        "product_id": product.id,
        "bids": [_level_fields(level) for level in book.bids[:levels]],
        "asks": [_level_fields(level) for level in book.asks[:levels]],
        "time": rfc3339(call.now),
    }


def _level_fields(level: BookLevel) -> Answer:
    return {"price": plain(level.price), "size": plain(level.amount)}
