"""Kraken's archive of candles (OHLCVT): files such as XBTUSD_60.csv, each on its own or many in a zip."""

from __future__ import annotations

import re
from types import MappingProxyType

from brokers.candle_files import Layout, NamedFile
from brokers.description import CandleArchive
from brokers.kraken.symbols import RENAMED
from brokers.model import Exchange, Timeframe

# The names do not separate base and quote. These are all currencies in which Kraken has quoted markets.
_QUOTES = (
    "USD", "EUR", "GBP", "CAD", "AUD", "JPY", "CHF", "AED", "XBT", "ETH", "DOT", "USDT", "USDC", "DAI", "PYUSD",
    "RLUSD", "USDG", "USDQ", "USDR", "EURC", "EURT", "EURQ", "EURR", "EUROP",
)  # fmt: skip
_LONGEST_FIRST = "|".join(sorted(_QUOTES, key=len, reverse=True))
_NAME = re.compile(rf"(?P<base>[A-Z0-9.]+?)(?P<quote>{_LONGEST_FIRST})_(?P<minutes>[0-9]+)\.csv(?:\.gz)?")
_INTERVALS = MappingProxyType({timeframe.seconds // 60: timeframe for timeframe in Timeframe})


def _named(name: str) -> NamedFile | None:
    if (found := _NAME.fullmatch(name)) is None:
        return None
    base, quote = (RENAMED.get(found[side], found[side]) for side in ("base", "quote"))
    minutes = int(found["minutes"])
    return NamedFile(Exchange.KRAKEN, f"{base}/{quote}", _INTERVALS.get(minutes, f"of {minutes} minutes"))


ARCHIVE = CandleArchive(
    page="https://support.kraken.com/articles/360047124832-downloadable-historical-ohlcvt-open-high-low-close-volume-trades-data",
    layout=Layout(
        ("time", "open", "high", "low", "close", "volume", "trades"),
        has_header=False,
        number=r"[0-9]++(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]{1,3})?+",
    ),
    named=_named,
)
