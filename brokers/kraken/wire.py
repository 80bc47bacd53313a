"""Kraken's rows as NIJA's values, and NIJA's requests as Kraken's parameters."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.errors import BadAnswer, OrderRejected
from brokers.model import ZERO, Balance, Fees, Fill, KeyInfo, Market, Order, OrderRequest, OrderStatus, OrderType, Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from brokers.kraken.symbols import Symbols

NEEDED_PERMISSIONS = frozenset(
    {"query-funds", "query-open-trades", "query-closed-trades", "modify-trades", "close-trades"}
)
_WITHDRAWING = frozenset({"withdraw-funds", "add-withdraw-address", "update-withdraw-address"})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATUSES = {
    "pending": OrderStatus.PENDING,
    "open": OrderStatus.OPEN,
    "closed": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELLED,
    "expired": OrderStatus.EXPIRED,
}
_ORDER_TYPES = {OrderType.MARKET: "market", OrderType.LIMIT: "limit", OrderType.STOP: "stop-loss"}
_STOP_KINDS = ("stop-loss", "trailing-stop")


@contextmanager
def understanding(what: str) -> Iterator[None]:
    """Turn whatever an answer of unknown shape trips over into BadAnswer."""
    try:
        yield
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, StopIteration) as error:
        raise BadAnswer(f"Kraken's {what} have an unknown shape ({type(error).__name__}: {error})") from error


def decimal_of(value: object) -> Decimal:
    """A number as it was written on the wire. A float has already lost digits, so it is refused."""
    if isinstance(value, float | bool):
        raise TypeError(f"a float where an exact number was expected: {value!r}")
    return Decimal(str(value))


def moment_of(seconds: object) -> datetime:
    """Unix seconds with a fraction, to the microsecond."""
    return _EPOCH + timedelta(microseconds=int(decimal_of(seconds) * 1_000_000))


def plain(value: Decimal) -> str:
    """Without an exponent: `1e-05` is refused as a volume."""
    return format(value, "f")


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def order_params(request: OrderRequest, market: Market, pair_id: str, deadline: datetime) -> dict[str, str]:
    """The AddOrder parameters. Raises OrderRejected where nothing is left after rounding."""
    amount = market.floor_amount(request.amount)
    if amount <= ZERO:
        raise OrderRejected(
            f"{plain(request.amount)} {market.base} is less than one step of {plain(market.amount_step)}",
            "below one step",
        )
    params = {
        "pair": pair_id,
        "type": request.side.value,
        "ordertype": _ORDER_TYPES[request.type],
        "volume": plain(amount),
        # Which currency a fee is taken from differs by side unless it is said.
        "oflags": "fciq,post" if request.post_only else "fciq",
        "cl_ord_id": request.client_id,
        "deadline": rfc3339(deadline),
    }
    if request.limit_price is not None:
        params["price"] = plain(_limit_on_tick(request.side, request.limit_price, market))
    if request.stop_price is not None:
        params["price"] = plain(market.floor_price(request.stop_price))
        params["trigger"] = "last"
    return params


def _limit_on_tick(side: Side, price: Decimal, market: Market) -> Decimal:
    """Never worse than asked for: a buyer's limit down, a seller's up."""
    return market.floor_price(price) if side is Side.BUY else market.ceil_price(price)


def order_of(exchange_id: str, row: Mapping[str, Any], symbols: Symbols) -> Order:
    """Top-level `price` is the average of the fills; the order's own price stands in `descr`."""
    described = row["descr"]
    kind = _kind(described["ordertype"])
    own_price = decimal_of(described["price"])
    trigger = decimal_of(row.get("stopprice") or 0) or own_price
    filled = decimal_of(row["vol_exec"])
    closed = row.get("closetm")
    return Order(
        exchange_id=exchange_id,
        client_id=row.get("cl_ord_id") or None,
        market=symbols.symbol(described["pair"]),
        side=Side(described["type"]),
        type=kind,
        status=_STATUSES[row["status"]],
        amount=decimal_of(row["vol"]),
        filled=filled,
        average_price=_average(row, filled),
        fee=decimal_of(row["fee"]),
        created=moment_of(row["opentm"]),
        closed=moment_of(closed) if closed else None,
        limit_price=own_price if kind is OrderType.LIMIT else None,
        stop_price=trigger if kind is OrderType.STOP else None,
        reason="; ".join(str(row[name]) for name in ("reason", "misc") if row.get(name)),
    )


def _kind(name: str) -> OrderType:
    """Foreign orders may be of kinds that NIJA has no word for: the nearest one then."""
    if name.endswith("limit") or name == "iceberg":
        return OrderType.LIMIT
    return OrderType.STOP if name in _STOP_KINDS else OrderType.MARKET


def _average(row: Mapping[str, Any], filled: Decimal) -> Decimal | None:
    if filled == ZERO:
        return None
    return decimal_of(row["price"]) or decimal_of(row["cost"]) / filled


def fill_of(fill_id: str, row: Mapping[str, Any], symbols: Symbols) -> Fill:
    """Here `pair` is the pair's id, where orders have its altname."""
    market = symbols.symbol(row["pair"])
    return Fill(
        id=fill_id,
        order_id=row["ordertxid"],
        market=market,
        side=Side(row["type"]),
        amount=decimal_of(row["vol"]),
        price=decimal_of(row["price"]),
        fee=decimal_of(row["fee"]),
        fee_currency=symbols.quote(market),
        time=moment_of(row["time"]),
        maker=row.get("maker") is True,
    )


def balances_of(result: Mapping[str, Any], symbols: Symbols) -> dict[str, Balance]:
    """Totals and holds by currency, Kraken Rewards (`.F`) included: with them on, the plain asset may be near zero."""
    totals: dict[str, Decimal] = {}
    holds: dict[str, Decimal] = {}
    for asset, row in result.items():
        currency = symbols.spendable(asset)
        if currency is None:
            continue
        credit = decimal_of(row.get("credit", 0)) - decimal_of(row.get("credit_used", 0))
        totals[currency] = totals.get(currency, ZERO) + decimal_of(row["balance"]) + credit
        holds[currency] = holds.get(currency, ZERO) + decimal_of(row.get("hold_trade", 0))
    return {currency: Balance(currency, total, holds[currency]) for currency, total in totals.items()}


def fees_of(result: Mapping[str, Any], pair_id: str) -> Fees:
    """Percent strings of TradeVolume as fractions; a pair without a maker schedule pays the taker's."""
    taker = _fee(result["fees"], pair_id)
    makers = result.get("fees_maker")
    return Fees(maker=_fee(makers, pair_id) if makers else taker, taker=taker)


def _fee(table: Mapping[str, Any], pair_id: str) -> Decimal:
    """One pair was asked for; should it come under its altname, it is still the only one."""
    row = table[pair_id] if pair_id in table else next(iter(table.values()))
    return decimal_of(row["fee"]) / 100


def key_info_of(result: Mapping[str, Any], fingerprint: str, skew: timedelta) -> KeyInfo:
    """Times are strings of Unix seconds, "0" where unset. Two keys with one `iban` are one account's."""
    permissions = frozenset(str(name) for name in result["permissions"])
    until = int(decimal_of(result.get("validUntil") or 0))
    return KeyInfo(
        account_uid=str(result.get("iban") or f"key {fingerprint}"),
        permissions=permissions,
        missing=NEEDED_PERMISSIONS - permissions,
        can_withdraw=bool(permissions & _WITHDRAWING),
        clock_skew=skew,
        expires=moment_of(until) if until else None,
        ip_allowlist=tuple(str(address) for address in result.get("ipAllowlist") or ()),
    )
