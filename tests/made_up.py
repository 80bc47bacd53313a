"""Accounts at a simulator, and what a daemon is told so that it finds them there."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.model import Exchange
from brokers.simulator.config import SimulatedAccount, coinbase_key, kraken_key, made_up_iban, made_up_uuid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brokers.simulator.server import Addresses


def accounts(*names: str, seed: int = 11, **changes: object) -> tuple[SimulatedAccount, ...]:
    """Accounts called `kraken:master` and the like, each with 10,000 USD and a key of its own."""
    rng = random.Random(seed)
    made = []
    for name in names:
        exchange_name, _, owner = name.partition(":")
        kraken = exchange_name == Exchange.KRAKEN
        key, uid = (kraken_key(rng), made_up_iban(rng)) if kraken else (coinbase_key(rng), made_up_uuid(rng))
        account = SimulatedAccount(Exchange(exchange_name), owner, key, {"USD": Decimal(10_000)}, account_uid=uid)
        made.append(replace(account, **changes))  # type: ignore[arg-type]  # the fields of a SimulatedAccount
    return tuple(made)


def credentials(traders: Iterable[SimulatedAccount]) -> dict[str, str]:
    variables = {}
    for account in traders:
        prefix = AccountId(account.exchange, account.owner).env_prefix
        variables[f"{prefix}_API_KEY"] = account.api_key.key
        variables[f"{prefix}_API_SECRET"] = account.api_key.secret
    return variables


def environment(
    addresses: Addresses, traders: Iterable[SimulatedAccount], *, nonce_offset_max: float = 0.01
) -> dict[str, str]:
    """Connects are not spread out."""
    return {
        "KRAKEN_API_URL": addresses.kraken_url,
        "COINBASE_API_URL": addresses.coinbase_url,
        "REQUESTS_CA_BUNDLE": addresses.ca_file,
        "NIJA_CONNECT_DELAY": "0",
        "NIJA_NONCE_OFFSET_MAX": str(nonce_offset_max),
        **credentials(traders),
    }
