"""What an account's page shows of its journal, read again every few seconds at most, however many pages are open."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Generic, TypeVar

from brokers.figures import money
from nija.journal.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from brokers.model import Fill
    from nija.journal.journal import Journal
    from nija.web.context import WebContext

T = TypeVar("T")
_REMEMBERED_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    value: T
    read_at: float


def read_part(context: WebContext, account: AccountId, read: Callable[[Journal], T]) -> T | None:
    """None if the journal cannot be read, as before an account's first cycle, or a damaged row in it."""
    try:
        with closing(context.journal(account)) as journal:
            return read(journal)
    except (JournalError, ArithmeticError, ValueError):
        return None


class JournalPart(Generic[T]):
    """`read_part` of one thing, which is read again after `seconds`. Thread-safe."""

    def __init__(self, context: WebContext, clock: Clock, seconds: float, read: Callable[[Journal], T]) -> None:
        self._context = context
        self._clock = clock
        self._seconds = seconds
        self._read = read
        self._lock = threading.Lock()
        self._kept: dict[AccountId, _Kept[T | None]] = {}

    def of(self, account: AccountId) -> T | None:
        with self._lock:
            kept = self._kept.get(account)
            if kept is not None and self._clock.monotonic() - kept.read_at < self._seconds:
                return kept.value
        value = read_part(self._context, account, self._read)
        with self._lock:
            if len(self._kept) >= _REMEMBERED_AT_MOST:
                self._kept.clear()
            self._kept[account] = _Kept(value, self._clock.monotonic())
        return value


def fees_paid(fills: Iterable[Fill]) -> str:
    """The sums by currency: `$12.34, 0.00010000 BTC`."""
    sums: dict[str, Decimal] = {}
    for fill in fills:
        sums[fill.fee_currency] = sums.get(fill.fee_currency, Decimal(0)) + fill.fee
    return ", ".join(money(fee, currency) for currency, fee in sorted(sums.items()) if fee) or "none yet"
