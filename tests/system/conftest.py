"""What nija.toml says where NIJA is to trade at once."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.system.judge")

from tests.system.exchange import FOUR  # noqa: E402 - after what prepares its import

UNHURRIED = "[risk]\nmax_daily_loss = 0.9\nmax_drawdown = 0.9\n"


def tiers(tier: str) -> str:
    """A Kraken account may ask the more often the higher its tier, and so trades the faster here."""
    return "".join(f'[accounts."{account}"]\nkraken_tier = "{tier}"\n' for account in FOUR if "kraken" in account)


EAGER = f"""[trading]
strategy = "tests.system.strategies:Eager"
poll_seconds = 0.5
max_candle_age = 0
{UNHURRIED}{tiers("pro")}"""
