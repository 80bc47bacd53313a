"""Tulip's prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Candles, Exchange, Ticker
from tests.brokers.tulip.description import TULIP
from tests.brokers.tulip.wire import ask, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brokers.model import Timeframe


class TulipMarketData:
    """A `brokers.base.MarketData`."""

    def __init__(self, address: str) -> None:
        self._address = address

    @property
    def exchange(self) -> Exchange:
        return TULIP.exchange

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        rows = [one for one in ask(self._address, "candles", market=market) if since is None or one[0] >= since]
        columns = np.array(rows, dtype=np.float64).reshape(-1, 6).T.copy()
        return Candles(market, timeframe, columns[0].astype(np.int64), *columns[1:])

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
        rows = ask(self._address, "tickers", markets=list(markets))
        return {one["market"]: value_of(Ticker, one) for one in rows}

    def close(self) -> None:
        """Nothing is held open."""
