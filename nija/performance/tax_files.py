"""Files for tax programs: NIJA's fills as rotki, Koinly and CoinTracking import them, and its disposals by lots.

Each row says that it comes from NIJA's fills alone. The programs differ in the fee: rotki and Koinly take it apart from
the amounts, CoinTracking wants amounts that contain it.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from accounts.identity import short_name
from brokers.figures import exact
from brokers.model import ZERO, Fill, Side
from nija.performance.lots import DisposalKind, LotMethod, lot_book

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from accounts.identity import AccountId
    from nija.journal.journal import Journal
    from nija.performance.lots import Disposal

    Row = tuple[str, ...]

_FILLS = (
    "Account", "Time (UTC)", "Market", "Side", "Amount", "Price", "Value", "Fee", "Fee Currency", "Order", "Fill",
    "Source",
)  # fmt: skip
_DISPOSALS = (
    "Account", "Kind", "Market", "Coin", "Amount", "Acquired (UTC)", "Disposed (UTC)", "Days Held", "Cost", "Proceeds",
    "Gain", "Currency", "Method", "Bought by Fill", "Sold by Fill", "Source",
)  # fmt: skip
# docs.rotki.com, "rotki Generic Trades Import".
_ROTKI = (
    "Location", "Spend Currency", "Receive Currency", "Receive Amount", "Spend Amount", "Fee", "Fee Currency",
    "Description", "Timestamp",
)  # fmt: skip
# support.koinly.io, "How to create a custom CSV file with your data", the universal template.
_KOINLY = (
    "Date", "Sent Amount", "Sent Currency", "Received Amount", "Received Currency", "Fee Amount", "Fee Currency",
    "Net Worth Amount", "Net Worth Currency", "Label", "Description", "TxHash",
)  # fmt: skip
# cointracking.info, "CSV Import": the columns of its own export.
_COINTRACKING = (
    "Type", "Buy", "Cur.", "Sell", "Cur.", "Fee", "Cur.", "Exchange", "Group", "Comment", "Date", "Tx-ID",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaxYear:
    """One account's fills and disposals of a year (UTC), by the time of the fill. `method` chose the lots."""

    account: AccountId
    year: int
    method: LotMethod
    fills: tuple[Fill, ...]
    disposals: tuple[Disposal, ...]

    @property
    def source(self) -> str:
        return f"NIJA's fills alone ({self.account})"


def tax_year(journal: Journal, year: int, method: LotMethod) -> TaxYear:
    """The lots come from all years; only what was disposed of in this one is shown. Raises JournalError."""
    fills = tuple(fill for fill in journal.fills.all() if _year(fill.time) == year)
    book = lot_book(journal, method)
    disposals = tuple(one for one in book.disposals if _year(one.disposed) == year)
    return TaxYear(journal.account, year, method, fills, disposals)


def tax_files(known: TaxYear) -> dict[str, str]:
    """The text of each file, by its name."""
    return {
        "fills.csv": _csv(_FILLS, [_fill(fill, known) for fill in known.fills]),
        f"disposals-{known.method}.csv": _csv(_DISPOSALS, [_disposal(one, known) for one in known.disposals]),
        "rotki.csv": _csv(_ROTKI, [_rotki(fill, known) for fill in known.fills]),
        "koinly.csv": _csv(_KOINLY, [_koinly(fill, known) for fill in known.fills]),
        "cointracking.csv": _csv(_COINTRACKING, [_cointracking(fill, known) for fill in known.fills]),
    }


@dataclass(frozen=True, slots=True)
class _Swap:
    """A fill as an exchange of two currencies, without its fee."""

    spent: Decimal
    spent_currency: str
    received: Decimal
    received_currency: str


def _swap(fill: Fill) -> _Swap:
    base, _, quote = fill.market.partition("/")
    value = fill.amount * fill.price
    if fill.side is Side.BUY:
        return _Swap(value, quote, fill.amount, base)
    return _Swap(fill.amount, base, value, quote)


def _fill(fill: Fill, known: TaxYear) -> Row:
    return (
        str(known.account),
        _text(fill.time),
        fill.market,
        fill.side.value,
        exact(fill.amount),
        exact(fill.price),
        exact(fill.amount * fill.price),
        exact(fill.fee),
        fill.fee_currency,
        fill.order_id,
        fill.id,
        known.source,
    )


def _disposal(one: Disposal, known: TaxYear) -> Row:
    coin, _, currency = one.market.partition("/")
    return (
        str(one.account),
        one.kind.value,
        one.market,
        coin,
        exact(one.amount),
        "unknown" if one.acquired is None else _text(one.acquired),
        _text(one.disposed),
        "unknown" if one.acquired is None else str((one.disposed - one.acquired).days),
        _or_unknown(one.cost),
        # What was written off was not sold by NIJA.
        "" if one.kind is DisposalKind.WRITTEN_OFF else _or_unknown(one.proceeds),
        "" if one.kind is DisposalKind.WRITTEN_OFF else _or_unknown(one.gain),
        currency,
        known.method.value.upper(),
        one.bought_by,
        one.sold_by,
        known.source,
    )


def _rotki(fill: Fill, known: TaxYear) -> Row:
    swap = _swap(fill)
    return (
        str(known.account.exchange),
        swap.spent_currency,
        swap.received_currency,
        exact(swap.received),
        exact(swap.spent),
        *_fee(fill),
        _description(fill, known),
        str(round(fill.time.timestamp() * 1000)),
    )


def _koinly(fill: Fill, known: TaxYear) -> Row:
    swap = _swap(fill)
    return (
        f"{_text(fill.time)} UTC",
        exact(swap.spent),
        swap.spent_currency,
        exact(swap.received),
        swap.received_currency,
        *_fee(fill),
        "",
        "",
        "",
        _description(fill, known),
        fill.id,
    )


def _cointracking(fill: Fill, known: TaxYear) -> Row:
    swap = _swap(fill)
    received_fee = fill.fee if fill.fee_currency == swap.received_currency else ZERO
    spent_fee = fill.fee if fill.fee_currency == swap.spent_currency else ZERO
    return (
        "Trade",
        exact(swap.received - received_fee),
        swap.received_currency,
        exact(swap.spent + spent_fee),
        swap.spent_currency,
        *_fee(fill),
        short_name(known.account.exchange),
        "NIJA",
        _description(fill, known),
        _text(fill.time),
        fill.id,
    )


def _fee(fill: Fill) -> tuple[str, str]:
    return (exact(fill.fee), fill.fee_currency) if fill.fee else ("", "")


def _description(fill: Fill, known: TaxYear) -> str:
    return f"{known.source}, order {fill.order_id}"


def _csv(head: Sequence[str], rows: Iterable[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def _or_unknown(value: Decimal | None) -> str:
    """Without the zeros that a part of a lot ends with."""
    if value is None:
        return "unknown"
    text = exact(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _year(time: datetime) -> int:
    return time.astimezone(UTC).year
