"""Markets that an account is set to trade but its exchange does not list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.identity import short_name
from accounts.market_names import nearest_market

if TYPE_CHECKING:
    from collections.abc import Collection

    from brokers.model import Exchange


class MissingMarkets:
    """The text for each of them. The nearest name is searched for only once, among about a thousand.

    `before`: the markets that were listed when the account started, whose names are spelled correctly.
    """

    def __init__(self, exchange: Exchange, before: Collection[str] = ()) -> None:
        self._exchange = exchange
        self._before = frozenset(before)
        self._texts: dict[str, str] = {}

    def text(self, symbol: str, listed: Collection[str]) -> str:
        if symbol in self._before:
            return f"{short_name(self._exchange)} no longer lists this market"
        if symbol not in self._texts:
            nearest = nearest_market(symbol, listed)
            meant = f", the nearest is {nearest}" if nearest else ""
            self._texts[symbol] = (
                f"{short_name(self._exchange)} has no such market{meant}; correct markets in nija.toml"
            )
        return self._texts[symbol]
