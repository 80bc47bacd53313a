"""The spelling of markets: `BTC/USD` everywhere in NIJA, whatever an exchange calls it."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_MARKET = re.compile(r"[A-Z0-9.]{1,20}/[A-Z0-9.]{1,20}")
_BETWEEN = re.compile(r"[\s/_:.-]+")
_DARK_POOL = ".D"
# Kraken's old names. No exchange uses one of them for another currency.
_OLD_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "XBT": "BTC",
        "XDG": "DOGE",
        "XXBT": "BTC",
        "XXDG": "DOGE",
        **{f"X{coin}": coin for coin in ("ETH", "LTC", "XRP", "XLM", "XMR", "ZEC", "ETC", "REP", "MLN")},
        **{f"Z{money}": money for money in ("USD", "EUR", "GBP", "CAD", "JPY", "AUD")},
    }
)
EXPECTED = 'a market in capitals such as "BTC/USD"'
# What a name without a slash may end in, longer ones first: the quote of BTCUSDT is not T.
_QUOTES = ("USDT", "USDC", "USD", "EUR", "GBP", "CAD", "AUD", "CHF", "JPY", "DAI", "XBT", "BTC", "ETH")


def check_market(name: str) -> str:
    """`name`, if it is spelt correctly. Raises ValueError with the right spelling."""
    right = right_spelling(name)
    if right is None:
        raise ValueError(EXPECTED)
    if right != name:
        raise ValueError(f'"{right}": NIJA spells markets this way on every exchange')
    return name


def right_spelling(name: str) -> str | None:
    """`BTC/USD` for `BTC/USD`, `btc-usd`, `XBTUSD` or `XXBTZUSD`; None if it is not recognisable."""
    plain = name.strip().upper().removesuffix(_DARK_POOL)
    if _MARKET.fullmatch(plain):
        base, _, quote = plain.partition("/")
    else:
        base, quote = _parts(plain)
    base, quote = _OLD_NAMES.get(base, base), _OLD_NAMES.get(quote, quote)
    right = f"{base}/{quote}"
    return right if base != quote and _MARKET.fullmatch(right) else None


def nearest_market(name: str, listed: Collection[str]) -> str | None:
    """The listed market that was probably meant, or one of the same coin."""
    if found := nearest(name, listed):
        return found
    base = name.partition("/")[0]
    return next((symbol for symbol in sorted(listed) if symbol.partition("/")[0] == base), None)


def _parts(plain: str) -> tuple[str, str]:
    """Base and quote of a name that is not written BASE/QUOTE; both empty if it is ambiguous."""
    parts = [part for part in _BETWEEN.split(plain) if part]
    if len(parts) == len(("base", "quote")):
        return parts[0], parts[1]
    if len(parts) != 1:
        return "", ""
    for base in _OLD_NAMES:
        if plain.startswith(base) and plain.removeprefix(base) in _OLD_NAMES:
            return base, plain.removeprefix(base)
    quote = next((quote for quote in _QUOTES if plain.endswith(quote) and plain != quote), "")
    return plain.removesuffix(quote), quote
