"""What nija.toml says where NIJA is to buy at once and hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def patient(names: Iterable[str], *markets: str, more: str = "") -> str:
    """For these accounts, which may ask Kraken as often as the highest tier; BTC/USD alone unless told otherwise."""
    listed = ", ".join(f'"{market}"' for market in markets or ("BTC/USD",))
    head = f'[trading]\nstrategy = "tests.system.strategies:Patient"\nmarkets = [{listed}]\npoll_seconds = 5\n'
    tiers = (f'[accounts."{name}"]\nkraken_tier = "pro"\n' for name in names if name.startswith("kraken"))
    return head + more + "".join(tiers)
