"""Kraken's public endpoints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from brokers.model import ZERO
from brokers.simulator.engine.markets import Mode
from brokers.simulator.faults import FaultKind
from brokers.simulator.kraken.arguments import parse_number
from brokers.simulator.kraken.errors import KrakenError, invalid
from brokers.simulator.kraken.fee_table import FEE_TIERS
from brokers.simulator.kraken.render import fixed, precise
from brokers.simulator.kraken.symbols import COST_DECIMALS, LOT_DECIMALS, Pair, find_asset

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.simulator.engine.market_data import CandleRow
    from brokers.simulator.kraken.face import KrakenCall

_INTERVALS = (1, 5, 15, 30, 60, 240, 1_440, 10_080, 21_600)
_MAX_ROWS = 720
_MAX_DEPTH = 500
_MAX_TRADES = 1_000
_DAY = 86_400
_HOUR = 3_600
# Unix times in seconds are below this, those in nanoseconds above.
_SECONDS_BELOW = 1e15


def server_time(call: KrakenCall) -> dict[str, Any]:
    call.arguments.only()
    moment = _now(call)
    text = datetime.fromtimestamp(moment, UTC).strftime("%a, %d %b %y %H:%M:%S +0000")
    return {"unixtime": int(moment), "rfc1123": text}


def system_status(call: KrakenCall) -> dict[str, Any]:
    call.arguments.only()
    text = datetime.fromtimestamp(_now(call), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"status": call.face.engine.exchange.mode.value, "timestamp": text}


def _now(call: KrakenCall) -> float:
    offset = call.context.fault(FaultKind.CLOCK_OFFSET)
    return call.face.clock.time() + (offset.seconds if offset else 0.0)


def assets(call: KrakenCall) -> dict[str, Any]:
    call.arguments.only("asset", "aclass", "assetVersion")
    wanted = call.arguments.listed("asset")
    chosen = [find_asset(name) for name in wanted] if wanted else list(call.face.names.assets())
    if None in chosen:
        raise KrakenError("EQuery:Unknown asset")
    return {
        asset.id: {
            "aclass": "currency",
            "altname": asset.altname,
            "decimals": asset.decimals,
            "display_decimals": asset.display_decimals,
            "status": "enabled",
        }
        for asset in chosen
        if asset is not None
    }


def asset_pairs(call: KrakenCall) -> dict[str, Any]:
    call.arguments.only("pair", "info", "aclass_base", "country_code", "execution_venue", "assetVersion")
    if call.arguments.text("info", "info") not in ("", "info", "leverage", "fees", "margin"):
        raise invalid("info")
    pairs = [call.face.pair(name) for name in call.arguments.listed("pair")] or call.face.pairs()
    return {pair.id: _pair_row(call, pair) for pair in pairs}


def _pair_row(call: KrakenCall, pair: Pair) -> dict[str, Any]:
    mode = call.face.engine.exchange.market_modes.get(pair.spec.symbol, Mode.ONLINE)
    return {
        "altname": pair.altname,
        "wsname": pair.wsname,
        "aclass_base": "currency",
        "base": pair.base.id,
        "aclass_quote": "currency",
        "quote": pair.quote.id,
        "lot": "unit",
        "cost_decimals": max(COST_DECIMALS, pair.quote.decimals),
        "pair_decimals": pair.pair_decimals,
        "lot_decimals": pair.lot_decimals,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": [[tier.volume, float(tier.taker)] for tier in FEE_TIERS],
        "fees_maker": [[tier.volume, float(tier.maker)] for tier in FEE_TIERS],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": format(pair.spec.min_amount, "f"),
        "costmin": format(pair.spec.min_cost, "f"),
        "tick_size": format(pair.spec.price_step, "f"),
        "status": mode.value,
    }


def ticker(call: KrakenCall) -> dict[str, Any]:
    call.arguments.only("pair", "asset_class")
    pairs = [call.face.pair(name) for name in call.arguments.listed("pair")] or call.face.pairs()
    return {pair.id: _ticker_row(call, pair) for pair in pairs if call.face.board.last(pair.spec.symbol) is not None}


def _ticker_row(call: KrakenCall, pair: Pair) -> dict[str, Any]:
    symbol, board = pair.spec.symbol, call.face.board
    book = call.face.engine.exchange.book(symbol)
    hours = board.candles(symbol, _HOUR)[-24:]
    today = [row for row in hours if row.time >= int(board.market_time()) // _DAY * _DAY] or hours[-1:]
    last = precise(board.last(symbol) or ZERO, COST_DECIMALS)
    spans = (today, hours)
    decimals = pair.pair_decimals
    return {
        "a": [fixed(book.asks[0].price, 5), str(int(book.asks[0].amount)), fixed(book.asks[0].amount, 3)],
        "b": [fixed(book.bids[0].price, 5), str(int(book.bids[0].amount)), fixed(book.bids[0].amount, 3)],
        "c": [last, fixed(board.last_volume(symbol), LOT_DECIMALS)],
        "v": [fixed(_volume(rows), LOT_DECIMALS) for rows in spans],
        "p": [fixed(_vwap(rows, board.last(symbol) or ZERO), decimals) for rows in spans],
        "t": [sum(row.count for row in rows) for rows in spans],
        "l": [fixed(min((row.low for row in rows), default=ZERO), decimals) for rows in spans],
        "h": [fixed(max((row.high for row in rows), default=ZERO), decimals) for rows in spans],
        "o": fixed(today[0].open if today else board.last(symbol) or ZERO, decimals),
    }


def _volume(rows: list[CandleRow]) -> Decimal:
    return sum((row.volume for row in rows), ZERO)


def _vwap(rows: list[CandleRow], last: Decimal) -> Decimal:
    volume = _volume(rows)
    return sum((row.vwap * row.volume for row in rows), ZERO) / volume if volume else last


def ohlc(call: KrakenCall) -> dict[str, Any]:
    """The last row is always the open candle; `last` is the newest closed one."""
    call.arguments.only("pair", "interval", "since", "asset_class")
    pair = call.face.pair(call.arguments.needed("pair"))
    interval = call.arguments.integer("interval", 1)
    if interval not in _INTERVALS:
        raise invalid("interval")
    since = call.arguments.integer("since")
    rows = call.face.board.candles(pair.spec.symbol, interval * 60)[-_MAX_ROWS:]
    if not rows:
        return {pair.id: [], "last": 0}
    shown = [row for row in rows[:-1] if row.time > since] + rows[-1:]
    committed = rows[-2].time if len(rows) > 1 else rows[-1].time
    return {pair.id: [_candle(row, pair) for row in shown], "last": committed}


def _candle(row: CandleRow, pair: Pair) -> list[Any]:
    decimals = pair.pair_decimals
    prices = [precise(price, decimals) for price in (row.open, row.high, row.low, row.close)]
    vwap = fixed(row.vwap, decimals) if row.volume else "0.0"
    return [row.time, *prices, vwap, fixed(row.volume, LOT_DECIMALS), row.count]


def depth(call: KrakenCall) -> dict[str, Any]:
    call.arguments.only("pair", "count", "asset_class")
    pair = call.face.pair(call.arguments.needed("pair"))
    count = call.arguments.integer("count", 100)
    if not 1 <= count <= _MAX_DEPTH:
        raise invalid("count")
    book, moment = call.face.engine.exchange.book(pair.spec.symbol), int(call.face.clock.time())

    def rows(levels: Any) -> list[list[Any]]:  # noqa: ANN401  both sides of a book
        return [[fixed(level.price, 5), fixed(level.amount, 3), moment] for level in levels[:count]]

    return {pair.id: {"asks": rows(book.asks), "bids": rows(book.bids)}}


def trades(call: KrakenCall) -> dict[str, Any]:
    call.arguments.only("pair", "since", "count", "asset_class")
    pair = call.face.pair(call.arguments.needed("pair"))
    count = call.arguments.integer("count", _MAX_TRADES)
    if not 1 <= count <= _MAX_TRADES:
        raise invalid("count")
    since = _nanoseconds(call)
    shown = [trade for trade in call.face.board.recent_trades(pair.spec.symbol) if trade.time * 1e9 > since][:count]
    rows = []
    for trade in shown:
        side = "b" if trade.number % 2 else "s"
        rows.append([fixed(trade.price, 5), fixed(trade.volume, 8), trade.time, side, "m", "", trade.number])
    return {pair.id: rows, "last": str(int((shown[-1].time if shown else call.face.clock.time()) * 1e9))}


def _nanoseconds(call: KrakenCall) -> float:
    """`since` is an id in nanoseconds, or Unix seconds; clients use both."""
    since = float(parse_number(call.arguments.text("since", "0") or "0", "since", digits=20))
    return since if since > _SECONDS_BELOW else since * 1e9


def spread(call: KrakenCall) -> dict[str, Any]:
    call.arguments.only("pair", "since", "asset_class")
    pair = call.face.pair(call.arguments.needed("pair"))
    book, moment = call.face.engine.exchange.book(pair.spec.symbol), int(call.face.clock.time())
    return {pair.id: [[moment, fixed(book.bids[0].price, 5), fixed(book.asks[0].price, 5)]], "last": moment}
