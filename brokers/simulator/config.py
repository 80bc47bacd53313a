"""The configuration of a simulator: its accounts, prices, limits and ports."""

from __future__ import annotations

import base64
import random
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from brokers.model import ApiKey, Exchange
from brokers.simulator.engine.book import DepthProfile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path


TRADING_PERMISSIONS = frozenset(
    {"query-funds", "query-open-trades", "query-closed-trades", "modify-trades", "close-trades"}
)
_KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Tier(StrEnum):
    """Kraken's verification levels, which decide the rate limits of keys and accounts."""

    STARTER = "starter"
    INTERMEDIATE = "intermediate"
    PRO = "pro"


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """`balances` are by currency in NIJA's spelling. `permissions` are Kraken's names on both exchanges.

    `account_uid` is equal for two keys of one exchange account. `fee_tier` is the row of the fee table.
    """

    exchange: Exchange
    owner: str
    api_key: ApiKey
    balances: Mapping[str, Decimal]
    permissions: frozenset[str] = TRADING_PERMISSIONS
    account_uid: str = ""
    fee_tier: int = 0
    nonce_window: int = 0

    @property
    def name(self) -> str:
        return f"{self.exchange}:{self.owner}"


@dataclass(frozen=True, slots=True)
class Ports:
    """0 means any free port."""

    kraken: int = 0
    coinbase: int = 0
    admin: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """Which documented limits are enforced. `failures_to_lockout` bad calls lock a key for `lockout_seconds`.

    `history_cost` is the cost of a ledger or trade history call: Kraken's pages say 4 in one place, 2 in another.
    """

    tier: Tier = Tier.INTERMEDIATE
    private: bool = True
    history_cost: float = 4.0
    public: bool = True
    public_per_second: float = 1.0
    public_burst: int = 3
    failures_to_lockout: int = 10
    failure_window: float = 60.0
    lockout_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of its past a simulator keeps: by default whatever a check of its books could ask for.

    `orders` counts the ended orders of an account, None for all; their fills and ledger entries go with them.
    `requests` counts requests and violations, `candles` the closed candles of one market and interval.
    """

    orders: int | None = None
    requests: int = 50_000
    candles: int = 100_000


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """`speed` is market seconds per wall second; `start` is where market time begins, in Unix seconds.

    `candles` is a folder of real candles to replay; without it prices are generated from `seed`.
    """

    accounts: tuple[SimulatedAccount, ...]
    speed: float = 1.0
    seed: int = 1
    candles: Path | None = None
    start: datetime | None = None
    ports: Ports = field(default_factory=Ports)
    limits: Limits = field(default_factory=Limits)
    depth: DepthProfile = field(default_factory=DepthProfile)
    retention: Retention = field(default_factory=Retention)


def made_up_accounts(seed: int) -> tuple[SimulatedAccount, ...]:
    """The demo's four accounts, with well-formed keys and made-up money."""
    rng = random.Random(seed)  # noqa: S311  made-up keys must be the same for the same seed
    kraken = {
        "master": {"USD": Decimal("5231.4207"), "BTC": Decimal("0.0021")},
        "daivon_frazier": {"USD": Decimal("1834.05"), "ETH": Decimal("0.05")},
        "tania_gilbert": {"USD": Decimal("412.3899")},
    }
    users = tuple(
        SimulatedAccount(Exchange.KRAKEN, owner, kraken_key(rng), balances, account_uid=made_up_iban(rng))
        for owner, balances in kraken.items()
    )
    master = SimulatedAccount(
        Exchange.COINBASE,
        "master",
        coinbase_key(rng),
        {"USD": Decimal("2750.18"), "BTC": Decimal("0.0013")},
        account_uid=made_up_uuid(rng),
    )
    return (*users, master)


def kraken_key(rng: random.Random) -> ApiKey:
    """56 characters, and 64 random bytes in base64."""
    return ApiKey("".join(rng.choices(_KEY_ALPHABET, k=56)), base64.b64encode(rng.randbytes(64)).decode())


def coinbase_key(rng: random.Random) -> ApiKey:
    """A key name and an EC P-256 private key as PEM."""
    private = ec.derive_private_key(rng.getrandbits(255) | 1, ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return ApiKey(f"organizations/{made_up_uuid(rng)}/apiKeys/{made_up_uuid(rng)}", pem.decode())


def made_up_uuid(rng: random.Random) -> str:
    return str(uuid.UUID(bytes=rng.randbytes(16), version=4))


def made_up_iban(rng: random.Random) -> str:
    """As Kraken masks it: `AA00 N84G XXXX XXXX`."""
    groups = ("".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=4)) for _ in range(3))
    return f"AA{rng.randrange(100):02d} " + " ".join(groups)
