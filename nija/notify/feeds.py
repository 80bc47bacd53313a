"""Which market data has fallen silent, told once for an exchange and market, however many accounts follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import Exchange
from nija.notify.events import FeedBack, FeedSilent
from nija.status.report import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from nija.status.report import AccountStatus

    Place = tuple[str, str]
    """An exchange and a market; every market of it where that is empty."""


class FeedWatcher:
    """Used by one thread."""

    def __init__(self) -> None:
        self._told: dict[Place, datetime] = {}

    def look(self, accounts: Iterable[AccountStatus], now: datetime) -> Iterator[FeedSilent | FeedBack]:
        silent = dict(_silent(accounts))
        for place, reason in silent.items():
            if place not in self._told:
                self._told[place] = now
                yield FeedSilent(Exchange(place[0]), place[1], reason)
        for place, since in tuple(self._told.items()):
            # While all of an exchange is silent nobody knows of its single markets.
            if place not in silent and (place[0], "") not in silent:
                del self._told[place]
                yield FeedBack(Exchange(place[0]), place[1], (now - since).total_seconds())


def _silent(accounts: Iterable[AccountStatus]) -> Iterator[tuple[Place, str]]:
    followed: dict[str, dict[str, str]] = {}
    for account in accounts:
        wrong = {fault.market: fault.text for fault in account.faults if fault.kind is FaultKind.NO_MARKET_DATA}
        known = followed.setdefault(account.exchange, {})
        for market in account.markets:
            known[market.market] = known.get(market.market) or wrong.get(market.market, "")
    for exchange, markets in followed.items():
        silent = {market: reason for market, reason in markets.items() if reason}
        if silent and len(silent) == len(markets) > 1:
            yield (exchange, ""), next(iter(silent.values()))
        else:
            yield from (((exchange, market), reason) for market, reason in silent.items())
