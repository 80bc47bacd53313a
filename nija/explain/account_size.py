"""How large an account should be: what its markets need, and what a server costs beside it (evidence, section 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterable

# In the quote currency: below it everything works, and it is not worth the trouble.
SENSIBLE = Decimal(100)
SERVER_A_MONTH = Decimal(5)
# What the default trades in a year, in accounts: 100 USD paid 1.30 USD at 0.9 % a round trip and 3.60 USD at 2.5 %.
_TURNOVER = Decimal("1.44")
_ORDINARY_YEAR = (Decimal("-0.15"), Decimal("0.20"))
_LEAST_AT_KRAKEN = Decimal(50)


@dataclass(frozen=True, slots=True)
class AccountSize:
    """Money in the account's currency. `sensible` is the smallest account that is worth the trouble.

    `needed` is what the markets need at their present stops; None if one is unknown. `low` and `high` are an ordinary
    year, `costs` those of a year; None for a strategy or a timeframe of which that is not known. `server` is a year of
    a small server, in US dollars.
    """

    equity: Decimal
    sensible: Decimal
    needed: Decimal | None
    costs: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    server: Decimal = 12 * SERVER_A_MONTH

    @property
    def is_sensible(self) -> bool:
        return self.equity >= self.sensible


def account_size(equity: Decimal, enough: Iterable[Decimal | None]) -> AccountSize:
    """`enough` is what each market needs."""
    known = list(enough)
    needs = [one for one in known if one is not None]
    needed = max(needs) if needs and len(needs) == len(known) else None
    return AccountSize(equity=equity, sensible=max(SENSIBLE, needed or SENSIBLE), needed=needed)


def with_ordinary_year(size: AccountSize) -> AccountSize:
    """For a strategy whose ordinary years are known."""
    low, high = _ORDINARY_YEAR
    return replace(size, low=low * size.equity, high=high * size.equity)


def with_costs(size: AccountSize, round_trip: Decimal) -> AccountSize:
    """For the default strategy on daily candles; `round_trip` is a fraction."""
    return replace(size, costs=_TURNOVER * round_trip * size.equity)


def verdict(size: AccountSize, exchange: Exchange, *, resizes: bool = False) -> str:
    """What tests with the exchange's minimum order say of an account of this size; empty if nothing is known.

    `resizes`: its strategy buys and sells in parts.
    """
    if size.is_sensible:
        return "" if size.needed is None else "The account is large enough for each of its markets."
    if size.needed is not None and size.equity < size.needed and resizes:
        return (
            "The account is too small for each change that its strategy wants: the band widens to the smallest order,"
            " or a market is left out."
        )
    if size.needed is not None and size.equity < size.needed:
        return (
            "At the present stops the account is too small for at least one of its markets: such entries are left out."
        )
    if exchange == Exchange.KRAKEN and size.equity < _LEAST_AT_KRAKEN:
        return "Too small: in tests with 25 USD at Kraken's minimum order most entries were left out."
    risk = "" if resizes else " A trade may risk up to twice as much."
    return f"Too small to be worth the trouble, but it will be handled correctly.{risk}"
