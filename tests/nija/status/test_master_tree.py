"""The tree of the master's exchanges, as the setup guide shows it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from nija.status.master_tree import master_tree
from nija.status.report import AccountStatus, StatusReport

COINBASE = AccountStatus("coinbase:master", "MASTER", "coinbase", "TRADING", balance=Decimal("76.50"))
KRAKEN = AccountStatus("kraken:master", "MASTER", "kraken", "TRADING", balance=Decimal("123.45"))
USER = AccountStatus("kraken:tania_gilbert", "USER tania_gilbert", "kraken", "TRADING", balance=Decimal(9))


def tree(*accounts: AccountStatus) -> list[str]:
    return list(master_tree(StatusReport(1, "0.2.0", None, "live", accounts)))


def test_after_the_set_up_both_exchanges_trade() -> None:
    assert tree(KRAKEN, USER, COINBASE) == [
        "Master Exchanges: 2",
        "├─ Coinbase: $76.50 (trading) ✅",
        "└─ Kraken: $123.45 (trading) ✅",
    ]


def test_before_the_set_up_kraken_is_not_connected() -> None:
    assert tree(COINBASE) == [
        "Master Exchanges: 1",
        "├─ Coinbase: $76.50 (trading) ✅",
        "└─ Kraken: NOT CONNECTED ❌ (not set up)",
    ]


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (replace(KRAKEN, state="FAILED", reason="Invalid signature"), "NOT CONNECTED ❌ Invalid signature"),
        (replace(KRAKEN, state="CONNECTING"), "connecting ⏳"),
        (replace(KRAKEN, state="CONNECTED"), "$123.45 (connected, not trading) ⚠️"),
        (replace(KRAKEN, state="PAUSED", reason="stopped by command"), "$123.45 (paused: stopped by command) ⚠️"),
        (replace(KRAKEN, is_underfunded=True), "$123.45 (connected, UNDERFUNDED) ⚠️"),
    ],
)
def test_an_exchange_that_does_not_trade_says_why(account: AccountStatus, words: str) -> None:
    assert tree(account)[-1] == f"└─ Kraken: {words}"
