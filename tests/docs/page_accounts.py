"""The accounts that the pages set up. Each page has its own, because a key serves one process."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import Exchange
from brokers.simulator.config import (
    TRADING_PERMISSIONS,
    SimulatedAccount,
    coinbase_key,
    kraken_key,
    made_up_iban,
    made_up_uuid,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class PageAccounts:
    """`tania_gilbert`'s key lacks a permission."""

    kraken_master: SimulatedAccount
    daivon_frazier: SimulatedAccount
    tania_gilbert: SimulatedAccount
    coinbase_master: SimulatedAccount

    def __iter__(self) -> Iterator[SimulatedAccount]:
        return (getattr(self, one.name) for one in fields(self))

    @property
    def master_dotenv(self) -> str:
        return _dotenv("KRAKEN_MASTER", self.kraken_master)

    @property
    def tania_dotenv(self) -> str:
        return _dotenv("KRAKEN_USER_TANIA_GILBERT", self.tania_gilbert)

    @property
    def coinbase_dotenv(self) -> str:
        return _dotenv("COINBASE_MASTER", self.coinbase_master)

    @property
    def coinbase_file(self) -> str:
        """The key file that Coinbase offers for download."""
        key = self.coinbase_master.api_key
        return json.dumps({"name": key.key, "privateKey": key.secret})


def page_accounts(number: int) -> PageAccounts:
    chance = random.Random(number)
    return PageAccounts(
        _on_kraken(chance, f"master {number}", "1234.56"),
        _on_kraken(chance, f"daivon_frazier {number}", "500.00"),
        _on_kraken(chance, f"tania_gilbert {number}", "90.00", TRADING_PERMISSIONS - {"close-trades"}),
        _on_coinbase(chance, f"master {number}", "321.00"),
    )


def _on_kraken(
    chance: random.Random, name: str, dollars: str, permissions: frozenset[str] = TRADING_PERMISSIONS
) -> SimulatedAccount:
    balances, uid = {"USD": Decimal(dollars)}, made_up_iban(chance)
    return SimulatedAccount(Exchange.KRAKEN, name, kraken_key(chance), balances, permissions, account_uid=uid)


def _on_coinbase(chance: random.Random, name: str, dollars: str) -> SimulatedAccount:
    balances, uid = {"USD": Decimal(dollars)}, made_up_uuid(chance)
    return SimulatedAccount(Exchange.COINBASE, name, coinbase_key(chance), balances, account_uid=uid)


def _dotenv(prefix: str, account: SimulatedAccount) -> str:
    secret = account.api_key.secret.replace("\n", "\\n")
    return f'{prefix}_API_KEY={account.api_key.key}\n{prefix}_API_SECRET="{secret}"\n'
