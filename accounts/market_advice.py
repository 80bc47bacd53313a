"""Suggests markets in the currency that an account holds, if its configured markets use another."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.figures import CASH, money, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from accounts.identity import AccountId
    from brokers.model import Market

# A position is a quarter of the money. It must be twice the exchange's minimum, so that it can be sold at a loss.
_MINIMUMS = 8
_SOMETHING = Decimal("0.00000001")


def alternatives(
    configured: Iterable[str], currencies: Iterable[str], listed: Mapping[str, Market]
) -> tuple[Market, ...]:
    """The listed markets of the configured ones' coins in each of `currencies`."""
    coins = dict.fromkeys(market.partition("/")[0] for market in configured)
    names = (f"{coin}/{currency}" for currency in currencies for coin in coins)
    return tuple(listed[name] for name in names if name in listed)


def market_advice(
    account: AccountId,
    balances: Mapping[str, Decimal],
    listed: Mapping[str, Market],
    configured: Sequence[str],
    min_balance: Decimal,
) -> str | None:
    """The line of nija.toml that would use the account's money; None if there is none.

    `balances` are totals by currency, `listed` the exchange's markets, `configured` the account's.
    """
    counted_in = configured[0].partition("/")[2]
    for currency in sorted(balances, key=lambda name: (name not in CASH, -balances[name], name)):
        markets = alternatives(configured, (currency,), listed)
        if currency != counted_in and markets and balances[currency] >= _least(currency, markets, min_balance):
            return _advice(account, currency, balances[currency], markets)
    return None


def _least(currency: str, markets: Iterable[Market], min_balance: Decimal) -> Decimal:
    """How much of `currency` is enough to trade these markets; always more than zero."""
    needed = min_balance if currency in CASH else _MINIMUMS * max(market.min_cost for market in markets)
    return max(needed, _SOMETHING)


def _advice(account: AccountId, currency: str, amount: Decimal, markets: tuple[Market, ...]) -> str:
    names = ", ".join(f'"{market.symbol}"' for market in markets)
    line = f"markets = [{names}]"
    if currency not in CASH:
        line += f" and min_balance = {number(_least(currency, markets, _SOMETHING))} (it counts in {currency})"
    return f'To trade its {money(amount, currency)}, write {line} under [accounts."{account}"] in nija.toml'
