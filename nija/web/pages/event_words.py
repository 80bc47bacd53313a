"""One sentence for each event of the history."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.figures import UNKNOWN, amount, money, price, signed_money

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nija.journal.records import HistoryRow

_BOUGHT_OR_SOLD = {"buy": "Bought", "sell": "Sold"}


def event_words(row: HistoryRow) -> str:
    """An event of a kind that has no words of its own says its name and its details."""
    words = _WORDS.get(row.kind)
    return _others(row) if words is None else words(row)


def _filled(row: HistoryRow) -> str:
    done = _BOUGHT_OR_SOLD.get(_text(row, "side"), "Traded")
    return f"{done} {_amount(row)} at {_price(row, 'price')} ({_text(row, 'purpose')})"


def _refused(row: HistoryRow) -> str:
    return f"The exchange refused to {_text(row, 'side')} {_amount(row)} ({_text(row, 'purpose')}): {_reason(row)}"


def _closed(row: HistoryRow) -> str:
    net = signed_money(_number(row, "net"), _quote(row))
    return f"Position closed: {net} after all fees ({_text(row, 'reason') or 'sold by its stop'})"


def _reduced(row: HistoryRow) -> str:
    net = signed_money(_number(row, "net"), _quote(row))
    return f"Position reduced by {_amount(row)} at {_price(row, 'price')}, {net} after fees: {_reason(row)}"


def _by(text: str) -> Callable[[HistoryRow], str]:
    def words(row: HistoryRow) -> str:
        by = _text(row, "by")
        return f"{text}, by {by}" if by else text

    return words


def _balance(row: HistoryRow) -> str:
    currency = _text(row, "currency")
    return f"Balance {money(_number(row, 'total'), currency)}, invested {money(_number(row, 'invested'), currency)}"


def _because(start: str) -> Callable[[HistoryRow], str]:
    def words(row: HistoryRow) -> str:
        reason = _reason(row)
        return f"{start}: {reason}" if reason else start

    return words


def _always(text: str) -> Callable[[HistoryRow], str]:
    return lambda _row: text


_WORDS: Mapping[str, Callable[[HistoryRow], str]] = MappingProxyType(
    {
        "order_filled": _filled,
        "order_refused": _refused,
        "stop_placed": lambda row: f"Stop placed at {_price(row, 'stop')} for {_amount(row)}",
        "stop_moved": lambda row: f"Stop moved to {_price(row, 'stop')}",
        "stop_set_by_hand": lambda row: f"The owner moved the stop to {_price(row, 'stop')}",
        "difference_found": lambda row: f"Exchange and journal differed ({_text(row, 'kind')}): {_text(row, 'repair')}",
        "journal_rebuilt": lambda row: f"The journal was empty: orders read from the exchange: {_text(row, 'orders')}",
        "position_opened": lambda row: f"Position opened: {_amount(row)} at {_price(row, 'price')}",
        "position_increased": lambda row: f"Position increased by {_amount(row)} at {_price(row, 'price')}",
        "position_reduced": _reduced,
        "position_closed": _closed,
        "position_written_off": lambda row: f"{_amount(row)} booked out: {_reason(row)}",
        "position_bare": _because("Not protected as it should be"),
        "position_protected": _because("Protected again. It was"),
        "position_in_doubt": _because("In doubt whose coins these are"),
        "position_certain": _because("No longer in doubt"),
        "account_connected": _always("Connected"),
        "balance_read": _balance,
        "trading_started": _always("Trading started"),
        "connection_failed": _because("Connection failed"),
        "account_failed": _because("Failed"),
        "account_recovered": _because("Works again"),
        "limit_reached": _because("No new entries"),
        "flattened": _always("Everything is sold, and trading stays stopped"),
        "another_program": _because("Another program trades this account"),
        "another_program_gone": _always("No other program trades this account any more"),
        "stop_trading": _by("Trading stopped"),
        "flatten": _by("Selling everything"),
        "resume": _by("Trading resumed"),
        "close": _by("Selling this position"),
    }
)


def _others(row: HistoryRow) -> str:
    details = ", ".join(f"{name} {value}" for name, value in sorted(row.detail.items()) if value not in (None, ""))
    name = row.kind.replace("_", " ").capitalize()
    return f"{name}: {details}" if details else name


def _text(row: HistoryRow, name: str) -> str:
    value = row.detail.get(name)
    return "" if value is None else str(value)


def _reason(row: HistoryRow) -> str:
    return _text(row, "reason")


def _number(row: HistoryRow, name: str) -> Decimal | None:
    try:
        return Decimal(_text(row, name))
    except InvalidOperation:
        return None


def _amount(row: HistoryRow) -> str:
    shown = amount(_number(row, "amount"))
    return shown if shown == UNKNOWN else f"{shown} {(row.market or '').partition('/')[0]}"


def _price(row: HistoryRow, name: str) -> str:
    return price(_number(row, name), row.market or "")


def _quote(row: HistoryRow) -> str:
    return (row.market or "").partition("/")[2]
