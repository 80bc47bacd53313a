"""What nija.toml says where NIJA is to trade at once, or to buy at once and hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.system.exchange import FOUR

if TYPE_CHECKING:
    from collections.abc import Iterable

UNHURRIED = "[risk]\nmax_daily_loss = 0.9\nmax_drawdown = 0.9\n"


def tiers(tier: str, names: Iterable[str] = FOUR) -> str:
    """A Kraken account may ask the more often the higher its tier, and so trades the faster here."""
    return "".join(f'[accounts."{name}"]\nkraken_tier = "{tier}"\n' for name in names if name.startswith("kraken"))


EAGER = f"""[trading]
strategy = "tests.system.strategies:Eager"
poll_seconds = 0.5
max_candle_age = 0
{UNHURRIED}{tiers("pro")}"""


def buy_and_hold(names: Iterable[str], *markets: str, more: str = "") -> str:
    """For these accounts, which buy once and hold; BTC/USD alone unless other markets are named."""
    listed = ", ".join(f'"{market}"' for market in markets or ("BTC/USD",))
    head = f'[trading]\nstrategy = "tests.system.strategies:BuyAndHold"\nmarkets = [{listed}]\npoll_seconds = 5\n'
    return head + more + tiers("pro", names)
