"""Which currencies are money that is counted in cents; everything else is a coin, counted to the last digit."""

from __future__ import annotations

CASH = frozenset({"USD", "EUR", "GBP", "CAD", "AUD", "CHF", "JPY", "USDC", "USDT", "EURC", "PYUSD", "DAI"})
