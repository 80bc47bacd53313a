"""Kraken's rows as NIJA's values, and NIJA's requests as Kraken's parameters."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.errors import BadAnswer, OrderRejected
from brokers.model import ZERO, Balance, Fees, KeyInfo, Market, OrderRequest, OrderType, Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from brokers.kraken.symbols import Symbols

NEEDED_PERMISSIONS = frozenset(
    {"query-funds", "query-open-trades", "query-closed-trades", "modify-trades", "close-trades"}
)
_WITHDRAWING = frozenset({"withdraw-funds", "add-withdraw-address", "update-withdraw-address"})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDER_TYPES = {OrderType.MARKET: "market", OrderType.LIMIT: "limit", OrderType.STOP: "stop-loss"}


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
        raise TypeError("a float where an exact number was expected")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{number} where a number was expected")
    return number


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


def balances_of(result: Mapping[str, Any], symbols: Symbols) -> tuple[dict[str, Balance], dict[str, str]]:
    """Totals and holds by currency, and why an asset is not among them although it can be spent, by `balance:<asset>`.

    Kraken Rewards (`.F`) are included: with them on, the plain asset may be near zero.
    """
    totals: dict[str, Decimal] = {}
    holds: dict[str, Decimal] = {}
    unread: dict[str, str] = {}
    for asset, row in result.items():
        if symbols.is_locked(asset):
            continue
        currency = symbols.currency(asset)
        if currency is not None:
            credit = decimal_of(row.get("credit", 0)) - decimal_of(row.get("credit_used", 0))
            totals[currency] = totals.get(currency, ZERO) + decimal_of(row["balance"]) + credit
            holds[currency] = holds.get(currency, ZERO) + decimal_of(row.get("hold_trade", 0))
        elif not _is_nothing(row):
            unread[f"balance:{asset}"] = f"Kraken has not said which currency {asset} is"
    return {currency: Balance(currency, total, holds[currency]) for currency, total in totals.items()}, unread


def _is_nothing(row: object) -> bool:
    """Whether a balance is certainly zero."""
    try:
        return isinstance(row, dict) and decimal_of(row["balance"]) == ZERO
    except (LookupError, ArithmeticError, TypeError, ValueError):
        return False


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
    account = result.get("iban")
    stored = result.get("nonce")
    return KeyInfo(
        account_uid=str(account) if account else f"key {fingerprint}",
        permissions=permissions,
        missing=NEEDED_PERMISSIONS - permissions,
        can_withdraw=bool(permissions & _WITHDRAWING),
        clock_skew=skew,
        expires=_moment_or_none(result.get("validUntil")),
        ip_allowlist=tuple(str(address) for address in result.get("ipAllowlist") or ()),
        names_account=bool(account),
        history_from=_moment_or_none(result.get("queryFrom")),
        history_until=_moment_or_none(result.get("queryTo")),
        stored_nonce=int(decimal_of(stored)) if stored else None,
    )


def _moment_or_none(seconds: object) -> datetime | None:
    moment = moment_of(seconds or 0)
    return None if moment == _EPOCH else moment
