"""Markets that an account is set to trade and its exchange does not list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.identity import short_name
from accounts.market_names import nearest_market

if TYPE_CHECKING:
    from collections.abc import Collection

    from brokers.model import Exchange


class MissingMarkets:
    """What to say of each. The name that was probably meant is looked for once: there are a thousand others.

    `before` are those that were listed when the account began: what left the list since was spelled right.
    """

    def __init__(self, exchange: Exchange, before: Collection[str] = ()) -> None:
        self._exchange = exchange
        self._before = frozenset(before)
        self._texts: dict[str, str] = {}

    def text(self, symbol: str, listed: Collection[str]) -> str:
        if symbol in self._before:
            return f"{short_name(self._exchange)} does not list this market any more"
        if symbol not in self._texts:
            nearest = nearest_market(symbol, listed)
            meant = f", the nearest is {nearest}" if nearest else ""
            self._texts[symbol] = (
                f"{short_name(self._exchange)} has no such market{meant}; correct markets in nija.toml"
            )
        return self._texts[symbol]
