"""The FIXED lines with which an account comes up, and those that a daemon really said."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.system.daemon import Daemon

FIXED = {
    "kraken:master": ("Kraken", "Kraken Pro", "MASTER", "kraken (MASTER)"),
    "kraken:daivon_frazier": ("Kraken", "Kraken Pro", "USER daivon_frazier", "kraken (USER daivon_frazier)"),
    "kraken:tania_gilbert": ("Kraken", "Kraken Pro", "USER tania_gilbert", "kraken (USER tania_gilbert)"),
    "coinbase:master": ("Coinbase", "Coinbase Advanced", "MASTER", "coinbase (MASTER)"),
}


def fixed_lines(account: str, money: str) -> list[str]:
    short, full, label, thread = FIXED[account]
    return [
        f"📊 Attempting to connect {full} ({label})...",
        f"✅ {short} {label} connected",
        f"✅ {short} registered as {label} broker in multi-account manager",
        f"💰 {short} Balance ({label}): USD ${money}",
        "   ✅ FUNDED - Ready to trade",
        f"✅ Started independent trading thread for {thread}",
    ]


def first_lines(daemon: Daemon, account: str) -> list[str]:
    """What the first lines of an account say, without time, level and fields."""
    said = [line.split("  account=")[0] for line in daemon.said(f"account={account}")]
    return [line[26:] for line in said[:6]]
